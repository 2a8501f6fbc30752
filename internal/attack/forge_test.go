// Package attack holds only tests. The attacker runs the server and has the
// log's key, with both of its halves: whatever they sign verifies. What they
// can't take back is what has left the machine before, and it gives them away,
// each piece by itself.
package attack

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/trustee/vault/vaulttest"
	"zapis/store"
)

const day = 24 * time.Hour

// piece is one entry's body, and the small parts that the attacker brings.
type piece struct {
	body  ledger.Body
	small [][]byte
}

// history is a ledger as its owner reads it.
type history struct {
	origin string
	key    *ledger.SigningKey
	pieces []piece
	slots  map[uint64]time.Time // sizes and times of the checkpoints
	parts  map[ledger.Hash][]byte
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read parses a ledger's folder.
func read(t testing.TB, dir string) *history {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "log.key"))
	must(t, err)
	h := &history{slots: map[uint64]time.Time{}, parts: map[ledger.Hash][]byte{}}
	h.key, err = ledger.ParseSigningKey(text)
	must(t, err)
	s, err := store.OpenReadOnly(dir)
	must(t, err)
	defer s.Close()
	h.origin = s.Origin()
	must(t, s.Snapshot(func(n *store.Snapshot) error {
		err := n.Entries(0, func(_ uint64, text []byte) error {
			e, err := ledger.ParseEntry(text)
			h.pieces = append(h.pieces, piece{body: e.Body})
			for _, p := range e.Body.Parts {
				r, _, err := n.Part(p.Hash)
				if err != nil {
					return err
				}
				if h.parts[p.Hash], err = io.ReadAll(r); err != nil {
					return err
				}
				r.Close()
			}
			return err
		})
		if err != nil {
			return err
		}
		return n.Checkpoints(0, func(size uint64, note []byte) error {
			c, err := h.key.Verifier().OpenStored(note)
			h.slots[size] = c.Time
			return err
		})
	}))
	return h
}

// newReport is a body that no reporter sent.
func newReport(trustees uint64) piece {
	p := piece{body: ledger.Body{Kind: ledger.KindReport, Trustees: trustees, Commitments: ledger.Sum(random(32))}}
	for _, kind := range []string{ledger.PartSignal, ledger.PartStatement, ledger.PartIdentity} {
		part := random(2000)
		p.small = append(p.small, part)
		p.body.Parts = append(p.body.Parts, ledger.Part{Kind: kind, Hash: ledger.Sum(part), Size: int64(len(part))})
	}
	return p
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// write makes a ledger's folder of a history, every checkpoint signed again
// for the time that it had, and a guard that fits: nothing in it is wrong.
func (h *history) write(t testing.TB) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "forged")
	r, err := store.NewRebuild(dir, h.origin)
	must(t, err)
	defer r.Discard()
	if _, ends := h.slots[uint64(len(h.pieces))]; !ends {
		latest := time.Time{}
		for size, at := range h.slots {
			if at.After(latest) {
				latest = at
			}
			if size > uint64(len(h.pieces)) {
				delete(h.slots, size)
			}
		}
		h.slots[uint64(len(h.pieces))] = latest
	}
	var tree []ledger.Hash
	var previous ledger.Hash
	var newest []byte
	for i, p := range h.pieces {
		e := ledger.Entry{Origin: h.origin, Index: uint64(i), Previous: previous, Body: p.body}
		must(t, r.Entry(e))
		previous = e.LeafHash()
		tree = append(tree, previous)
		for j, part := range p.body.Parts {
			content := h.parts[part.Hash]
			if content == nil {
				content = p.small[j]
			}
			must(t, r.Part(part, bytes.NewReader(content)))
		}
		at, slot := h.slots[uint64(i+1)]
		if !slot {
			continue
		}
		c := ledger.Checkpoint{Origin: h.origin, Size: uint64(i + 1), Root: rootOf(tree), Time: at}
		newest, err = h.key.SignCheckpoint(c)
		must(t, err)
		must(t, r.Checkpoint(c, newest))
	}
	must(t, r.Finish(h.key))
	must(t, store.ConfirmShown(dir, newest))
	return dir
}

// rootOf is RFC 6962's tree hash over leaf hashes.
func rootOf(leaves []ledger.Hash) ledger.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	left, right := rootOf(leaves[:k]), rootOf(leaves[k:])
	return ledger.Sum(append(append([]byte{1}, left[:]...), right[:]...))
}

// house is an honest ledger of two slots, with what has left it by then.
type house struct {
	*vaulttest.House
	out    string // folder of what was handed out
	filed  vaulttest.Filed
	index  uint64 // of its entry
	others []uint64
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{House: vaulttest.New(t, vaulttest.Options{Slot: day}), out: t.TempDir()}
	h.filed = h.Report(nil)
	h.Report([]vaulttest.File{{Name: "a.txt", Content: "hello"}})
	h.Report(nil)
	h.Pass(day)
	h.Slot()
	h.Report(nil)
	h.Pass(day)
	h.Slot()
	var err error
	h.index, err = h.Store.Find(h.filed.Body)
	must(t, err)
	must(t, h.Store.Snapshot(func(n *store.Snapshot) error {
		return n.Entries(1, func(index uint64, text []byte) error {
			e, err := ledger.ParseEntry(text)
			if e.Body.Kind == ledger.KindReport && index != h.index && index < 33 {
				h.others = append(h.others, index)
			}
			return err
		})
	}))
	h.CarryFile(h.at("carry.tar"), 0)
	note, _ := h.Store.LatestCheckpoint()
	must(t, os.WriteFile(h.at("checkpoint"), note, 0o600))
	receipt, err := h.Store.Receipt(h.filed.Body)
	must(t, err)
	must(t, os.WriteFile(h.at("receipt"), receipt, 0o600))
	must(t, os.WriteFile(h.at("genesis.txt"), h.Store.Genesis().Marshal(), 0o600))
	return h
}

func (h *house) at(name string) string { return filepath.Join(h.out, name) }

// tiles writes what a ledger publishes.
func tiles(t testing.TB, s *store.Store) (dir string) {
	t.Helper()
	dir = t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "tile", "0", "000.p"), 0o700))
	tile, err := s.Tile(0, 0, int(s.Size()))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "tile", "0", "000.p", fmt.Sprint(s.Size())), tile, 0o600))
	note, _ := s.LatestCheckpoint()
	must(t, os.WriteFile(filepath.Join(dir, "checkpoint"), note, 0o600))
	return dir
}

// openForged opens a forged ledger on a later day, and, if it is to grow, lets it
// go on for two slots, so that it is longer than what anybody has seen.
func openForged(t testing.TB, dir string, now time.Time, grow bool) *store.Store {
	t.Helper()
	s, err := store.Open(dir, store.Config{Slot: day, Now: func() time.Time { return now }})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	for grow && s.Size() < 128 {
		must(t, s.Sequence(context.Background()))
	}
	faults, err := s.Check(t.Context(), nil)
	if err != nil || len(faults) > 0 {
		t.Fatalf("the forgery is not even consistent: %v, %v", faults, err)
	}
	return s
}
