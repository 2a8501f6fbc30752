package bundle

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"zapis/crypto/seal"
	"zapis/internal/fault"
)

// addKeys adds the ciphertexts and keys that are disclosed. A statement holds
// all answers but the identity's, so its key can't be given while one of them
// is withheld.
func (d *drafted) addKeys(n int, s Submission, built submission) error {
	for i, k := range s.Keys {
		if slices.ContainsFunc(s.Keys[:i], func(other DisclosedKey) bool { return other.Part == k.Part }) {
			return fault.New(fault.Usage, "", "the key of %s is to be disclosed twice", printable(k.Part))
		}
		if err := mayDisclose(k.Part, s, built); err != nil {
			return err
		}
		path := keyPath(n, k.Part)
		if err := d.addPart(path+".age", k.Open); err != nil {
			return err
		}
		d.bag.add(path+".key", []byte(k.Key.Reveal()+"\n"))
	}
	return nil
}

func mayDisclose(part string, s Submission, built submission) error {
	if part != partStatement {
		if !slices.ContainsFunc(built.Attachments, func(a exhibit) bool { return a.Exhibit == part }) {
			return fault.New(fault.Usage, "name an exhibit that is shown, or statement", "there is no key to disclose for %s", printable(part))
		}
		return nil
	}
	for _, text := range s.Lines {
		l, err := seal.ParseLine(text)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(built.Withheld, func(w withheld) bool { return w.Field == l.Field }) {
			return fault.New(fault.Failed, "withhold nothing but the identity, or leave the statement's key out",
				"the statement's key would show %s, which is withheld: the statement holds all answers", l.Field)
		}
	}
	return nil
}

// addPart reads a ciphertext once, for its hash and its CRC.
func (d *drafted) addPart(path string, open func() (io.ReadSeekCloser, error)) error {
	r, err := open()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	sum, crc := sha256.New(), crc32.NewIEEE()
	size, err := io.CopyBuffer(io.MultiWriter(sum, crc), r, make([]byte, blockSize))
	if err = errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	d.bag.sums[path] = [32]byte(sum.Sum(nil))
	d.bag.sizes[path] = size
	d.bag.parts[path] = open
	d.originals[path] = original{crc.Sum32(), func() (io.ReadCloser, error) { return open() }}
	return nil
}
