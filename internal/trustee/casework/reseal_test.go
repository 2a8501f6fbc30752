package casework_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/vault/vaulttest"
	"zapis/store"
)

// takesOver puts dora into vera's place.
func takesOver(t *testing.T, h *vaulttest.House) {
	t.Helper()
	after, err := h.Store.After()
	h.Must(err)
	set := h.Set
	set.Trustees = append(set.Trustees[:2:2], vaulttest.Identity(t, "dora").Card)
	text := ledger.TrusteesChange{Origin: vaulttest.Origin, After: after, Set: set}.Marshal()
	a := ledger.Approved{Text: text}
	for _, id := range h.Trustees[:2] {
		s, err := id.Signer.SignStatement(card.Statement{Ledger: h.Card().Genesis, Number: 1, Kind: card.KindApproval, Subject: ledger.Subject(text)})
		h.Must(err)
		a.Approvals = append(a.Approvals, s)
	}
	body := a.Marshal()
	_, err = h.Store.Submit(t.Context(), store.Submission{Body: ledger.BodyOf(ledger.KindTrustees, 0, body), Small: [][]byte{body}})
	h.Must(err)
}

func TestForgedReseal(t *testing.T) {
	shorttest.Skip(t, "not tested: forged reseals")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed, other := h.Report(nil), h.Report(nil)
	takesOver(t, h)
	c := deskOf(t, h)
	c.carry()
	dora := c.key("dora")
	c.emptied("dora", h.Carry(0))
	reseal := func(id string) (exchange.Reseal, []byte) {
		var file []byte
		c.with("anna", func(v *casework.Trustee, cases *casework.Cases) {
			found, err := cases.Find(id)
			c.Must(err)
			file, err = resealOf(v, found, release.Resealing{To: "dora", Why: "She takes it over."})
			c.Must(err)
		})
		_, s, err := exchange.ParseResealFile(file)
		c.Must(err)
		return s, file
	}
	good, file := reseal(filed.Case)
	others, _ := reseal(other.Case)
	to, err := seal.NewRecipients(1, dora.Card.Age)
	c.Must(err)
	sealed := func(k exchange.Keys) []byte {
		var b bytes.Buffer
		_, err := seal.Seal(&b, seal.Message, to, bytes.NewReader(k.Marshal()))
		c.Must(err)
		return b.Bytes()
	}
	wrong, err := seal.ParseFileKey(strings.Repeat("ab", 16))
	c.Must(err)
	lie := sealed(exchange.Keys{Case: filed.Case, Of: []exchange.Key{{Part: good.Parts[0].Hash, Key: wrong}}})
	forged := func(change func(*exchange.Reseal)) []byte {
		s := good
		s.Parts = append([]exchange.Part(nil), good.Parts...)
		change(&s)
		return s.Marshal()
	}
	receive := func(file []byte) (err error) {
		c.with("dora", func(v *casework.Trustee, _ *casework.Cases) { _, err = v.Receive(file) })
		return err
	}
	for n, tt := range []struct {
		name    string
		by      string
		content []byte
		status  exit.Status
		want    string
	}{
		{"a key that is none", "anna", forged(func(s *exchange.Reseal) { s.Sealed = lie }), exit.Mismatch,
			"the key that anna handed on does not open the statement of entry 1"},
		{"keys of another reseal", "anna", forged(func(s *exchange.Reseal) { s.Sealed = others.Sealed }), exit.Mismatch,
			"the reseal of anna: the keys in it are of another one: they were taken from elsewhere"},
		{"of other parts", "anna", forged(func(s *exchange.Reseal) { s.Parts = others.Parts }), exit.Mismatch,
			"the reseal of anna: the keys in it are of other parts than it says"},
		{"of another submission", "anna", forged(func(s *exchange.Reseal) { s.Parts[0].Body = other.Body }), exit.Mismatch, "is the statement of another submission than it is"},
		{"from one who can't have it", "dora", forged(func(*exchange.Reseal) {}), exit.Failed, "the statement of entry 1 is not sealed to dora"},
		{"from a stranger", "stranger", forged(func(*exchange.Reseal) {}), exit.Mismatch, "who is not among the trustees"},
		{"sealed to nobody here", "anna", forged(func(s *exchange.Reseal) { s.Sealed = []byte("x") }), exit.Mismatch, "the reseal of anna: the sealed keys: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &desk{House: h, t: t, vaults: c.vaults}
			c.refuses(receive(signed(t, h, vaulttest.Identity(t, tt.by), uint64(50+n), "reseal", tt.content, func(s *card.Statement) {
				if tt.by == "dora" {
					s.Trustees = h.Store.Size() - 1
				}
			})), tt.status, tt.want)
		})
	}
	c.Must(receive(file))
	c.with("dora", func(v *casework.Trustee, cases *casework.Cases) {
		found, err := cases.Find(filed.Case)
		c.Must(err)
		o, err := v.Show(found)
		if err != nil || !o.Fits || o.Submissions[0].Closed != "it is sealed to others than you" {
			t.Errorf("%v, %+v", err, o)
		}
		_, err = cases.Find(other.Case)
		c.refuses(err, exit.Failed, "there is no case")
	})
	c.with("anna", func(v *casework.Trustee, _ *casework.Cases) {
		var acts []string
		for n := uint64(1); n <= v.Custody.Len(); n++ {
			e, err := v.Custody.Read(n, vaulttest.Identity(t, "anna").Age)
			c.Must(err)
			if e.Act == custody.Resealed {
				acts = append(acts, fmt.Sprintf("%s %s: %s", e.Case, e.Subject, e.Why))
			}
		}
		want := filed.Case + " statement of entry 1, to dora (" + dora.Card.Fingerprint() + "): She takes it over."
		if len(acts) != 2 || acts[0] != want {
			t.Errorf("%q", acts)
		}
	})
}
