package bundle

import (
	"errors"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

// A ledger from a bundle has the retired log keys, and the time: a holder of
// such a key can't make promises for later.
func TestPromiseByARetiredKey(t *testing.T) {
	b := ledgertest.New()
	b.Report("first", 0)
	text := b.KeyChangeTo(ledgertest.Key(2), ledger.ReasonCompromised).Marshal()
	b.Change(ledger.KindKey, b.Approve(text, ledgertest.KeyLines(text, ledgertest.Key(2)), b.People[:2]...))
	b.Key = ledgertest.Key(2)
	part := func(index int) []byte {
		e, err := ledger.ParseEntry(b.Entries[index])
		if err != nil {
			t.Fatal(err)
		}
		return b.Files[e.Body.Parts[0].Hash]
	}
	c, err := readGovernance([]governing{{0, b.Entries[0], part(0)}, {2, b.Entries[2], part(2)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.openCheckpoint(b.Checkpoint()); err != nil {
		t.Fatal(err)
	}
	never := ledger.BodyOf(ledger.KindReply, 0, []byte("never sent"))
	for key, want := range map[byte]error{1: ledger.ErrRetiredKey, 2: nil} {
		note, err := ledgertest.Key(key).SignPromise(never.Hash(), time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (&Ledger{c.Card, c}).OpenPromise(ledger.PromiseFile(note, never.Marshal())); !errors.Is(err, want) {
			t.Errorf("key %d: %v", key, err)
		}
	}
}
