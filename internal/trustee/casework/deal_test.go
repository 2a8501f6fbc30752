package casework_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

// liar makes a stanza of the right shape around the wrong key.
type liar struct{ *age.HybridRecipient }

func (l liar) WrapWithLabels([]byte) ([]*age.Stanza, []string, error) {
	return l.HybridRecipient.WrapWithLabels(bytes.Repeat([]byte{7}, 16))
}

func readers(h *vaulttest.House) []age.Recipient {
	var list []age.Recipient
	for _, id := range h.Trustees {
		list = append(list, id.Age.Recipient())
	}
	return list
}

func TestShutOutTrustee(t *testing.T) {
	shorttest.Skip(t, "not tested: a trustee who is shut out")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	to := readers(h)
	to[1] = liar{h.Trustees[1].Age.Recipient()}
	h.Report(nil)
	vaulttest.Forged{Readers: to}.Submit(t, h)
	file := h.Carry(0)

	// Both import the file: it is what the ledger has. Boris gets a warning.
	anna := newVault(t)
	if done := anna.mustTake(file, as(h.Trustees[0])); len(done.Mismatches) != 0 {
		t.Errorf("anna: %v", done.Mismatches)
	}
	boris := newVault(t)
	done := boris.mustTake(file, as(h.Trustees[1]))
	if len(done.Mismatches) != 1 || !strings.HasPrefix(done.Mismatches[0].Text, "entry 2: statement: ") ||
		!strings.Contains(done.Mismatches[0].Text, "your own stanza (trustee 2 of 3) does not open with your key") {
		t.Fatalf("boris: %v", done.Mismatches)
	}
	v := boris.openAs(h.Trustees[1])
	e, err := v.Custody.Read(2, h.Trustees[1].Age)
	if err != nil || e.Act != "verified" || !strings.HasPrefix(e.Subject, "does not open: entry 2: statement: ") {
		t.Errorf("what was recorded: %v %q, %v", e.Act, e.Subject, err)
	}
	cases := sort(t, v)
	if len(cases.List) != 1 || len(cases.Problems) != 1 {
		t.Fatalf("%d cases, %v", len(cases.List), cases.Problems)
	}
	refused(t, "opening it", cases.Problems[0], exit.Mismatch, "entry 2: statement: ")
}

// Parts for others than the entry names are refused by every import, also without a key.
func TestWrongReaders(t *testing.T) {
	shorttest.Skip(t, "not tested: readers without a key")
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		forged     func(h *vaulttest.House) vaulttest.Forged
	}{
		{"one too few", "the part is sealed to 2 keys, and the set has 3 trustees", func(h *vaulttest.House) vaulttest.Forged {
			return vaulttest.Forged{Readers: readers(h)[:2]}
		}},
		{"one too many", "the part is sealed to 4 keys, and the set has 3 trustees", func(h *vaulttest.House) vaulttest.Forged {
			return vaulttest.Forged{Readers: append(readers(h), vaulttest.Identity(t, "stranger").Age.Recipient())}
		}},
		{"not an age file", "entry 1: statement: ", func(h *vaulttest.House) vaulttest.Forged {
			return vaulttest.Forged{Statement: bytes.Repeat([]byte("x"), 70000)}
		}},
		{"a wrong size", "no part of kind statement with this header has", func(h *vaulttest.House) vaulttest.Forged {
			var b bytes.Buffer
			w, _ := age.Encrypt(&b, readers(h)...)
			w.Write([]byte("short"))
			w.Close()
			return vaulttest.Forged{Statement: b.Bytes()}
		}},
	} {
		h := vaulttest.New(t, vaulttest.Options{})
		tt.forged(h).Submit(t, h)
		o := newVault(t)
		_, err := o.take(h.Carry(0), vault.ImportOptions{})
		refused(t, tt.name, err, exit.Mismatch, tt.want)
		refused(t, tt.name, err, exit.Mismatch, "entry 1: statement: ")
	}
}

