package vault

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

// held is what the imports have brought so far.
type held struct {
	chain    *ledger.Chain
	entries  []ledger.Entry
	leaves   []ledger.Hash // leaf hashes of the entries
	places   []place
	bodies   map[ledger.Hash]uint64 // body hash -> index
	waiting  []waiting              // submissions without an entry yet, by body hash
	slots    []uint64               // sizes of the checkpoints that are kept, ascending
	slotIn   map[uint64]string      // the file of each
	erased   map[ledger.Hash]uint64 // part -> the tombstone that names it
	newest   []byte                 // the newest checkpoint, as stored
	headedBy ledger.Checkpoint      // the same, read
}

// place is one import: the entries from up to size, and the folder that has them.
type place struct {
	dir        string
	from, size uint64
}

// waiting is a submission that has a promise and no entry yet.
type waiting struct {
	hash    ledger.Hash
	body    ledger.Body
	promise ledger.Promise
	file    []byte // the promise file
	dir     string // the import that brought it
}

const placeHeader = "zapis/import/v1"

// place's text:
//
//	zapis/import/v1
//	from 96
//	size 128
func (p place) marshal() []byte {
	return fmt.Appendf(nil, "%s\nfrom %d\nsize %d\n", placeHeader, p.from, p.size)
}

func readPlace(dir string) (place, error) {
	text, err := os.ReadFile(filepath.Join(dir, placeFile))
	if err != nil {
		return place{}, err
	}
	r := canonical.NewReader(text, 1<<10)
	r.Exact(placeHeader)
	p := place{dir: dir, from: r.Decimal(r.Word("from"), ledger.MaxIndex), size: r.Decimal(r.Word("size"), ledger.MaxIndex)}
	if p.size < p.from {
		r.Fail("it is less than the line before")
	}
	return p, r.End()
}

func (p place) part(h ledger.Hash) string { return partFile(p.dir, h) }

func partFile(dir string, h ledger.Hash) string {
	name := h.String()
	return filepath.Join(dir, partsDir, name[:2], name)
}

func newHeld() *held {
	return &held{
		chain:  ledger.NewChain(nil),
		bodies: make(map[ledger.Hash]uint64),
		slotIn: make(map[uint64]string),
		erased: make(map[ledger.Hash]uint64),
	}
}

// load reads all imports and verifies chain, tree and newest checkpoint again.
func load(dir string) (*held, error) {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	h := newHeld()
	for i, f := range folders {
		if f.Name() != importName(i+1) {
			return nil, damaged("%s/%s is not import %s", importsDir, f.Name(), importName(i+1))
		}
		if err := h.read(filepath.Join(dir, f.Name())); err != nil {
			return nil, damaged("import %s: %w", f.Name(), err)
		}
	}
	if err := h.settle(); err != nil {
		return nil, damaged("%w", err)
	}
	return h, nil
}

func importName(n int) string { return fmt.Sprintf("%06d", n) }

func damaged(format string, args ...any) error {
	return exit.New(exit.Mismatch, "keep it as it is; a whole carry file makes a new vault", "the vault is damaged: "+format, args...)
}

func (h *held) read(dir string) error {
	p, err := readPlace(dir)
	if err != nil {
		return err
	}
	if p.from != h.chain.Size() {
		return fmt.Errorf("it begins at entry %d, and %d entries come before it", p.from, h.chain.Size())
	}
	text, err := os.ReadFile(filepath.Join(dir, entriesFile))
	if err != nil {
		return err
	}
	for entry := range splitEntries(text) {
		if err := h.add(entry); err != nil {
			return err
		}
	}
	if h.chain.Size() != p.size {
		return fmt.Errorf("its last entry is %d, and must be %d", int64(h.chain.Size())-1, int64(p.size)-1)
	}
	h.places = append(h.places, p)
	for _, e := range h.entries[p.from:] {
		if err := h.govern(e, p); err != nil {
			return err
		}
	}
	if err := h.readSlots(dir); err != nil {
		return err
	}
	return h.readWaiting(dir)
}

func (h *held) add(entry []byte) error {
	e, err := h.chain.Add(entry)
	if err != nil {
		return err
	}
	h.entries = append(h.entries, e)
	h.leaves = append(h.leaves, h.chain.Last())
	h.bodies[e.Body.Hash()] = e.Index
	return nil
}

// splitEntries gives the entries of a file in which they stand one after the other. No line of an entry but
// its first can be the header.
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

