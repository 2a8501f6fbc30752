package bundle

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"strings"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/crypto/witness"
	"zapis/internal/evidence/custody"
)

// Options are the trust anchors and limits of a check.
type Options struct {
	// Ledgers are the cards of trusted ledgers. If there are any, the bundle
	// must be of one of them.
	Ledgers []card.LedgerCard
	// Cards are the cards of trusted trustees. Without Ledgers, the signer
	// must be one of them.
	Cards []card.Card
	// Logs are trusted log keys. Without Ledgers, one of them must have signed
	// the checkpoint.
	Logs []ledger.LogKeys
	// Times are the roots of time-stamping authorities, and the witnesses,
	// that are trusted for time.
	Times timestamp.Trust
	// Policy names witnesses that must have cosigned the bundle's checkpoint, or an
	// anchored one that covers all its entries; nil: none must.
	Policy *witness.Policy
	// First ends the check at the first fault, for callers that need no list
	// of them. It reports a subset of the faults of the whole check.
	First bool
}

// ends reports whether the check may stop.
func (o Options) ends(r *Report) bool { return o.First && len(r.Faults) > 0 }

func (o Options) none() bool { return len(o.Ledgers) == 0 && len(o.Cards) == 0 && len(o.Logs) == 0 }

// A bag is the files of a bundle from any container: texts whole, of all
// others size and hash.
type bag struct {
	texts   map[string][]byte
	sums    manifest
	sizes   map[string]int64
	parts   map[string]func() (io.ReadSeekCloser, error) // disclosed ciphertexts
	streams map[string]func() (io.ReadCloser, error)     // working copies
	dated   bool                                         // the zip's entries have the date of version 2
}

func newBag() *bag {
	return &bag{texts: make(map[string][]byte), sums: make(manifest), sizes: make(map[string]int64),
		parts: make(map[string]func() (io.ReadSeekCloser, error)), streams: make(map[string]func() (io.ReadCloser, error))}
}

// section is a member of the zip with a Close method.
type section struct{ *io.SectionReader }

func (section) Close() error { return nil }

func (b *bag) add(path string, text []byte) {
	b.texts[path] = text
	b.sums[path] = sha256.Sum256(text)
	b.sizes[path] = int64(len(text))
}

func (b *bag) paths() []string { return slices.Sorted(maps.Keys(b.sums)) }

// Check verifies the bundle in r, a zip of size bytes, completely. Faults are
// in the report; an error means that r could not be read. It unpacks nothing,
// and its memory does not grow with the attachments.
func Check(r io.ReaderAt, size int64, o Options) (Report, error) {
	_, _, report, err := inspect(r, size, o)
	if f, ok := errors.AsType[*formatError](err); ok {
		report.fault("%s", f.text)
		report.settle()
		return report, nil
	}
	return report, err
}

// inspect loads and examines the bundle. The bag is nil where the check ended
// before all was read.
func inspect(r io.ReaderAt, size int64, o Options) (b *bag, c *governance, report Report, err error) {
	if b, err = load(r, size, o, &report); err != nil {
		return nil, nil, Report{}, err
	}
	if b != nil {
		c = examine(b, o, &report)
	}
	if report.Container == Repacked && len(report.Faults) > 0 {
		report.fault("zip: the file was unpacked and packed again by another program; what does not fit above is in its contents")
	}
	report.settle()
	if report.OK {
		report.Originals = make(map[string][32]byte)
		for path, sum := range b.sums {
			if name, ok := strings.CutPrefix(path, attachments); ok {
				report.Originals[name] = sum
			}
		}
	}
	return b, c, report, nil
}

// load reads and hashes every file of the zip.
func load(r io.ReaderAt, size int64, o Options, report *Report) (*bag, error) {
	members, err := readZip(r, size)
	files := storedIn(r, members)
	var ignored []string
	if misformed, ok := errors.AsType[*formatError](err); ok {
		if files, ignored, err = readRepacked(r, size); err != nil {
			return nil, misformed
		}
		report.Container = Repacked
	} else if err != nil {
		return nil, err
	}
	var listed map[string]listed
	if o.First && report.Container == "" {
		if listed, err = skim(r, members, report); err != nil || o.ends(report) {
			return nil, err
		}
	}
	var total int64
	for _, f := range files {
		if !shapes().MatchString(f.Name) {
			return nil, misformed("%s: no bundle has a file of this name", printable(f.Name))
		}
		if !streamed(f.Name) {
			if total += f.Size; f.Size > maxText || total > maxTexts {
				return nil, misformed("%s: more text than a bundle can hold", f.Name)
			}
		}
	}
	b := newBag()
	for _, f := range files {
		if err := b.load(f, report); err != nil {
			return nil, err
		}
		if l, there := listed[f.Name]; there && b.sums[f.Name] != l.sum {
			report.fault(notAsListed, f.Name, l.in)
		}
		if o.ends(report) {
			return nil, nil
		}
	}
	if report.Container == Repacked {
		report.notProve("%s", repackedSentence(ignored))
	} else if len(members) > 0 {
		b.dated = members[0].Date != 0
	}
	return b, nil
}

