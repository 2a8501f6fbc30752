package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"

	"zapis/crypto/canonical"
	"zapis/internal/evidence/filekind"
	"zapis/internal/exit"
	"zapis/internal/incident"
)

// Derived is a working copy that the signer made: a picture with blurred
// faces, a text without names, a translation. It is beside the originals and
// never replaces one.
type Derived struct {
	Of        string // the exhibit it was made from, shown or withheld, or "report"
	MediaType string
	Note      string // what was done, one line, at most 500 bytes; of a translation, TranslationOf.Note
	Open      func() (io.ReadCloser, error)
}

const (
	derivedFolder = "data/derived/"
	derivedPath   = derivedFolder + "derived.txt"
	derivedHeader = "zapis/derived/v1"
	derivedReport = "report"
	maxNote       = 500
)

// A derivedFile is one line of data/derived/derived.txt:
//
//	zapis/derived/v1
//	A03-1.jpg A03 <sha256> <bytes> image/jpeg faces blurred
type derivedFile struct {
	name, of, mediaType, note string
	sum                       [32]byte
	size                      int64
}

func derivedName(of string, n int, mediaType string) string {
	return fmt.Sprintf("%s-%d.%s", of, n, filekind.Ending(mediaType))
}

func marshalDerived(list []derivedFile) []byte {
	b := []byte(derivedHeader + "\n")
	for _, f := range list {
		b = fmt.Appendf(b, "%s %s %x %d %s %s\n", f.name, f.of, f.sum, f.size, f.mediaType, f.note)
	}
	return b
}

func parseDerived(text []byte) ([]derivedFile, error) {
	r := canonical.Begin(text, maxText, derivedHeader)
	var list []derivedFile
	made := make(map[string]int)
	for r.More() {
		words := strings.SplitN(r.Line(), " ", 6)
		if len(words) != 6 {
			r.Fail("not a name, an exhibit, a SHA-256, a size, a media type and a note")
			break
		}
		f := derivedFile{name: words[0], of: words[1], sum: r.Hash(words[2]), size: int64(r.Decimal(words[3], 1<<62)), mediaType: words[4], note: words[5]}
		made[f.of]++
		// Earlier versions gave other endings to some media types.
		ending, ok := strings.CutPrefix(f.name, fmt.Sprintf("%s-%d.", f.of, made[f.of]))
		if !ok || !filekind.GivenOut(ending) || checkDerived(f.of, f.mediaType, f.note) != nil {
			r.Fail("not a working copy as they are named and numbered")
		}
		list = append(list, f)
	}
	if err := r.End(); err != nil {
		return nil, err
	}
	if len(list) == 0 || !bytes.Equal(marshalDerived(list), text) {
		return nil, canonical.Refuse("it is not written the one way it may be")
	}
	return list, nil
}

var errDerived = errors.New("a working copy is of an exhibit (A03) or of the report, has a media type, and a note of one line")

func checkDerived(of, mediaType, note string) error {
	digits, isExhibit := strings.CutPrefix(of, "A")
	n, err := strconv.Atoi(digits)
	if of != derivedReport && (!isExhibit || err != nil || n < 1 || of != incident.ExhibitName(n)) {
		return errDerived
	}
	if mediaType == "" || strings.ContainsFunc(mediaType, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errDerived
	}
	if note == "" || len(note) > maxNote || strings.TrimSpace(note) != note || strings.ContainsFunc(note, canonical.Hidden) {
		return errDerived
	}
	return nil
}

// addDerived reads each working copy once, for its hash and its CRC.
func (d *drafted) addDerived(in *Input) error {
	if len(in.Derived) == 0 {
		return nil
	}
	made := make(map[string]int)
	var list []derivedFile
	for _, given := range in.Derived {
		if err := checkDerived(given.Of, given.MediaType, given.Note); err != nil {
			return exit.New(exit.Usage, "", "%s: %w", printable(given.Of), err)
		}
		made[given.Of]++
		f := derivedFile{name: derivedName(given.Of, made[given.Of], given.MediaType), of: given.Of, mediaType: given.MediaType, note: given.Note}
		r, err := given.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		sum, crc := sha256.New(), crc32.NewIEEE()
		f.size, err = io.CopyBuffer(io.MultiWriter(sum, crc), r, make([]byte, blockSize))
		if err = errors.Join(err, r.Close()); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		f.sum = [32]byte(sum.Sum(nil))
		path := derivedFolder + f.name
		d.bag.sums[path], d.bag.sizes[path] = f.sum, f.size
		d.originals[path] = original{crc.Sum32(), given.Open}
		d.bag.streams[path] = given.Open
		list = append(list, f)
	}
	d.bag.add(derivedPath, marshalDerived(list))
	return nil
}

// derived checks the working copies. They prove nothing by themselves.
func (x *examination) derived() {
	if !slices.ContainsFunc(x.bag.paths(), func(path string) bool { return strings.HasPrefix(path, derivedFolder) }) {
		return
	}
	text, ok := x.text(derivedPath)
	if !ok {
		return
	}
	list, err := parseDerived(text)
	if err != nil {
		x.fault("%s: %v", derivedPath, err)
		return
	}
	for _, f := range list {
		path := derivedFolder + f.name
		x.used[path] = true
		if sum, there := x.bag.sums[path]; !there || sum != f.sum || x.bag.sizes[path] != f.size {
			x.fault("%s: is not the working copy (%s) that is listed", path, hex.EncodeToString(f.sum[:4]))
			continue
		}
		x.notProve("What %s has to do with %s: it is a working copy that the signer made (%s), and no original.", path, f.of, f.note)
	}
}
