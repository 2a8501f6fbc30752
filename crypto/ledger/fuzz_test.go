package ledger_test

import (
	"bytes"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

// same asserts that what was read is written again in the same bytes.
func same(t *testing.T, read, written []byte) {
	t.Helper()
	if !bytes.Equal(read, written) {
		t.Errorf("%q is written again as %q", read, written)
	}
}

func FuzzParseEntry(f *testing.F) {
	ledgertest.Seed(f, dir("entry"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := ledger.ParseEntry(b); err == nil {
			same(t, b, e.Marshal())
			if _, err := ledger.ParseBody(e.Body.Marshal()); err != nil {
				t.Errorf("an entry's body is refused alone: %v", err)
			}
		}
	})
}

func FuzzParseBody(f *testing.F) {
	f.Add(report("x", 2).Marshal())
	f.Add(ledger.BodyOf(ledger.KindKey, 3, []byte("x")).Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		if body, err := ledger.ParseBody(b); err == nil {
			same(t, b, body.Marshal())
		}
	})
}

func FuzzParseGenesis(f *testing.F) {
	ledgertest.Seed(f, dir("genesis"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, err := ledger.ParseGenesis(b); err == nil {
			same(t, b, g.Marshal())
		}
	})
}

func FuzzParseChange(f *testing.F) {
	ledgertest.Seed(f, dir("change"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ledger.ParseApproved(b)
		if err != nil {
			return
		}
		same(t, b, a.Marshal())
		if c, err := ledger.ParseTrusteesChange(a.Text); err == nil {
			same(t, a.Text, c.Marshal())
		}
		if c, err := ledger.ParseKeyChange(a.Text); err == nil {
			same(t, a.Text, c.Marshal())
		}
		if c, err := ledger.ParseTombstone(a.Text); err == nil {
			same(t, a.Text, c.Marshal())
		}
		if h, err := ledger.ParseHold(a.Text); err == nil {
			same(t, a.Text, h.Marshal())
		}
		if r, err := ledger.ParseRelease(a.Text); err == nil {
			same(t, a.Text, r.Marshal())
		}
	})
}

func FuzzParseSignedBody(f *testing.F) {
	b := ledgertest.Everything()
	for _, i := range []uint64{3, 4, 5} {
		f.Add(b.Files[entry(f, b, i).Body.Parts[0].Hash])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ledger.ParseSignedBody(b)
		if err != nil {
			return
		}
		same(t, b, s.Marshal())
		if r, err := ledger.ParseReply(s.Content); err == nil {
			same(t, s.Content, r.Marshal())
		}
		if c, err := ledger.ParseCustodyHead(s.Content); err == nil {
			same(t, s.Content, c.Marshal())
		}
	})
}

// What a verifier accepts was signed, so with the seeds' texts only: a fuzzer
// that finds another has broken a signature, or found a second writing of one.
func FuzzOpenCheckpoint(f *testing.F) {
	ledgertest.Seed(f, dir("checkpoint"))
	v := ledgertest.Key(1).Verifier()
	f.Fuzz(func(t *testing.T, b []byte) {
		c, others, err := v.OpenWitnessed(b)
		if err != nil {
			return
		}
		if c.Size != 3 || len(others) == 0 && len(b) > 3600 {
			t.Errorf("accepted %q", b)
		}
		if again, err := v.OpenCheckpoint(b); err != nil || again != c {
			t.Error("two readers disagree")
		}
	})
}

func FuzzOpenPromise(f *testing.F) {
	ledgertest.Seed(f, dir("promise"))
	v := ledgertest.Key(1).Verifier()
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := v.OpenPromise(b); err == nil {
			note, body, err := ledger.SplitPromise(b)
			if err != nil || ledger.BodyHash(body) != p.Body {
				t.Errorf("accepted %q, %v", b, err)
			}
			same(t, b, ledger.PromiseFile(note, body))
		}
	})
}

func FuzzOpenReceipt(f *testing.F) {
	ledgertest.Seed(f, dir("receipt"))
	v := ledgertest.Key(1).Verifier()
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := v.OpenReceipt(b); err == nil && r.Leaf != ledger.LeafHash(r.Text) {
			t.Errorf("accepted %q", b)
		}
	})
}

func FuzzParseSigningKey(f *testing.F) {
	f.Add(ledgertest.Key(1).Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := ledger.ParseSigningKey(b); err == nil {
			same(t, b, k.Marshal())
		}
	})
}
