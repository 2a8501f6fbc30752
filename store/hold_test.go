package store

import (
	"fmt"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
)

func (f *forgettable) hold(nonce string, entries ...uint64) []byte {
	return ledger.Hold{Origin: f.Origin(), Nonce: ledger.Sum([]byte(nonce)), Reason: ledger.HoldProceedings, Entries: entries}.Marshal()
}

func (f *forgettable) propose(t testing.TB, text []byte, by ...ledgertest.Trustee) Submission {
	t.Helper()
	return approved(t, f.Store, ledger.KindTombstone, text, nil, by...)
}

// A hold by one trustee blocks what two have approved, until two release it.
func TestHold(t *testing.T) {
	shorttest.Skip(t, "not tested: a hold")
	f := newForgettable(t)
	people := ledgertest.Trustees()[:3]
	hold := submit(t, f.Store, f.propose(t, f.hold("one", f.index), people[2]))
	erase := f.propose(t, tombstone(f.Store, f.index, f.hashes()...), people[:2]...)
	_, err := f.Submit(t.Context(), erase)
	wants(t, err, ErrRefused, fmt.Sprintf("the submission is not acceptable: a hold of entry %d waits for its slot", f.index))
	_, err = f.Submit(t.Context(), f.propose(t, f.hold("one", f.index), people[1]))
	wants(t, err, ErrRefused, "the submission is not acceptable: this hold waits for its slot already")
	f.slot(t)

	at, err := f.Find(hold.Body)
	if err != nil {
		t.Fatal(err)
	}
	held := f.Held()
	if len(held) != 1 || held[0].Index != at || held[0].Entries[0] != f.index || held[0].Reason != ledger.HoldProceedings {
		t.Fatalf("held: %+v", held)
	}
	_, err = f.Submit(t.Context(), erase)
	wants(t, err, ErrRefused, fmt.Sprintf("the submission is not acceptable: entry %d (tombstone): it erases a part of entry %d, and the hold of entry %d forbids that",
		f.Size(), f.index, at))
	_, err = f.Submit(t.Context(), f.propose(t, f.hold("one", f.index), people[1]))
	wants(t, err, ErrRefused, fmt.Sprintf("the submission is not acceptable: entry %d (tombstone): it is the hold of entry %d once more", f.Size(), at))

	release := ledger.Release{Origin: f.Origin(), Hold: at, Leaf: held[0].Leaf}.Marshal()
	_, err = f.Submit(t.Context(), f.propose(t, release, people[2]))
	wants(t, err, ErrRefused, fmt.Sprintf("the submission is not acceptable: entry %d (tombstone): 1 approvals, and 2 are needed", f.Size()))
	submit(t, f.Store, f.propose(t, release, people[:2]...))
	_, err = f.Submit(t.Context(), f.propose(t, release, people[1:]...))
	wants(t, err, ErrRefused, "the submission is not acceptable: a release of this hold waits for its slot already")
	f.slot(t)
	_, err = f.Submit(t.Context(), f.propose(t, release, people[1:]...))
	wants(t, err, ErrRefused, fmt.Sprintf("the submission is not acceptable: entry %d (tombstone): it releases the hold of entry %d, which is released already", f.Size(), at))
	if held := f.Held(); len(held) != 0 {
		t.Errorf("still held: %+v", held)
	}

	// After a restart what was held and released is known still.
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f.Store = open(t, f.dir, Config{Slot: day, Now: f.clock.now})
	_, err = f.Submit(t.Context(), f.propose(t, f.hold("one", f.index), people[0]))
	wants(t, err, ErrRefused, fmt.Sprintf("the submission is not acceptable: entry %d (tombstone): it is the hold of entry %d once more", f.Size(), at))
	submit(t, f.Store, erase)
	_, err = f.Submit(t.Context(), f.propose(t, f.hold("two", f.index), people[0]))
	wants(t, err, ErrRefused, fmt.Sprintf("the submission is not acceptable: a tombstone for a part of entry %d waits for its slot already: the hold comes too late", f.index))
	submit(t, f.Store, f.propose(t, f.hold("two", f.index%2+1), people[0])) // of the other report
	f.slot(t)
	if _, _, err := f.Part(f.hashes()[0]); err == nil {
		t.Error("it was not erased")
	}
}
