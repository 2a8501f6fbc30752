package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"zapis/crypto/ledger"
)

var firstSlot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func TestSlot(t *testing.T) {
	c := newClock()
	s := newStore(t, day, c)
	var promised []ledger.Promise
	for i := range 40 {
		sizes := make([]int, i%3)
		for j := range sizes {
			sizes[j] = 70000 + i
		}
		p := submit(t, s, report(t, s, sizes...))
		if !p.Slot.Equal(firstSlot) {
			t.Fatalf("promised for %s, want %s", p.Slot, firstSlot)
		}
		promised = append(promised, p)
	}
	if _, err := s.Receipt(promised[0].Body); !errors.Is(err, ErrWaiting) {
		t.Errorf("a receipt before the slot: %v", err)
	}
	if got := s.Size(); got != 1 {
		t.Fatalf("%d entries before the slot", got)
	}
	c.set(firstSlot)
	sequence(t, s)
	if got := s.Size(); got != 1+64 {
		t.Errorf("%d entries after the slot, want 65: 40 are filled up to 64", got)
	}
	_, cp := s.LatestCheckpoint()
	if !cp.Time.Equal(firstSlot) {
		t.Errorf("the checkpoint's time is %s, want the slot's", cp.Time)
	}
	inOrder, byHash := true, true
	var last uint64
	slices.SortFunc(promised, func(a, b ledger.Promise) int { return bytes.Compare(a.Body[:], b.Body[:]) }) // the order in which they wait
	for i, p := range promised {
		file, err := s.Receipt(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Verifier().OpenReceipt(file)
		if err != nil {
			t.Fatal(err)
		}
		if r.Entry.Body.Hash() != p.Body || r.Checkpoint != cp {
			t.Errorf("the receipt is of body %s under %d", r.Entry.Body.Hash(), r.Checkpoint.Size)
		}
		inOrder = inOrder && r.Entry.Index == uint64(1+i)
		byHash = byHash && r.Entry.Index > last
		last = r.Entry.Index
		previous, err := s.Entry(r.Entry.Index - 1)
		if err != nil {
			t.Fatal(err)
		}
		if !ledger.PromiseFits(s.Origin(), r.Entry.Index, ledger.LeafHash(previous), p.Text, r.Leaf) {
			t.Errorf("promise %d does not fit its leaf", i)
		}
	}
	if inOrder || byHash {
		t.Error("the entries stand in the order of their hashes: they were not shuffled")
	}
}

func TestSlotZero(t *testing.T) {
	c := newClock()
	s := newStore(t, 0, c)
	for i := range 5 {
		p := submit(t, s, report(t, s, 65000))
		file, err := s.Receipt(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Verifier().OpenReceipt(file)
		if err != nil {
			t.Fatal(err)
		}
		if r.Entry.Index != uint64(1+i) {
			t.Errorf("entry %d, want %d", r.Entry.Index, 1+i)
		}
		if p.Slot.Before(r.Checkpoint.Time) {
			t.Errorf("promised for %s, after a checkpoint of %s", p.Slot, r.Checkpoint.Time)
		}
	}
	if err := s.Sequence(context.Background()); err != nil || s.Size() != 6 {
		t.Errorf("sequencing nothing: %v, %d entries", err, s.Size())
	}
}
