package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/carry"
	"zapis/internal/exit"
)

// stage is an import that has not entered: what a carry file brings, on the disk in incoming/, and how far
// it has been verified.
type stage struct {
	held      *held
	dir       string
	head      carry.Header
	chain     *ledger.Chain // the vault's, and what the file adds
	entries   []ledger.Entry
	slots     [][]byte // checkpoints over more than the vault holds
	bodies    map[ledger.Hash]bool
	named     map[ledger.Hash]bool // parts that new entries name
	waiting   []waiting
	again     [][]byte // promise files of what the vault has already
	audiences audiences
	files     int      // parts written
	out       *os.File // the new entries' texts
	buf       []byte
	folders   map[string]bool // of parts, made
	writers   *writers
}

const forkHint = "keep this file, and the vault as it is: together they prove that the log has shown two histories"

func mismatch(hint, format string, args ...any) error {
	return exit.New(exit.Mismatch, hint, format, args...)
}

// begin refuses a carry file that can't go on from what the vault holds.
func (v *Vault) begin(head carry.Header, want *card.LedgerCard) (*stage, error) {
	h := v.held
	if want != nil && head.Card() != *want {
		return nil, mismatch("check the card's line with whoever gave it to you", "the carry file is of the ledger %s, and the card that you gave names %s", head.Card(), want)
	}
	chain := ledger.NewChain(want)
	switch {
	case v.Empty() && head.Since > 0:
		return nil, mismatch("have the whole ledger exported, without --since", "the carry file begins at entry %d, and the vault is empty", head.Since)
	case v.Empty():
	case head.Card() != v.Ledger():
		return nil, mismatch("make a vault of its own for each ledger", "this vault holds the ledger %s, and the carry file is of %s", v.Ledger(), head.Card())
	case head.Size < v.Size():
		return nil, mismatch("a newer carry file; if the operator has none, the ledger was rolled back: keep this one",
			"the carry file ends at entry %d, and the vault already holds %d: it is of an older or shortened ledger", head.Size-1, v.Size())
	case head.Since > v.Size():
		return nil, mismatch(fmt.Sprintf("have it exported with --since %d, or whole", v.Size()),
			"the carry file begins at entry %d, and the vault ends at %d: what lies between is missing", head.Since, v.Size()-1)
	default:
		var err error
		if chain, err = ledger.ResumeChain(h.chain.State()); err != nil {
			return nil, err
		}
	}
	s := &stage{held: h, dir: filepath.Join(v.dir, incomingDir), head: head, chain: chain,
		bodies: make(map[ledger.Hash]bool), named: make(map[ledger.Hash]bool), buf: make([]byte, 256<<10), folders: make(map[string]bool), writers: newWriters()}
	for _, folder := range []string{"", checkpointsN, partsDir, waitingDir} {
		if err := os.Mkdir(filepath.Join(s.dir, folder), 0o700); err != nil {
			return nil, err
		}
	}
	var err error
	s.out, err = os.Create(filepath.Join(s.dir, entriesFile))
	return s, err
}

// discard takes away what did not enter.
func (s *stage) discard() error {
	_ = s.writers.wait() // said before, or of no matter now
	if s.out != nil {
		s.out.Close()
	}
	return os.RemoveAll(s.dir)
}

// take keeps one member of the carry file.
func (s *stage) take(it carry.Item) error {
	switch it.Kind {
	case carry.Checkpoint:
		return s.checkpoint(it)
	case carry.Entry:
		return s.entry(it)
	case carry.Part:
		// An entry may name a part again that an old one has: each import holds what its own entries name.
		if it.Index < s.held.chain.Size() && !s.named[it.Part.Hash] {
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
	return nil // a waiting body stands in its promise file too
}

func (s *stage) checkpoint(it carry.Item) error {
	if it.Size > s.held.chain.Size() {
		s.slots = append(s.slots, it.Text)
		if err := s.chain.Mark(it.Size); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(s.dir, checkpointsN, strconv.FormatUint(it.Size, 10)), it.Text, 0o600)
	}
	if file, have := s.held.slotIn[it.Size]; have {
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
func (s *stage) sameRoot(it carry.Item) error {
	v, err := s.held.chain.Verifier(it.Size)
	if err != nil {
		return err
	}
	c, err := v.OpenCheckpoint(it.Text)
	if err != nil {
		return mismatch(carry.DamagedHint, "%s: %w", it.Name, err)
	}
	root, err := s.held.root(it.Size)
	if err != nil {
		return err
	}
	if c.Root != root {
		return mismatch(forkHint, "%s: its root is %s, and the vault's first %d entries have %s: the log has shown two histories",
			it.Name, c.Root, it.Size, root)
	}
	return nil
}

func (s *stage) entry(it carry.Item) error {
	if it.Index < s.held.chain.Size() {
		if !bytes.Equal(it.Text, s.held.entries[it.Index].Marshal()) {
			return mismatch(forkHint, "%s: it is not entry %d as the vault holds it: the log has shown two histories", it.Name, it.Index)
		}
		return nil
	}
	e, err := s.chain.Add(it.Text)
	if err != nil {
		return mismatch(s.joinHint(it), "%w", err)
	}
	s.entries = append(s.entries, e)
	s.bodies[e.Body.Hash()] = true
	for _, p := range e.Body.Parts {
		s.named[p.Hash] = true
	}
	_, err = s.out.Write(it.Text)
	return err
}

// joinHint tells a break at the seam from a break within the file.
func (s *stage) joinHint(it carry.Item) string {
	if it.Index == s.held.chain.Size() && it.Index > 0 && s.head.Since == it.Index {
		return forkHint
	}
	return carry.DamagedHint
}

// known says that a submission needs not be taken up: it has an entry, or waits in the vault already.
func (s *stage) known(body ledger.Hash) bool {
	if _, sequenced := s.held.bodies[body]; sequenced || s.bodies[body] {
		return true
	}
	for _, w := range s.held.waiting {
		if w.hash == body {
			return true
		}
	}
	return false
}

func (s *stage) promise(it carry.Item) error {
	// The keys that sign a promise are known once the parts were read; verify comes back to it.
	if s.known(it.BodyHash) {
		s.again = append(s.again, it.Text)
		return nil
	}
	s.waiting = append(s.waiting, waiting{hash: it.BodyHash, file: it.Text})
	return os.WriteFile(filepath.Join(s.dir, waitingDir, it.BodyHash.String()), it.Text, 0o600)
}

// part writes a part down. Its hash is compared by the carry reader before the content ends.
func (s *stage) part(it carry.Item) error {
	name := partFile(s.dir, it.Part.Hash)
	if folder := filepath.Dir(name); !s.folders[folder] {
		if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		s.folders[folder] = true
	}
	if old := s.held.waitingPart(it.Part.Hash); old != "" && sameBytes(old, it.Part) {
		// It came before, when it was waiting: a second name for the same bytes is enough, where the file
		// system has such names.
		if err := os.Link(old, name); err == nil || errors.Is(err, os.ErrExist) {
			return drain(it.Content, s.buf)
		}
	}
	s.files++
	if it.Part.Size <= smallPart {
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

// sameBytes says whether a file still is the part that it was.
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

// onlyWriter keeps io.Copy to the buffer that it was given.
type onlyWriter struct{ io.Writer }
