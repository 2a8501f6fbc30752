// Package ledgercopy is a trustee's verified copy of a ledger, from carry files: entries, checkpoints, sealed parts
// and submissions that wait for a slot. It verifies a carry file before it uses any of it (Stage), and verifies chain,
// tree and newest checkpoint again each time the copy is read (Load). It opens no part, and has no custody log,
// terminal or network.
package ledgercopy

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"sync"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/exit"
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
	r := canonical.NewReader(text, 1<<10)
	r.Exact(importHeader)
	p := importRange{dir: dir, from: r.Decimal(r.Word("from"), ledger.MaxIndex), size: r.Decimal(r.Word("size"), ledger.MaxIndex)}
	if p.size < p.from {
		r.Fail("it is less than the line before")
	}
	return p, r.End()
}

// open opens a part of an entry of the import.
func (p importRange) open(index uint64, h ledger.Hash) (*PartFile, error) {
	if len(p.segments) > 0 {
		if f, err := p.segments.open(index, h); !errors.Is(err, os.ErrNotExist) {
			return f, err
		}
	}
	return openFile(partFile(p.dir, h))
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

// Load reads all imports below dir and verifies chain, tree and newest checkpoint. What does not verify is an error of
// Damaged. known says which imports were verified before, if it is not nil: where their entries have the same bytes, chain
// and tree are not computed again.
func Load(dir string, known *Verified) (*Copy, error) {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if known != nil {
		c, err := loadVerified(dir, folders, *known)
		if err == nil {
			err = c.readFrom(dir, folders)
		}
		if err == nil {
			return c, nil
		}
	}
	c := newCopy()
	return c, c.readFrom(dir, folders)
}

// readFrom reads the folders that come after the imports of the copy, and verifies what they add.
func (c *Copy) readFrom(dir string, folders []os.DirEntry) error {
	for i, f := range folders {
		if i < len(c.imports) {
			continue
		}
		if f.Name() != importName(i+1) {
			return Damaged("%s/%s is not import %s", filepath.Base(dir), f.Name(), importName(i+1))
		}
		if err := c.read(filepath.Join(dir, f.Name())); err != nil {
			return Damaged("import %s: %w", f.Name(), err)
		}
	}
	if err := c.settle(); err != nil {
		return Damaged("%w", err)
	}
	return nil
}

// Next reads the next import below dir, and verifies what it adds to the copy: chain, tree and newest checkpoint. The
// copy stays as it is. What does not verify is an error of Damaged.
func (c *Copy) Next(dir string) (*Copy, error) {
	chain, err := ledger.ResumeChain(c.chain.State())
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	next := &Copy{chain: chain, texts: slices.Clip(c.texts), bare: slices.Clip(c.bare), trusted: c.trusted, imports: slices.Clip(c.imports),
		waiting: slices.Clone(c.waiting), slots: slices.Clone(c.slots), checkpoints: maps.Clone(c.checkpoints), erased: maps.Clone(c.erased),
		entries: slices.Clip(c.entries), leaves: slices.Clip(c.leaves), bodies: maps.Clone(c.bodies), hashed: c.hashed}
	c.mu.Unlock()
	if err := next.read(filepath.Join(dir, c.NextImport())); err != nil {
		return nil, Damaged("import %s: %w", c.NextImport(), err)
	}
	if err := next.settle(); err != nil {
		return nil, Damaged("%w", err)
	}
	return next, nil
}

func importName(n int) string { return fmt.Sprintf("%06d", n) }

// NextImport returns the name for the folder of the next import.
func (c *Copy) NextImport() string { return importName(len(c.imports) + 1) }

// Damaged returns the error for a vault whose files were changed: status Mismatch.
func Damaged(format string, args ...any) error {
	return exit.New(exit.Mismatch, "keep it as it is; a whole carry file makes a new vault", "the vault is damaged: "+format, args...)
}

func (c *Copy) read(dir string) error {
	p, err := readRange(dir)
	if err != nil {
		return err
	}
	if p.from != c.chain.Size() {
		return fmt.Errorf("it begins at entry %d, and %d entries come before it", p.from, c.chain.Size())
	}
	if p.segments, err = findSegments(dir); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, entriesFile))
	if err != nil {
		return err
	}
	p.entries = sha256.Sum256(text)
	if err := c.listCheckpoints(dir, c.mark); err != nil {
		return err
	}
	for entry := range splitEntries(text) {
		if err := c.add(entry); err != nil {
			return err
		}
	}
	if c.chain.Size() != p.size {
		return fmt.Errorf("its last entry is %d, and must be %d", int64(c.chain.Size())-1, int64(p.size)-1)
	}
	c.imports = append(c.imports, p)
	for _, i := range c.bare {
		if i < p.from {
			continue
		}
		if err := c.govern(c.Entry(i), p); err != nil {
			return err
		}
	}
	c.chain.ForgetRoots()
	return c.readWaiting(dir)
}

func (c *Copy) add(entry []byte) error {
	e, err := c.chain.Add(entry)
	if err != nil {
		return err
	}
	if len(c.entries) == len(c.texts) {
		c.entries = append(c.entries, e)
	}
	if len(c.leaves) == len(c.texts) {
		c.leaves = append(c.leaves, c.chain.Last())
	}
	c.addText(entry, e.Body.Kind)
	return nil
}

// addText adds the text of an entry.
func (c *Copy) addText(entry []byte, kind ledger.Kind) {
	if !kind.HasParts() {
		c.bare = append(c.bare, uint64(len(c.texts)))
	}
	c.texts = append(c.texts, entry)
}

