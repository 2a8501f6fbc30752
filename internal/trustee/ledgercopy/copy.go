// Package ledgercopy is a trustee's verified copy of a ledger, from carry files: entries, checkpoints, sealed parts
// and submissions that wait for a slot. It verifies a carry file before it uses any of it (Stage), and verifies chain,
// tree and newest checkpoint again each time the copy is read (Load). It opens no part, and has no custody log,
// terminal or network.
package ledgercopy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"sync"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// Names in the folder of one import.
const (
	entriesFile    = "entries"
	importFile     = "import.txt"
	partsDir       = "parts"
	waitingDir     = "waiting"
	checkpointsDir = "checkpoints"
)

// Copy is the content of all imports. It is immutable and safe for concurrent use.
type Copy struct {
	chain       *ledger.Chain
	texts       [][]byte // of the entries
	bare        []uint64 // entries that have one body, and not a report's parts
	imports     []importRange
	trusted     int                    // imports that Verified has vouched for; the entries of the others were verified
	waiting     []Waiting              // submissions without an entry yet, by body hash
	slots       []uint64               // sizes of the checkpoints that are kept, ascending
	checkpoints map[uint64]string      // the file of each checkpoint, by size
	erased      map[ledger.Hash]uint64 // part -> the tombstone that names it
	newest      []byte                 // the newest checkpoint, as stored
	head        ledger.Checkpoint      // the same, read

	mu      sync.Mutex             // guards what follows: it is computed where it is asked for
	entries []ledger.Entry         // of all texts, or of the first
	leaves  []ledger.Hash          // leaf hashes, of all or of the first
	bodies  map[ledger.Hash]uint64 // body hash -> index, of the first hashed
	hashed  int
}

// importRange is one import: the entries from up to size, its folder, its segments, and the SHA-256 of its entries.
type importRange struct {
	dir        string
	from, size uint64
	segments   segments
	entries    ledger.Hash
}

// Waiting is a submission that has a promise and no entry yet.
type Waiting struct {
	Hash    ledger.Hash // of its body
	Body    ledger.Body
	Promise ledger.Promise
	File    []byte // the promise file
	dir     string // the import that brought it
}

// OpenPart opens a part of the submission. The error wraps os.ErrNotExist where it is missing.
func (w Waiting) OpenPart(h ledger.Hash) (*PartFile, error) { return openFile(partFile(w.dir, h)) }

const importHeader = "zapis/import/v1"

// The text of an importRange:
//
//	zapis/import/v1
//	from 96
//	size 128
func (p importRange) marshal() []byte {
	return fmt.Appendf(nil, "%s\nfrom %d\nsize %d\n", importHeader, p.from, p.size)
}

func readRange(dir string) (importRange, error) {
	text, err := os.ReadFile(filepath.Join(dir, importFile))
	if err != nil {
		return importRange{}, err
	}
	r := canonical.Begin(text, 1<<10, importHeader)
	p := importRange{dir: dir, from: r.Decimal(r.Word("from"), ledger.MaxIndex), size: r.Decimal(r.Word("size"), ledger.MaxIndex)}
	if p.size < p.from {
		r.Fail("it is less than the line before")
	}
	return p, r.End()
}

// open opens a part of an entry of the import. The segment that has it is kept, unless kept is nil.
func (p importRange) open(index uint64, h ledger.Hash, kept *lastSegment) (*PartFile, error) {
	if len(p.segments) > 0 {
		if f, err := p.segments.open(index, h, kept); !errors.Is(err, os.ErrNotExist) {
			return f, err
		}
	}
	return openFile(partFile(p.dir, h))
}

// segmented reports whether an import has segments.
func (c *Copy) segmented() bool {
	return slices.ContainsFunc(c.imports, func(p importRange) bool { return len(p.segments) > 0 })
}

func partFile(dir string, h ledger.Hash) string {
	name := h.String()
	return filepath.Join(dir, partsDir, name[:2], name)
}

func newCopy() *Copy {
	return &Copy{
		chain:       ledger.NewChain(nil),
		bodies:      make(map[ledger.Hash]uint64),
		checkpoints: make(map[uint64]string),
		erased:      make(map[ledger.Hash]uint64),
	}
}

// Chain returns the chain over the entries of the copy.
func (c *Copy) Chain() *ledger.Chain { return c.chain }

// Size returns the number of entries.
func (c *Copy) Size() uint64 { return c.chain.Size() }

// Card returns the ledger's card, once the copy has an entry.
func (c *Copy) Card() card.LedgerCard { return c.chain.Card() }

// Entries lists the entries, by index. The caller must not change them.
func (c *Copy) Entries() []ledger.Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := len(c.entries)
	c.entries = slices.Grow(c.entries, len(c.texts)-done)[:len(c.texts)]
	eachShare(len(c.texts)-done, func(i int) { c.entries[done+i] = parseVerified(c.texts[done+i]) })
	return c.entries
}

// Bare lists the entries that have one body, and not a report's parts, of the kinds that want accepts, by index.
func (c *Copy) Bare(want func(ledger.Kind) bool) []ledger.Entry {
	var list []ledger.Entry
	for _, i := range c.bare {
		if want(kindOf(c.texts[i])) {
			list = append(list, c.Entry(i))
		}
	}
	return list
}