// govern follows the entries that change keys and trustees, and remembers what tombstones erase.
func (h *held) govern(e ledger.Entry, p place) error {
	if !e.Body.Kind.Governs() {
		return nil
	}
	body, err := os.ReadFile(p.part(e.Body.Parts[0].Hash))
	if err != nil {
		return err
	}
	if err := h.chain.AddBody(e, body); err != nil {
		return err
	}
	return h.bury(e, body)
}

// bury remembers the parts that a tombstone names.
func (h *held) bury(e ledger.Entry, body []byte) error {
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
		h.erased[p.Hash] = e.Index
	}
	return nil
}

func (h *held) readSlots(dir string) error {
	files, err := os.ReadDir(filepath.Join(dir, checkpointsN))
	if err != nil {
		return err
	}
	for _, f := range files {
		size, err := strconv.ParseUint(f.Name(), 10, 64)
		if err != nil || strconv.FormatUint(size, 10) != f.Name() {
			return fmt.Errorf("%s/%s is no checkpoint", checkpointsN, f.Name())
		}
		h.keepSlot(size, filepath.Join(dir, checkpointsN, f.Name()))
	}
	return nil
}

func (h *held) keepSlot(size uint64, file string) {
	if _, have := h.slotIn[size]; have {
		return
	}
	h.slotIn[size] = file
	at, _ := slices.BinarySearch(h.slots, size)
	h.slots = slices.Insert(h.slots, at, size)
}

// slotOf numbers the slot in which an entry came, from 0.
func (h *held) slotOf(index uint64) int {
	return sort.Search(len(h.slots), func(i int) bool { return h.slots[i] > index })
}

func (h *held) readWaiting(dir string) error {
	files, err := os.ReadDir(filepath.Join(dir, waitingDir))
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, waitingDir, f.Name()))
		if err != nil {
			return err
		}
		w, err := openWaiting(h.chain, text)
		if err != nil {
			return fmt.Errorf("waiting submission %s: %w", f.Name(), err)
		}
		if w.hash.String() != f.Name() {
			return fmt.Errorf("waiting submission %s: it is %s", f.Name(), w.hash)
		}
		w.dir = dir
		h.wait(w)
	}
	return nil
}

// openWaiting verifies a promise file with the log's keys.
func openWaiting(c *ledger.Chain, file []byte) (waiting, error) {
	verifiers, err := c.Verifiers()
	if err != nil {
		return waiting{}, err
	}
	err = errors.New("no log key is known")
	for _, v := range verifiers {
		var p ledger.Promise
		if p, err = v.OpenPromise(file); err != nil {
			continue
		}
		body, err := p.ParsedBody()
		if err != nil {
			return waiting{}, err
		}
		return waiting{hash: p.Body, body: body, promise: p, file: file}, nil
	}
	return waiting{}, err
}

// wait keeps a waiting submission, unless it is there already.
func (h *held) wait(w waiting) {
	at, have := slices.BinarySearchFunc(h.waiting, w.hash, func(w waiting, hash ledger.Hash) int {
		return bytes.Compare(w.hash[:], hash[:])
	})
	if !have {
		h.waiting = slices.Insert(h.waiting, at, w)
	}
}

// settle lets go of those that wait no longer, and verifies the newest checkpoint.
func (h *held) settle() error {
	h.waiting = slices.DeleteFunc(h.waiting, func(w waiting) bool {
		_, sequenced := h.bodies[w.hash]
		return sequenced
	})
	if h.chain.Size() == 0 {
		return nil
	}
	if err := h.chain.Settled(); err != nil {
		return err
	}
	if len(h.slots) == 0 {
		return errors.New("there is no checkpoint")
	}
	newest := h.slots[len(h.slots)-1]
	if newest != h.chain.Size() {
		return fmt.Errorf("the newest checkpoint is over %d entries, and there are %d", newest, h.chain.Size())
	}
	var err error
	if h.newest, err = os.ReadFile(h.slotIn[newest]); err != nil {
		return err
	}
	h.headedBy, err = h.chain.CheckCheckpoint(h.newest)
	return err
}

// placeOf is the import that brought an entry.
func (h *held) placeOf(index uint64) place {
	return h.places[sort.Search(len(h.places), func(i int) bool { return h.places[i].size > index })]
}

// partFile is where a part of an entry, or of a waiting submission, lies.
func (h *held) partFile(s Submission, part ledger.Hash) string {
	if s.Waiting {
		return partFile(s.dir, part)
	}
	return h.placeOf(s.Index).part(part)
}
