package ledgercopy

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/carry"
	"zapis/internal/exit"
)

// Stage is an import that is not part of the copy yet: the content of a carry file in a folder, and the state of its
// verification. It belongs to one goroutine. The order is Begin, Add for each member, Verify, CheckParts, Seal;
// Discard ends it in any case.
type Stage struct {
	copy      *Copy
	dir       string
	head      carry.Header
	chain     *ledger.Chain // the copy's, and what the file adds
	entries   []ledger.Entry
	slots     [][]byte // checkpoints over more than the copy holds
	bodies    map[ledger.Hash]bool
	named     map[ledger.Hash]bool // parts that new entries name
	waiting   []Waiting
	repeated  [][]byte // promise files of what the copy has already
	audiences audiences
	files     int      // parts written
	out       *os.File // the new entries' texts
	buf       []byte
	folders   map[string]bool // of parts, made
	writers   *writers
	segments  *segmentWriter // nil where each part becomes a file of its own
}

const forkHint = "keep this file, and the vault as it is: together they prove that the log has shown two histories"

// Begin creates the folder dir for the content of a carry file. It refuses a file that does not continue the copy, and
// one of another ledger than want, if that is not nil.
func (c *Copy) Begin(dir string, head carry.Header, want *card.LedgerCard) (*Stage, error) {
	if want != nil && head.Card() != *want {
		return nil, exit.New(exit.Mismatch, "check the card's line with the person who gave it to you", "the carry file is of the ledger %s, and the card that you gave names %s", head.Card(), want)
	}
	chain := ledger.NewChain(want)
	size := c.Size()
	switch {
	case size == 0 && head.Since > 0:
		return nil, exit.Advise(exit.Mismatch, exit.ExportWhole.With(), "the carry file begins at entry %d, and the vault is empty", head.Since)
	case size == 0:
	case head.Card() != c.Card():
		return nil, exit.New(exit.Mismatch, "make a vault of its own for each ledger", "this vault holds the ledger %s, and the carry file is of %s", c.Card(), head.Card())
	case head.Size < size:
		return nil, exit.New(exit.Mismatch, "a newer carry file; if the operator has none, the ledger was rolled back: keep this one",
			"the carry file ends at entry %d, and the vault already holds %d: it is of an older or shortened ledger", head.Size-1, size)
	case head.Since > size:
		return nil, exit.Advise(exit.Mismatch, exit.ExportSince.With(size),
			"the carry file begins at entry %d, and the vault ends at %d: what lies between is missing", head.Since, size-1)
	default:
		var err error
		if chain, err = ledger.ResumeChain(c.chain.State()); err != nil {
			return nil, err
		}
	}
	s := &Stage{copy: c, dir: dir, head: head, chain: chain, bodies: make(map[ledger.Hash]bool), named: make(map[ledger.Hash]bool),
		buf: make([]byte, 256<<10), folders: make(map[string]bool), writers: newWriters()}
	for _, folder := range []string{"", checkpointsDir, partsDir, waitingDir} {
		if err := os.Mkdir(filepath.Join(s.dir, folder), 0o700); err != nil {
			return nil, err
		}
	}
	var err error
	if fresh := head.Size - max(head.Since, size); fresh >= segmentedFrom || fresh > 0 && c.segmented() {
		if s.segments, err = newSegmentWriter(s.dir); err != nil {
			return s, err
		}
	}
	s.out, err = os.Create(filepath.Join(s.dir, entriesFile))
	return s, err
}

// Discard removes the staged files. After the folder was renamed it removes nothing.
func (s *Stage) Discard() error {
	_ = s.writers.wait() // reported before, or irrelevant now
	if s.segments != nil {
		_ = errors.Join(s.segments.wait(), s.segments.sync())
	}
	if s.out != nil {
		s.out.Close()
	}
	return os.RemoveAll(s.dir)
}

// Seal writes the range of the import and syncs all of it. Renaming the folder to NextImport of the copy adds it.
func (s *Stage) Seal() error {
	p := importRange{from: s.copy.Size(), size: s.chain.Size()}
	if err := os.WriteFile(filepath.Join(s.dir, importFile), p.marshal(), 0o600); err != nil {
		return err
	}
	if err := s.out.Close(); err != nil {
		return err
	}
	s.out = nil
	if s.segments != nil {
		if err := s.segments.sync(); err != nil {
			return err
		}
	}
	return syncTree(s.dir, s.files+len(s.slots)+len(s.waiting))
}

// Segmented reports whether the import holds segments.
func (s *Stage) Segmented() bool { return s.segments != nil }

// Dir returns the folder of the staged files.
func (s *Stage) Dir() string { return s.dir }

// Chain returns the copy's chain extended by the carry file.
func (s *Stage) Chain() *ledger.Chain { return s.chain }

// Entries lists the new entries.
func (s *Stage) Entries() []ledger.Entry { return s.entries }

// NewWaiting returns the number of waiting submissions that are new.
func (s *Stage) NewWaiting() int { return len(s.waiting) }

