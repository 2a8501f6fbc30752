package store

import (
	"os"
	"path/filepath"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// The machine is there, its key is not: the trustees give it another one.
func TestLostKey(t *testing.T) {
	shorttest.Skip(t, "not tested: a ledger whose key is lost")
	for _, slot := range []int{0, 1} {
		c := newClock()
		s := newStore(t, day, c)
		waits := submit(t, s, words(s))
		old := s.Verifier()
		dir := s.dir
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, keyName)); err != nil {
			t.Fatal(err)
		}
		_, err := openTest(dir, Config{Slot: day, Now: c.now})
		wants(t, err, nil, dir+" has no log.key that is the key of "+s.Card().String())
		if exit.StatusOf(err) != exit.KeyMissing {
			t.Errorf("status %d", exit.StatusOf(err))
		}
		config := Config{Slot: day, Now: c.now, KeyLost: true}
		if slot == 0 {
			config.Slot = 0
		}
		if config.Slot == 0 {
			// What waits can't be sequenced either before there is a key.
			if _, err := openTest(dir, config); err == nil {
				t.Fatal("what waits was sequenced without a key")
			}
			config.Slot = day
		}
		s = open(t, dir, config)
		const lost = "the log's key is lost, and without it nothing can be signed or promised"
		_, err = s.Submit(t.Context(), words(s))
		wants(t, err, nil, lost)
		_, err = s.SignKeyChange(nil)
		wants(t, err, nil, lost)
		wants(t, s.Sequence(t.Context()), ErrRefused, "the submission is not acceptable: the new log key is not in this folder")

		next := ledgertest.Key(2)
		if err := s.SetNextKey(next); err != nil {
			t.Fatal(err)
		}
		text := ledger.KeyChange{Origin: s.Origin(), After: after(s), Old: ledgertest.Key(1).Keys(), New: next.Keys(), Reason: ledger.ReasonCompromised}.Marshal()
		lines, err := s.SignNextKey(text)
		if err != nil {
			t.Fatal(err)
		}
		people := ledgertest.Trustees()
		_, err = s.Submit(t.Context(), approved(t, s, ledger.KindKey, text, lines, people[0]))
		wants(t, err, ErrRefused, "the submission is not acceptable: entry 1 (key): 1 approvals, and 2 are needed")
		promise, err := s.Submit(t.Context(), approved(t, s, ledger.KindKey, text, lines, people[:2]...))
		if err != nil || promise != nil {
			t.Fatalf("%v, a promise of %d bytes", err, len(promise))
		}
		if s.Verifier().Keys() != next.Keys() || s.Verifier().Keys() == old.Keys() {
			t.Error("the new key is not in force")
		}
		if _, err := s.Find(waits.Body); err != nil {
			t.Errorf("what waited: %v", err)
		}
		submit(t, s, words(s))
		sequence(t, s)
		if exists(filepath.Join(dir, nextKeyName)) || !exists(filepath.Join(dir, keyName)) {
			t.Error("the new key has not its name")
		}
	}
}
