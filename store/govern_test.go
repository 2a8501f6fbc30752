package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

// statement is a trustee's first statement.
func statement(s *Store, kind string, subject ledger.Hash) card.Statement {
	index, _ := s.SetInForce()
	return card.Statement{Ledger: s.Card().Genesis, Trustees: index, Number: 1, Kind: kind, Subject: subject}
}

// approved makes the submission of a proposal that two trustees approve.
func approved(t testing.TB, s *Store, k ledger.Kind, text, keyLines []byte, by ...ledgertest.Trustee) Submission {
	t.Helper()
	a := ledger.Approved{Text: text, KeyLines: keyLines}
	for _, trustee := range by {
		signed, err := trustee.Signer.SignStatement(statement(s, card.KindApproval, ledger.Subject(text)))
		if err != nil {
			t.Fatal(err)
		}
		a.Approvals = append(a.Approvals, signed)
	}
	index, _ := s.SetInForce()
	body := a.Marshal()
	return Submission{Body: ledger.BodyOf(k, index, body), Small: [][]byte{body}}
}

func after(s *Store) ledger.Hash { return s.standing.state.After }

func TestNewTrustees(t *testing.T) {
	for _, slot := range []int{0, 1} {
		c := newClock()
		d := day
		if slot == 0 {
			d = 0
		}
		s := newStore(t, d, c)
		people := ledgertest.Trustees()
		set := ledgertest.Set(people[0], people[2], people[3])
		change := ledger.TrusteesChange{Origin: s.Origin(), After: after(s), Set: set}.Marshal()
		sub := approved(t, s, ledger.KindTrustees, change, nil, people[:2]...)
		if _, err := s.Submit(t.Context(), approved(t, s, ledger.KindTrustees, change, nil, people[0])); !errors.Is(err, ErrRefused) {
			t.Errorf("one approval too few: %v", err)
		}
		before := words(s)
		submit(t, s, before)
		submit(t, s, sub)
		if slot > 0 {
			_, err := s.Submit(t.Context(), approved(t, s, ledger.KindTrustees, ledger.TrusteesChange{Origin: s.Origin(), After: after(s),
				Set: ledgertest.Set(people[:2]...)}.Marshal(), nil, people[:2]...))
			wants(t, err, ErrRefused, "the submission is not acceptable: another change of keys or trustees waits for its slot; propose this one anew after it")
			submit(t, s, words(s)) // goes by the old set, and stands before the change
			c.forward(day)
			sequence(t, s)
		}
		index, now := s.SetInForce()
		if index != s.Size()-1 || len(now.Trustees) != 3 || now.Trustees[2].Name != "dora" {
			t.Errorf("entry %d of %d names %d trustees", index, s.Size(), len(now.Trustees))
		}
		old := words(s)
		old.Body.Trustees = 0
		if _, err := s.Submit(t.Context(), old); !errors.Is(err, ErrOldSet) {
			t.Errorf("sealed to the old set: %v", err)
		}
		submit(t, s, words(s))
		sequenceIfSlots(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, s.dir, Config{Slot: d, Now: c.now})
		if again, _ := s.SetInForce(); again != index {
			t.Errorf("after opening entry %d is in force, and %d was", again, index)
		}
	}
}