// The statement and the commitments of the entry are compared at every opening.
func TestCommitmentsThatDoNotFit(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna"}})
	hash := vaulttest.Forged{Lie: func(st *seal.StatementPart) {
		for i, it := range st.Items {
			if it.Field == "narrative" {
				l := *it.Line
				l.Value = []byte(`"y"`)
				st.Items[i] = seal.Item{Commitment: seal.Commitment{Hash: l.Hash(), Field: l.Field}, Line: &l}
			}
		}
	}}.Submit(t, h)
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v := o.openAs(h.Trustees[0])
	for range 2 {
		cases := sort(t, v)
		if len(cases.List) != 1 || len(cases.Problems) != 1 {
			t.Fatalf("%d cases, %v", len(cases.List), cases.Problems)
		}
		refused(t, "sorting", cases.Problems[0], exit.Mismatch, "entry 1: the answers do not fit the commitments in the ledger")
		if cases.List[0].Summary().Fits {
			t.Error("the list says that it fits")
		}
	}
	c := show(t, v, casefile.CaseID(hash))
	if c.Fits || len(c.Faults) == 0 {
		t.Error("it is shown as if it fitted")
	}
	_, err := bundleOf(t, v, c, release.BundleOptions{For: lawyer, Leave: casefile.Leave{Override: "x"}})
	refused(t, "a bundle of it", err, exit.Mismatch, "the case does not fit its entries")
}

// The operator of the intake can read which cases there are, and can't speak for their reporters.
func TestForgedFollowUp(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report(nil)
	hash := vaulttest.Forged{Act: "stop", First: filed.Body, Answers: map[string]string{}}.Submit(t, h)
	vaulttest.Forged{Act: "consent", First: hash, Answers: map[string]string{"consent": `["store","state"]`}}.Submit(t, h)
	vaulttest.Forged{Act: "follow-up", First: ledger.Hash{9}}.Submit(t, h)
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v := o.openAs(h.Trustees[0])
	cases := sort(t, v)
	if len(cases.List) != 4 || len(cases.Problems) != 2 {
		t.Fatalf("%d cases, %v", len(cases.List), cases.Problems)
	}
	if s := cases.List[0].Summary(); s.Case != filed.Case || s.Withdrawn != "" || !slices.Contains(s.Consent, "lawyer") || s.FollowUps != 0 {
		t.Errorf("the real case: %+v", s)
	}
	refused(t, "the forged one", cases.Problems[0], exit.Mismatch, fmt.Sprintf(
		"entry 2 says that it belongs to the case %s, and was not made with that case's code: it is listed as %s", filed.Case, casefile.CaseID(hash)))
	if s := cases.List[3].Summary(); !s.Missing || s.Case != "c0900000000" {
		t.Errorf("a follow-up without its report: %+v", s)
	}
	_, err := bundleOf(t, v, show(t, v, "c0900000000"), release.BundleOptions{For: lawyer, Leave: casefile.Leave{Override: "x"}})
	refused(t, "a bundle of it", err, exit.Failed, "the first report of c0900000000 is not in this vault, or does not open here, and a bundle begins with it")
}

func TestRecordComesFirst(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}})
	o := newVault(t)
	file := h.Carry(0)

	// A log that can't be written: nothing enters, opens or leaves.
	v := o.open()
	v.Custody.Close()
	_, err := v.Import(t.Context(), bytes.NewReader(file), as(h.Trustees[0]))
	refused(t, "import", err, exit.Failed, "the custody log could not be written: ")
	v.Close()
	if v := o.open(); !v.Empty() {
		t.Error("the file entered")
	} else {
		v.Close()
	}
	o.mustTake(file, as(h.Trustees[0]))
	v = o.openAs(h.Trustees[0])
	c := find(t, v, filed.Case)
	opened, err := v.Show(c)
	if err != nil {
		t.Fatal(err)
	}
	v.Custody.Close()
	_, err = v.Show(c)
	refused(t, "show", err, exit.Failed, "the custody log could not be written: ")
	dir := t.TempDir()
	_, err = release.Extract(t.Context(), v, opened, dir, func(int64) {})
	refused(t, "extract", err, exit.Failed, "the custody log could not be written: ")
	if left := tree(t, dir); len(left) != 0 {
		t.Errorf("%d files were extracted", len(left))
	}
	_, err = bundleOf(t, v, opened, release.BundleOptions{For: lawyer})
	refused(t, "bundle", err, exit.Failed, "the custody log could not be written: ")
	refused(t, "list", v.RecordListing(1), exit.Failed, "the custody log could not be written: ")
	_, err = v.Decide(casework.Decision{Case: c.ID, Kind: deskstate.KindNote, Payload: map[string]string{"text": "x"}})
	refused(t, "decide", err, exit.Failed, "the custody log could not be written: ")
	if log, err := v.Desk(); err != nil || log.Len() != 0 {
		t.Errorf("what was not recorded is kept: %d events, %v", log.Len(), err)
	}
}
