package ledgercopy

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

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
	f, err := p.open(e.Index, e.Body.Parts[0].Hash, nil)
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
