package bundle

import (
	"bytes"
	"strings"
	"testing"

	"zapis/crypto/card"
)

func TestWriteAndCheck(t *testing.T) {
	t.Parallel()
	zip, in := sample(t), shared.input
	r := check(t, zip, Options{})
	if !r.OK {
		t.Fatalf("faults: %q", r.Faults)
	}
	if r.NotProved[0] != Unproved {
		t.Errorf("first is %q", r.NotProved[0])
	}
	for _, s := range append(append(r.Proved, r.Withheld...), r.NotProved...) {
		t.Log(s)
	}
	r = check(t, zip, Options{Ledgers: []card.LedgerCard{in.Ledger}})
	if !r.OK || !strings.HasPrefix(r.Proved[0], "This is the ledger that you trust: zapis-ledger+example.org/ledger+") {
		t.Errorf("with the card: %+v", r)
	}
}

func TestDeterministic(t *testing.T) {
	t.Parallel()
	if again := sample(t); !bytes.Equal(write(t, shared.input), again) {
		t.Error("the same input gave other bytes")
	}
}