// splitEntries returns the entries of a file with concatenated entries. Only the first line of an entry can be the
// header.
func splitEntries(text []byte) func(yield func([]byte) bool) {
	const header = "zapis/entry/v1\n"
	return func(yield func([]byte) bool) {
		for len(text) > 0 {
			end := len(text)
			if i := bytes.Index(text[1:], []byte("\n"+header)); i >= 0 {
				end = i + 2
			}
			if !yield(text[:end]) {
				return
			}
			text = text[end:]
		}
	}
}

// govern applies the entries that change keys and trustees, and records what tombstones erase.
func (c *Copy) govern(e ledger.Entry, p importRange) error {
	if !e.Body.Kind.Governs() {
		return nil
	}
	f, err := p.open(e.Index, e.Body.Parts[0].Hash)
	if err != nil {
		return err
	}
	body, err := f.readAll()
	if err != nil {
		return err
	}
	if err := c.chain.AddBody(e, body); err != nil {
		return err
	}
	return c.noteErased(e, body)
}

// noteErased records the parts that a tombstone names.
func (c *Copy) noteErased(e ledger.Entry, body []byte) error {
	if e.Body.Kind != ledger.KindTombstone {
		return nil
	}
	approved, err := ledger.ParseApproved(body)
	if err != nil {
		return err
	}
	parts, err := ledger.ErasedBy(approved.Text)
	if err != nil {
		return err
	}
	for _, p := range parts {
		c.erased[p.Hash] = e.Index
	}
	return nil
}

// mark asks the chain for the root at a size that lies ahead.
func (c *Copy) mark(size uint64) error {
	if size < c.chain.Size() || size == 0 {
		return nil
	}
	return c.chain.Mark(size)
}

// listCheckpoints notes the checkpoints of an import, and calls visit with the size of each.
func (c *Copy) listCheckpoints(dir string, visit func(size uint64) error) error {
	files, err := os.ReadDir(filepath.Join(dir, checkpointsDir))
	if err != nil {
		return err
	}
	for _, f := range files {
		size, err := strconv.ParseUint(f.Name(), 10, 64)
		if err != nil || strconv.FormatUint(size, 10) != f.Name() {
			return fmt.Errorf("%s/%s is no checkpoint", checkpointsDir, f.Name())
		}
		c.keepCheckpoint(size, filepath.Join(dir, checkpointsDir, f.Name()))
		if err := visit(size); err != nil {
			return err
		}
	}
	return nil
}

func (c *Copy) keepCheckpoint(size uint64, file string) {
	if _, have := c.checkpoints[size]; have {
		return
	}
	c.checkpoints[size] = file
	at, _ := slices.BinarySearch(c.slots, size)
	c.slots = slices.Insert(c.slots, at, size)
}

func (c *Copy) readWaiting(dir string) error {
	files, err := os.ReadDir(filepath.Join(dir, waitingDir))
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := c.readWaitingFile(dir, f.Name()); err != nil {
			return err
		}
	}
	return nil
}

// readWaitingFile reads and verifies one waiting submission of an import. The error wraps os.ErrNotExist where it has none of
// this name.
func (c *Copy) readWaitingFile(dir, name string) error {
	text, err := os.ReadFile(filepath.Join(dir, waitingDir, name))
	if err != nil {
		return err
	}
	w, err := openWaiting(c.chain, text)
	if err != nil {
		return fmt.Errorf("waiting submission %s: %w", name, err)
	}
	if w.Hash.String() != name {
		return fmt.Errorf("waiting submission %s: it is %s", name, w.Hash)
	}
	w.dir = dir
	c.keepWaiting(w)
	return nil
}

// openWaiting verifies a promise file with the log's keys.
func openWaiting(chain *ledger.Chain, file []byte) (Waiting, error) {
	p, err := chain.OpenPromise(file)
	if err != nil {
		return Waiting{}, err
	}
	body, err := p.ParsedBody()
	if err != nil {
		return Waiting{}, err
	}
	return Waiting{Hash: p.Body, Body: body, Promise: p, File: file}, nil
}

// keepWaiting adds a waiting submission, unless it is there already.
func (c *Copy) keepWaiting(w Waiting) {
	at, have := slices.BinarySearchFunc(c.waiting, w.Hash, func(w Waiting, hash ledger.Hash) int {
		return bytes.Compare(w.Hash[:], hash[:])
	})
	if !have {
		c.waiting = slices.Insert(c.waiting, at, w)
	}
}

// settle drops the waiting submissions that are entries now, and verifies the newest checkpoint.
func (c *Copy) settle() error {
	if len(c.imports) > c.trusted { // what Verified says to wait has no entry in the imports that it knows
		c.waiting = slices.DeleteFunc(c.waiting, func(w Waiting) bool { return c.sequenced(w.Hash) })
	}
	if c.chain.Size() == 0 {
		return nil
	}
	if err := c.chain.Settled(); err != nil {
		return err
	}
	if len(c.slots) == 0 {
		return errors.New("there is no checkpoint")
	}
	newest := c.slots[len(c.slots)-1]
	if newest != c.chain.Size() {
		return fmt.Errorf("the newest checkpoint is over %d entries, and there are %d", newest, c.chain.Size())
	}
	var err error
	if c.newest, err = os.ReadFile(c.checkpoints[newest]); err != nil {
		return err
	}
	c.head, err = c.chain.CheckCheckpoint(c.newest)
	return err
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
	return c.rangeOf(index).open(index, part)
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