func repackedSentence(ignored []string) string {
	s := "That this zip file is the one that was made: the bundle in it was unpacked and packed again by another program. Its contents are checked, file by file; the zip file around them is not signed."
	if len(ignored) > 0 {
		var names []string
		for _, name := range ignored {
			names = append(names, printable(name))
		}
		s += " Files that an operating system added were not read: " + strings.Join(names[:min(len(names), 10)], ", ") + "."
	}
	return s
}

// load reads one file: texts whole, of all others only the hash.
func (b *bag) load(f stored, report *Report) error {
	content, err := f.open()
	if err != nil {
		return misformed("%s: can't be read out of the zip", printable(f.Name))
	}
	defer content.Close()
	var crc uint32
	if streamed(f.Name) {
		if crc, err = b.addStream(f, content); err == nil {
			b.parts[f.Name] = f.open
			b.streams[f.Name] = func() (io.ReadCloser, error) { return f.open() }
		}
	} else {
		text := make([]byte, f.Size)
		if _, err = io.ReadFull(content, text); err == nil {
			b.add(f.Name, text)
			crc = crc32.ChecksumIEEE(text)
		}
	}
	if err != nil && report.Container == Repacked {
		return misformed("%s: is damaged in the zip (%v)", printable(f.Name), err)
	}
	if err == nil && crc != f.CRC {
		report.fault(notItsCRC, f.Name)
	}
	return err
}

// blockSize is how much of an original is read at once, in bytes: small enough
// for the processor's cache between reading and hashing.
const blockSize = 256 << 10

// addStream hashes an original. SHA-256 takes most of the time, so reading and
// the CRC-32 run concurrently, a few blocks ahead.
func (b *bag) addStream(m stored, content io.Reader) (uint32, error) {
	if m.Size <= blockSize {
		all := make([]byte, m.Size)
		if _, err := io.ReadFull(content, all); err != nil {
			return 0, err
		}
		b.sums[m.Name], b.sizes[m.Name] = sha256.Sum256(all), m.Size
		return crc32.ChecksumIEEE(all), nil
	}
	type block struct {
		bytes []byte
		err   error
	}
	free, full := make(chan []byte, 4), make(chan block, 4)
	for range cap(free) {
		free <- make([]byte, blockSize)
	}
	crc := crc32.NewIEEE()
	go func() {
		defer close(full)
		for left := m.Size; left > 0; {
			into := <-free
			into = into[:min(left, blockSize)]
			if _, err := io.ReadFull(content, into); err != nil {
				full <- block{err: err}
				return
			}
			crc.Write(into)
			full <- block{bytes: into}
			left -= int64(len(into))
		}
	}()
	sum := sha256.New()
	for next := range full {
		if next.err != nil {
			return 0, next.err // the last block: the reader has ended
		}
		sum.Write(next.bytes)
		free <- next.bytes[:cap(next.bytes)]
	}
	b.sums[m.Name] = [32]byte(sum.Sum(nil))
	b.sizes[m.Name] = m.Size
	return crc.Sum32(), nil
}

// An examination is the state of checking one bag.
type examination struct {
	*Report
	bag     *bag
	options Options
	used    map[string]bool // files that something has accounted for

	info       bagInfo
	events     custody.Shown
	governance *governance
	log        *ledger.Verifier // of the keys that signed the checkpoint
	checkpoint ledger.Checkpoint
	record     record
	opened     []openable
	committed  []submissionHead      // what submissions commit to about themselves
	heads      []governing           // custody entries
	anchors    []governing           // anchor entries
	cosigned   []witness.Cosignature // by trusted witnesses, over checkpoints that cover all entries of the case
	governs    []governing           // the genesis, trustees and key entries
	entries    map[uint64]bool       // those that stand for a submission
	rendered   *rendering            // the newest; nil before the first
}

func newExamination(b *bag, o Options, report *Report) *examination {
	return &examination{Report: report, bag: b, options: o, used: make(map[string]bool), entries: make(map[uint64]bool)}
}

// examine verifies the whole bag. It runs over every bundle that is read, and
// over every one before it is written. The governance is nil where the
// ledger's part has a fault, or the check ended before it.
func examine(b *bag, o Options, report *Report) *governance {
	return newExamination(b, o, report).all()
}

