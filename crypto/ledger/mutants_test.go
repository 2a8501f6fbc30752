package ledger_test

import (
	"bytes"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

// A body of the right size and form whose hash is another is refused.
func TestABodyOfAnotherHash(t *testing.T) {
	b := ledgertest.New()
	b.Filler()
	chain := ledger.NewChain(nil)
	must(t, step(chain, b, b.Entries[0]))
	e, err := chain.Add(b.Entries[1])
	must(t, err)
	other := bytes.Clone(b.Files[e.Body.Parts[0].Hash])
	other[0] ^= 1 // a hexadecimal digit becomes another, or a letter another
	if ledger.CheckFiller(other) != nil {
		t.Fatal("the altered filler has lost its form")
	}
	begins(t, chain.AddBody(e, other), "entry 1 (filler): the body has 64 bytes and the hash "+ledger.Sum(other).String()+", and the entry names 64 and ")
}

// Neither of a log's two keys comes back, alone or beside a new one.
func TestOneOfTwoLogKeysComesBack(t *testing.T) {
	old, fresh := ledgertest.Key(1).Keys(), ledgertest.Key(2)
	for _, keys := range []ledger.LogKeys{{old[0], fresh.Keys()[1]}, {fresh.Keys()[0], old[1]}} {
		b := ledgertest.New()
		change := b.KeyChangeTo(fresh, ledger.ReasonCompromised)
		change.New = keys
		text := change.Marshal()
		b.Change(ledger.KindKey, b.Approve(text, ledgertest.KeyLines(text, fresh), b.People[:2]...))
		_, err := follow(b, nil)
		begins(t, err, "entry 1 (key): a log key never comes back, and the keys of entry 0 would")
	}
}