func TestNewLogKey(t *testing.T) {
	c := newClock()
	s := newStore(t, day, c)
	people := ledgertest.Trustees()
	next := ledgertest.Key(2)
	text := ledger.KeyChange{Origin: s.Origin(), After: after(s), Old: ledgertest.Key(1).Keys(), New: next.Keys(), Reason: ledger.ReasonRotation}.Marshal()
	old, err := s.SignKeyChange(text)
	if err != nil {
		t.Fatal(err)
	}
	sub := approved(t, s, ledger.KindKey, text, append(ledgertest.KeyLines(text, next), old...), people[:2]...)
	_, err = s.Submit(t.Context(), sub)
	wants(t, err, ErrRefused, "the submission is not acceptable: this folder does not have the new log key")
	if err := s.SetNextKey(next); err != nil {
		t.Fatal(err)
	}
	waits := submit(t, s, words(s)) // promised by the old key
	submit(t, s, sub)
	c.forward(day)
	sequence(t, s)
	if s.Verifier().Keys() != next.Keys() {
		t.Error("the new key is not in force")
	}
	note, _ := s.LatestCheckpoint()
	if _, err := next.Verifier().OpenStored(note); err != nil {
		t.Errorf("the checkpoint over the key entry: %v", err)
	}
	if _, err := s.Receipt(waits.Body); err != nil {
		t.Error(err)
	}
	submit(t, s, words(s))
	if exists(filepath.Join(s.dir, nextKeyName)) {
		t.Error("the new key still lies under its other name")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// The power failed before the key got its name.
	for from, content := range map[string][]byte{nextKeyName: next.Marshal(), keyName: ledgertest.Key(1).Marshal()} {
		if err := os.WriteFile(filepath.Join(s.dir, from), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, s.dir, Config{Slot: day, Now: c.now})
	if k, err := readKey(s.dir, keyName); err != nil || k.Keys() != next.Keys() {
		t.Errorf("the key after opening: %v", err)
	}
	sequence(t, s)
}

// scan reports whether the ledger's folder has these bytes anywhere.
func scan(t testing.TB, dir string, what []byte) (found bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, what) {
			found = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestErase(t *testing.T) {
	c := newClock()
	s := newStore(t, day, c)
	gone, stays := report(t, s, 70000), report(t, s, 70000)
	secret := random(40000)
	gone.Small[1], gone.Body.Parts[1].Hash, gone.Body.Parts[1].Size = secret, ledger.Sum(secret), int64(len(secret))
	promise := submit(t, s, gone)
	submit(t, s, stays)
	c.forward(day)
	sequence(t, s)
	receipt, err := s.Receipt(promise.Body)
	if err != nil {
		t.Fatal(err)
	}
	index, err := s.Find(promise.Body)
	if err != nil {
		t.Fatal(err)
	}
	hashes := []ledger.Hash{gone.Body.Parts[1].Hash, gone.Body.Parts[3].Hash}
	if compareHashes(hashes[0], hashes[1]) > 0 {
		hashes[0], hashes[1] = hashes[1], hashes[0]
	}
	stone := ledger.Tombstone{Origin: s.Origin(), Reason: ledger.EraseAsked, Parts: []ledger.Erased{{Index: index, Hash: hashes[0]}, {Index: index, Hash: hashes[1]}}}
	sub := approved(t, s, ledger.KindTombstone, stone.Marshal(), nil, ledgertest.Trustees()[:2]...)
	at := submit(t, s, sub)
	c.forward(day)
	sequence(t, s)
	tombstone, err := s.Find(at.Body)
	if err != nil {
		t.Fatal(err)
	}
	if tombstone != s.Size()-1 {
		t.Errorf("the tombstone is entry %d of %d: what governs comes last", tombstone, s.Size())
	}
	wants(t, s.Erase(t.Context(), index), ErrRefused, "the submission is not acceptable: entry "+number10(index)+" is a report, and no tombstone")
	file := partPath(s.dir, gone.Body.Parts[3].Hash)
	for range 2 {
		if err := s.Erase(t.Context(), tombstone); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range hashes {
		_, _, err := s.Part(h)
		wants(t, err, ErrErased, "part "+h.String()+": the part was erased")
	}
	if exists(file) {
		t.Error("the attachment's file is still there")
	}
	piece := secret[20000:20032]
	if !scan(t, s.dir, piece) {
		t.Error("bbolt has overwritten what it deletes: then why compact?")
	}
	open := make(chan struct{})
	go func() { // a reader does not keep anybody from compacting
		s.Snapshot(func(n *Snapshot) error { close(open); return nil })
	}()
	<-open
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if scan(t, s.dir, piece) {
		t.Error("the erased part is still in the folder")
	}
	again, err := s.Receipt(promise.Body)
	if err != nil || !bytes.Equal(again, receipt) {
		t.Errorf("the receipt after erasing: %v", err)
	}
	submit(t, s, words(s))
	sequence(t, s)

	// The same part does not come back by another way.
	sub = words(s)
	sub.Small[1], sub.Body.Parts[1] = secret, gone.Body.Parts[1]
	_, err = s.Submit(t.Context(), sub)
	wants(t, err, ErrPartTaken, "another submission has this part already: "+gone.Body.Parts[1].Hash.String())
}

func TestCompactKeepsEverything(t *testing.T) {
	c := newClock()
	s := newStore(t, day, c)
	for range 5 {
		for range 10 {
			submit(t, s, report(t, s, 66000))
		}
		c.forward(day)
		sequence(t, s)
	}
	submit(t, s, words(s))
	before, _ := s.LatestCheckpoint()
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, _ := s.LatestCheckpoint()
	if !bytes.Equal(before, after) {
		t.Error("another checkpoint")
	}
	sequence(t, s)
	if faults, err := s.Check(t.Context(), nil); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
}

func number10(n uint64) string { return fmt.Sprint(n) }