// all runs every step of an examination, and returns the governance as examine does.
func (x *examination) all() *governance {
	for _, step := range []func(){x.lists, x.ledger, x.signature, x.submissions, x.times, x.custody, x.derived, x.keys, x.documents, x.leftOver, x.trust} {
		if step(); x.options.ends(x.Report) {
			break
		}
	}
	return x.governance
}

// leftOver finds the files that no other check has covered.
func (x *examination) leftOver() {
	for _, path := range x.bag.paths() {
		if !x.used[path] {
			x.fault("%s: belongs to nothing in this bundle", path)
		}
	}
}

// text returns a required file.
func (x *examination) text(path string) ([]byte, bool) {
	x.used[path] = true
	t, ok := x.bag.texts[path]
	if !ok {
		x.fault("%s: is missing", path)
	}
	return t, ok
}

// lists compares the files with the two manifests, both ways.
func (x *examination) lists() {
	if t, ok := x.text(bagitPath); ok && string(t) != bagitText {
		x.fault("%s: is not that of a BagIt 1.0 bag in UTF-8", bagitPath)
	}
	payloadList := x.list(manifestPath, func(path string) bool { return strings.HasPrefix(path, payload) })
	x.list(tagManifestPath, func(path string) bool {
		return !strings.HasPrefix(path, payload) && path != tagManifestPath && path != signaturePath && path != stampPath
	})
	t, ok := x.text(bagInfoPath)
	if !ok {
		return
	}
	var err error
	if x.info, err = parseBagInfo(t); err != nil {
		x.fault("%s: %v", bagInfoPath, err)
		return
	}
	x.Version, x.Case = x.info.Version, x.info.Case
	if x.Container == "" && x.bag.dated != (x.info.Version >= version2) {
		x.fault("zip: its entries are not dated as those of a bundle of version %d are", x.info.Version)
	}
	var bytes int64
	for path := range payloadList {
		bytes += x.bag.sizes[path]
	}
	if x.info.Bytes != bytes || x.info.Files != len(payloadList) {
		x.fault("%s: says %d bytes in %d files, and there are %d in %d", bagInfoPath, x.info.Bytes, x.info.Files, bytes, len(payloadList))
	}
	x.prove("All %d files are as the signed lists have them, byte for byte, and there is no other.", len(x.bag.sums))
}

func (x *examination) list(name string, belongs func(path string) bool) manifest {
	t, ok := x.text(name)
	if !ok {
		return nil
	}
	m, err := parseManifest(t)
	if err != nil {
		x.fault("%s: %v", name, err)
		return nil
	}
	for _, path := range slices.Sorted(maps.Keys(m)) {
		switch sum, there := x.bag.sums[path]; {
		case !belongs(path):
			x.fault("%s: lists %s, which does not belong in it", name, printable(path))
		case !there:
			x.fault("%s: lists %s, which is not there", name, printable(path))
		case sum != m[path]:
			x.fault(notAsListed, path, name)
		}
	}
	for _, path := range x.bag.paths() {
		if _, listed := m[path]; belongs(path) && !listed {
			x.fault("%s: is not listed in %s", path, name)
		}
	}
	return m
}

// signature verifies the signature of the list of papers.
func (x *examination) signature() {
	armored, there := x.text(signaturePath)
	signers, there2 := x.text(signersPath)
	if !there || !there2 || x.governance == nil || x.info.Signer == "" {
		return
	}
	c, ok := x.governance.signer(x.info.Signer)
	if !ok {
		x.fault("%s: %s is not a trustee in the set of entry %d", bagInfoPath, printable(x.info.Signer), x.governance.SetAt)
		return
	}
	if c.Fingerprint() != x.info.Fingerprint {
		x.fault("%s: the key of %s is not the one in the set of entry %d", bagInfoPath, c.Name, x.governance.SetAt)
		return
	}
	if string(signers) != string(allowedSigners(c)) {
		x.fault("%s: does not name the signer and the signer's key", signersPath)
	}
	if err := card.Verify(card.NamespaceBundle, x.bag.texts[tagManifestPath], armored, c.SSH); err != nil {
		x.fault("%s: %v", signaturePath, err)
		return
	}
	x.prove("The lists were signed by %s, whose key %s is a trustee's in the set of entry %d.", c.Name, x.info.Fingerprint, x.governance.SetAt)
	x.notProve("When the bundle was made: %s is by the clock of %s.", x.info.Made.Format(timeLayout), c.Name)
}

// allowedSigners returns trust/allowed_signers in the format of ssh-keygen -Y
// verify.
func allowedSigners(c card.Card) []byte {
	return fmt.Appendf(nil, "%s namespaces=%q %s\n", c.Name, card.NamespaceBundle, c.SSH)
}
