package bundle

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"zapis/crypto/seal"
	"zapis/internal/exit"
)

// addKeys adds the disclosed ciphertexts and keys. A statement holds all
// answers but those of the identity, so its key can't be disclosed while one
// of them is withheld.
func (d *drafted) addKeys(n int, s Submission, shown disclosure) error {
	if err := mayDiscloseAll(s, shown); err != nil {
		return err
	}
	for _, k := range s.Keys {
		path := keyPath(n, k.Part)
		if err := d.addPart(path+".age", k.Open); err != nil {
			return err
		}
		d.bag.add(path+".key", []byte(k.Key.Reveal()+"\n"))
	}
	return nil
}

// CheckKeys refuses keys that may not be disclosed in a bundle of this input,
// as Write does. A caller with a custody log calls it before it opens
// anything.
func CheckKeys(in Input) error {
	c, err := readGovernance(governingOf(in.Public))
	if err != nil {
		return exit.New(exit.Mismatch, "", "%w", err)
	}
	for n, s := range in.Submissions {
		if len(s.Keys) == 0 {
			continue
		}
		body, err := bodyOf(c, s)
		if err != nil {
			return exit.New(exit.Mismatch, "", "%w", err)
		}
		fields, err := c.fieldsOf(body)
		if err != nil {
			return exit.New(exit.Mismatch, "", "%w", err)
		}
		listing, err := seal.ParseListing(s.Listing, fields)
		if err != nil {
			return exit.New(exit.Mismatch, "", "%s: %w", listingName, err)
		}
		shown, _, err := choose(&in, s, listing)
		if err != nil {
			return fmt.Errorf("submission %d: %w", n+1, err)
		}
		if err := mayDiscloseAll(s, shown); err != nil {
			return err
		}
	}
	return nil
}

func mayDiscloseAll(s Submission, shown disclosure) error {
	for i, k := range s.Keys {
		if slices.ContainsFunc(s.Keys[:i], func(other DisclosedKey) bool { return other.Part == k.Part }) {
			return exit.New(exit.Usage, "", "the key of %s is to be disclosed twice", printable(k.Part))
		}
		if err := mayDisclose(k.Part, s, shown); err != nil {
			return err
		}
	}
	return nil
}

func mayDisclose(part string, s Submission, shown disclosure) error {
	if part != partStatement {
		for _, l := range shown.Lines {
			if a, err := seal.ParseAttachment(l.Value); err == nil && a.Exhibit == part {
				return nil
			}
		}
		return exit.New(exit.Usage, "name an exhibit that is shown, or statement", "there is no key to disclose for %s", printable(part))
	}
	for _, text := range s.Lines {
		l, err := seal.ParseLine(text)
		if err != nil {
			return err
		}
		if _, there := shown.Lines[l.Field]; !there {
			return exit.New(exit.Failed, "withhold nothing but the identity, or leave the statement's key out",
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