// Entry returns the entry of an index below Size.
func (c *Copy) Entry(index uint64) ledger.Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if index < uint64(len(c.entries)) {
		return c.entries[index]
	}
	return parseVerified(c.texts[index])
}

// parseVerified reads an entry that was verified, or has the bytes of one that was.
func parseVerified(text []byte) ledger.Entry {
	e, err := ledger.ParseEntry(text)
	if err != nil {
		panic("ledgercopy: an entry that was verified: " + err.Error())
	}
	return e
}

// eachShare calls do for each number below n, on all cores.
func eachShare(n int, do func(i int)) {
	var workers sync.WaitGroup
	share := 1 + n/runtime.GOMAXPROCS(0)
	for from := 0; from < n; from += share {
		workers.Go(func() {
			for i := from; i < min(from+share, n); i++ {
				do(i)
			}
		})
	}
	workers.Wait()
}

// allLeaves lists the entries' leaf hashes.
func (c *Copy) allLeaves() []ledger.Hash {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := len(c.leaves)
	c.leaves = slices.Grow(c.leaves, len(c.texts)-done)[:len(c.texts)]
	eachShare(len(c.texts)-done, func(i int) { c.leaves[done+i] = ledger.LeafHash(c.texts[done+i]) })
	return c.leaves
}

// sequenced reports whether a body is that of an entry.
func (c *Copy) sequenced(body ledger.Hash) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := c.hashed
	hashes := make([]ledger.Hash, len(c.texts)-done)
	eachShare(len(hashes), func(i int) { hashes[i] = ledger.BodyHash(bodyText(c.texts[done+i])) })
	for i, h := range hashes {
		c.bodies[h] = uint64(done + i)
	}
	c.hashed = len(c.texts)
	_, have := c.bodies[body]
	return have
}

// Waiting lists the submissions without an entry, by body hash. The caller must not change them.
func (c *Copy) Waiting() []Waiting { return c.waiting }

// Newest returns the newest checkpoint as the log signed it.
func (c *Copy) Newest() []byte { return c.newest }

// Head returns the newest checkpoint, parsed.
func (c *Copy) Head() ledger.Checkpoint { return c.head }

// Erased maps each part that a tombstone names to the index of that tombstone. The caller must not change it.
func (c *Copy) Erased() map[ledger.Hash]uint64 { return c.erased }

// ErasedBy returns the index of the tombstone that names a part; false where none does.
func (c *Copy) ErasedBy(part ledger.Hash) (uint64, bool) {
	by, erased := c.erased[part]
	return by, erased
}

// Has reports whether a body is in the ledger, or waits.
func (c *Copy) Has(body ledger.Hash) bool {
	return c.sequenced(body) || slices.ContainsFunc(c.waiting, func(w Waiting) bool { return w.Hash == body })
}

// SlotOf returns the number of the slot of an entry, from 0.
func (c *Copy) SlotOf(index uint64) int {
	return sort.Search(len(c.slots), func(i int) bool { return c.slots[i] > index })
}

// Checkpoint returns the file of the checkpoint over the first size entries; false where the copy has none.
func (c *Copy) Checkpoint(size uint64) (file string, ok bool) {
	file, ok = c.checkpoints[size]
	return file, ok
}

// rangeOf returns the import of an entry.
func (c *Copy) rangeOf(index uint64) importRange {
	return c.imports[sort.Search(len(c.imports), func(i int) bool { return c.imports[i].size > index })]
}

// OpenEntryPart opens a part of an entry. The error wraps os.ErrNotExist where it is missing.
func (c *Copy) OpenEntryPart(index uint64, part ledger.Hash) (*PartFile, error) {
	return c.rangeOf(index).open(index, part, nil)
}

// ReadEntryPart returns a part of an entry.
func (c *Copy) ReadEntryPart(index uint64, part ledger.Hash) ([]byte, error) {
	f, err := c.OpenEntryPart(index, part)
	if err != nil {
		return nil, err
	}
	return f.readAll()
}

// OpenPart opens a part of a submission. The error wraps os.ErrNotExist where it is missing.
func (c *Copy) OpenPart(s Submission, part ledger.Hash) (*PartFile, error) {
	if s.Waiting {
		return openFile(partFile(s.dir, part))
	}
	return c.OpenEntryPart(s.Index, part)
}

// PartReader opens parts of a copy one after the other, and keeps the segment open that it read last: a list opens thousands of
// statements. A part is valid until the next one is opened. It belongs to one goroutine; the caller closes it.
type PartReader struct {
	copy *Copy
	kept lastSegment
}

// Reader returns a PartReader.
func (c *Copy) Reader() *PartReader { return &PartReader{copy: c} }

// OpenPart is that of Copy.
func (r *PartReader) OpenPart(s Submission, part ledger.Hash) (*PartFile, error) {
	if s.Waiting {
		return openFile(partFile(s.dir, part))
	}
	return r.copy.rangeOf(s.Index).open(s.Index, part, &r.kept)
}

// Close closes what is open.
func (r *PartReader) Close() error { return r.kept.close() }