// Add keeps one member of the carry file.
func (s *Stage) Add(it carry.Item) error {
	switch it.Kind {
	case carry.Checkpoint:
		return s.checkpoint(it)
	case carry.Entry:
		return s.entry(it)
	case carry.Part:
		// An entry may name a part that an old one has: each import holds the parts of its own entries.
		if it.Index < s.copy.chain.Size() && !s.named[it.Part.Hash] {
			return drain(it.Content, s.buf)
		}
		return s.part(it)
	case carry.WaitingPromise:
		return s.promise(it)
	case carry.WaitingPart:
		if s.known(it.BodyHash) {
			return drain(it.Content, s.buf)
		}
		return s.part(it)
	}
	return nil // a waiting body is in its promise file too
}

func (s *Stage) checkpoint(it carry.Item) error {
	if it.Size > s.copy.chain.Size() {
		s.slots = append(s.slots, it.Text)
		if err := s.chain.Mark(it.Size); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(s.dir, checkpointsDir, strconv.FormatUint(it.Size, 10)), it.Text, 0o600)
	}
	if file, have := s.copy.checkpoints[it.Size]; have {
		kept, err := os.ReadFile(file)
		if err == nil && bytes.Equal(kept, it.Text) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return s.sameRoot(it)
}

// sameRoot compares a checkpoint over entries that the vault has already.
func (s *Stage) sameRoot(it carry.Item) error {
	v, err := s.copy.chain.Verifier(it.Size)
	if err != nil {
		return err
	}
	c, err := v.OpenCheckpoint(it.Text)
	if err != nil {
		return exit.New(exit.Mismatch, carry.DamagedHint, "%s: %w", it.Name, err)
	}
	root, err := s.copy.Root(it.Size)
	if err != nil {
		return err
	}
	if c.Root != root {
		return exit.New(exit.Mismatch, forkHint, "%s: its root is %s, and the vault's first %d entries have %s: the log has shown two histories",
			it.Name, c.Root, it.Size, root)
	}
	return nil
}

func (s *Stage) entry(it carry.Item) error {
	if it.Index < s.copy.chain.Size() {
		if !bytes.Equal(it.Text, s.copy.texts[it.Index]) {
			return exit.New(exit.Mismatch, forkHint, "%s: it is not entry %d as the vault holds it: the log has shown two histories", it.Name, it.Index)
		}
		return nil
	}
	e, err := s.chain.Add(it.Text)
	if err != nil {
		return exit.New(exit.Mismatch, s.joinHint(it), "%w", err)
	}
	s.entries = append(s.entries, e)
	s.bodies[e.Body.Hash()] = true
	for _, p := range e.Body.Parts {
		s.named[p.Hash] = true
		if s.segments != nil && p.Size <= smallPart {
			s.segments.left += p.Size
		}
	}
	_, err = s.out.Write(it.Text)
	return err
}

// joinHint distinguishes a break at the boundary from a break within the file.
func (s *Stage) joinHint(it carry.Item) string {
	if it.Index == s.copy.chain.Size() && it.Index > 0 && s.head.Since == it.Index {
		return forkHint
	}
	return carry.DamagedHint
}

// known reports whether a submission is an entry, or waits in the vault already.
func (s *Stage) known(body ledger.Hash) bool {
	return s.bodies[body] || s.copy.sequenced(body) || slices.ContainsFunc(s.copy.waiting, func(w Waiting) bool { return w.Hash == body })
}

func (s *Stage) promise(it carry.Item) error {
	// The keys that sign a promise are known once the parts were read; Verify checks it then.
	if s.known(it.BodyHash) {
		s.repeated = append(s.repeated, it.Text)
		return nil
	}
	s.waiting = append(s.waiting, Waiting{Hash: it.BodyHash, File: it.Text})
	return os.WriteFile(filepath.Join(s.dir, waitingDir, it.BodyHash.String()), it.Text, 0o600)
}

// part writes a part. The carry reader compares its hash before the content ends.
func (s *Stage) part(it carry.Item) error {
	small := it.Part.Size <= smallPart
	old := s.copy.waitingPart(it.Part.Hash)
	if s.segments != nil && it.Kind == carry.Part && small && old == "" {
		return s.segments.add(it.Index, it.Part, it.Content)
	}
	name := partFile(s.dir, it.Part.Hash)
	if folder := filepath.Dir(name); !s.folders[folder] {
		if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		s.folders[folder] = true
	}
	if old != "" && sameBytes(old, it.Part) {
		// It was imported before, when it was waiting: a hard link is enough, where the file system has them.
		if err := os.Link(old, name); err == nil || errors.Is(err, os.ErrExist) {
			return drain(it.Content, s.buf)
		}
	}
	s.files++
	if small {
		return s.writers.write(name, it.Content, s.buf)
	}
	f, err := createPart(name)
	if errors.Is(err, os.ErrExist) {
		return drain(it.Content, s.buf)
	}
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(onlyWriter{f}, it.Content, s.buf)
	return errors.Join(err, f.Close())
}

func createPart(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// sameBytes reports whether a file still has the hash of the part.
func sameBytes(name string, p ledger.Part) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	return seal.CheckDigest(f, seal.Digest{Hash: p.Hash, Size: p.Size}) == nil
}

func drain(r io.Reader, buf []byte) error {
	_, err := io.CopyBuffer(onlyWriter{io.Discard}, r, buf)
	return err
}

// onlyWriter hides ReaderFrom, so that io.Copy uses the given buffer.
type onlyWriter struct{ io.Writer }
