package outbox_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/internal/server/outbox"
	"zapis/internal/trustee/vault/vaulttest"
	"zapis/store"
)

// signer makes a trustee's statements, one after the other.
type signer struct {
	t    *testing.T
	h    *vaulttest.House
	id   *cli.Identity
	last card.Signed
}

func (s *signer) sign(kind string, content []byte, change ...func(*card.Statement)) card.Signed {
	s.t.Helper()
	index, _ := s.h.Store.SetInForce()
	st := card.Statement{Ledger: s.h.Card().Genesis, Trustees: index, Number: s.last.Number + 1, Kind: kind, Subject: ledger.Sum(content)}
	if s.last.Number > 0 {
		st.Previous = s.last.Hash()
	}
	for _, c := range change {
		c(&st)
	}
	signed, err := s.id.Signer.SignStatement(st)
	if err != nil {
		s.t.Fatal(err)
	}
	s.last = signed
	return signed
}

func house(t *testing.T, slot time.Duration) (*vaulttest.House, *outbox.Desk, func(name string) *signer) {
	h := vaulttest.New(t, vaulttest.Options{Slot: slot})
	return h, outbox.New(h.Store, h.Now), func(name string) *signer { return &signer{t: t, h: h, id: vaulttest.Identity(t, name)} }
}

func take(t *testing.T, d *outbox.Desk, s card.Signed, content []byte) outbox.Outcome {
	t.Helper()
	o, err := d.Take(t.Context(), s, content)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func wants(t *testing.T, o outbox.Outcome, text string) {
	t.Helper()
	if o.Err != nil || o.Text != text {
		t.Errorf("%q, %v; want %q", o.Text, o.Err, text)
	}
}

func refuses(t *testing.T, o outbox.Outcome, status exit.Status, text string) {
	t.Helper()
	if exit.StatusOf(o.Err) != status || !strings.Contains(fmt.Sprint(o.Err), text) {
		t.Errorf("status %d, %v; want %d and %q", exit.StatusOf(o.Err), o.Err, status, text)
	}
}

func proposal(t *testing.T, h *vaulttest.House, names ...string) []byte {
	t.Helper()
	after, err := h.Store.After()
	if err != nil {
		t.Fatal(err)
	}
	c := ledger.TrusteesChange{Origin: vaulttest.Origin, After: after, Set: h.Set}
	c.Set.Trustees = nil
	for _, name := range names {
		c.Set.Trustees = append(c.Set.Trustees, vaulttest.Identity(t, name).Card)
	}
	return c.Marshal()
}

func TestTrusteesChange(t *testing.T) {
	for _, slot := range []time.Duration{0, 24 * time.Hour} {
		h, d, by := house(t, slot)
		anna, boris, vera := by("anna"), by("boris"), by("vera")
		text := proposal(t, h, "anna", "boris", "dora")
		first := anna.sign(card.KindApproval, text)
		wants(t, take(t, d, first, text), "kept: 1 of the 2 approvals that it needs")
		wants(t, take(t, d, first, text), "known already")
		late := vera.sign(card.KindApproval, text)
		second := take(t, d, boris.sign(card.KindApproval, text), nil) // the proposal is known from anna
		if slot == 0 {
			wants(t, second, "taken: entry 1")
		} else {
			wants(t, second, "taken: it waits for its slot")
			h.Pass(24 * time.Hour)
			h.Slot()
		}
		wants(t, take(t, d, late, text), "known already")
		index, set := h.Store.SetInForce()
		if index == 0 || set.Trustees[2].Name != "dora" {
			t.Fatalf("entry %d names %v", index, set.Trustees)
		}
		refuses(t, take(t, d, anna.sign(card.KindApproval, text, func(s *card.Statement) { s.Trustees = 0 }), text), exit.Done, "")
		again := proposal(t, h, "anna", "boris")
		refuses(t, take(t, d, vera.sign(card.KindApproval, again), again), exit.Mismatch, "is not among the trustees")
		refuses(t, take(t, d, anna.sign(card.KindApproval, again, func(s *card.Statement) { s.Trustees = 0 }), again), exit.Failed,
			fmt.Sprintf("it was made under the trustees of entry 0, and those of entry %d are in force", index))
		dora := by("dora")
		wants(t, take(t, d, dora.sign(card.KindApproval, again), again), "kept: 1 of the 2 approvals that it needs")
	}
}

func TestRefusals(t *testing.T) {
	h, d, by := house(t, 0)
	anna := by("anna")
	head := ledger.CustodyHead{Events: 3, Link: ledger.Sum([]byte("x"))}.Marshal()
	for _, tt := range []struct {
		name    string
		kind    string
		content []byte
		change  func(*card.Statement)
		status  exit.Status
		want    string
	}{
		{"another ledger", "custody", head, func(s *card.Statement) { s.Ledger = ledger.Sum(nil) }, exit.Mismatch, "it is for another ledger"},
		{"another content", "custody", head, func(s *card.Statement) { s.Subject = ledger.Sum(nil) }, exit.Mismatch, "it is about another content"},
		{"another proposal", "approval", proposal(t, h, "anna", "boris", "dora"), func(s *card.Statement) { s.Subject = ledger.Sum(nil) }, exit.Mismatch, "it is about another content"},
		{"a kind of nobody's", "song", head, nil, exit.Mismatch, "nobody takes statements of the kind song here"},
		{"expired", "custody", head, func(s *card.Statement) { s.Expires = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC) }, exit.Failed, "it counted until 2026-11-20"},
		{"no content", "custody", nil, func(s *card.Statement) { s.Subject = ledger.Sum(head) }, exit.Failed, "what it is about did not come along"},
		{"not a head", "custody", []byte("x"), nil, exit.Mismatch, "custody head: "},
		{"not a reply", "reply", []byte("x"), nil, exit.Mismatch, "reply: it is zapis/reply/v1"},
		{"no proposal", "approval", []byte("x\n"), nil, exit.Mismatch, "it is no proposal"},
		{"an unknown proposal", "approval", nil, func(s *card.Statement) { s.Subject = ledger.Sum(head) }, exit.Failed, "the proposal that it approves is not known here"},
		{"a proposal for another ledger", "approval", ledger.Tombstone{Origin: "example.org/other", Reason: "asked",
			Parts: []ledger.Erased{{Index: 0}}}.Marshal(), nil, exit.Mismatch, "the proposal is for the ledger example.org/other"},
		{"a proposal that comes too late", "approval", ledger.TrusteesChange{Origin: vaulttest.Origin, Set: h.Set}.Marshal(), nil, exit.Failed,
			"another one came between"},
		{"erasing what is not there", "approval", ledger.Tombstone{Origin: vaulttest.Origin, Reason: "asked", Parts: []ledger.Erased{{Index: 7}}}.Marshal(),
			nil, exit.Mismatch, "the proposal erases a part of entry 7, which this ledger does not have"},
		{"erasing no part of it", "approval", ledger.Tombstone{Origin: vaulttest.Origin, Reason: "asked", Parts: []ledger.Erased{{Index: 0}}}.Marshal(),
			nil, exit.Mismatch, "of entry 0, which has no such part"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := anna.sign(tt.kind, tt.content, func(s *card.Statement) {
				if tt.change != nil {
					tt.change(s)
				}
			})
			refuses(t, take(t, d, s, tt.content), tt.status, tt.want)
		})
	}
	bad := anna.sign("custody", head)
	bad.Signature = by("boris").sign("custody", head).Signature
	refuses(t, take(t, d, bad, head), exit.Mismatch, "signature: made by the key")
	if h.Store.Size() != 1 {
		t.Errorf("%d entries", h.Store.Size())
	}
}

// One number, two statements: the second is refused, and kept as evidence.
func TestTwoOfOneNumber(t *testing.T) {
	h, d, by := house(t, 0)
	anna := by("anna")
	one, two := ledger.CustodyHead{Events: 3}.Marshal(), ledger.CustodyHead{Events: 4}.Marshal()
	wants(t, take(t, d, anna.sign("custody", one), one), "taken: entry 1")
	again := (&signer{t: t, h: h, id: anna.id}).sign("custody", two)
	refuses(t, take(t, d, again, two), exit.Mismatch, "its signer has signed another statement of the number 1 before")
	kept, err := filepath.Glob(filepath.Join(h.Dir, "heard", "*-refused-*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept: %v, %v", kept, err)
	}
	if file, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(file, again.Marshal()) {
		t.Errorf("what is kept is not what was refused: %v", err)
	}
	forged := again
	forged.Signature = by("boris").sign("custody", two).Signature
	refuses(t, take(t, d, forged, two), exit.Mismatch, "its number 1 is taken, and its signature does not hold")
}

func TestKeysAndErasure(t *testing.T) {
	h, d, by := house(t, 0)
	anna, boris := by("anna"), by("boris")
	filed := h.Report(nil, "contact", "by the bridge")
	index, err := h.Store.Find(filed.Body)
	h.Must(err)
	entry, err := h.Store.Entry(index)
	h.Must(err)
	e, err := ledger.ParseEntry(entry)
	h.Must(err)

	next, err := ledger.GenerateSigningKey(vaulttest.Origin, strings.NewReader(strings.Repeat("k", 64)))
	h.Must(err)
	after, err := h.Store.After()
	h.Must(err)
	text := ledger.KeyChange{Origin: vaulttest.Origin, After: after, Old: h.Log.Keys(), New: next.Keys(), Reason: ledger.ReasonRotation}.Marshal()
	approveKey := anna.sign(card.KindApproval, text)
	wants(t, take(t, d, approveKey, text), "kept: 1 of the 2 approvals that it needs")
	second := boris.sign(card.KindApproval, text)
	refuses(t, take(t, d, second, text), exit.Failed, "the new log keys are not in this folder")
	h.Must(h.Store.SetNextKey(next))
	wants(t, take(t, d, second, text), "taken: entry 2") // what was refused may come again
	if h.Store.Verifier().Keys() != next.Keys() {
		t.Error("the new keys are not in force")
	}

	stone := ledger.Tombstone{Origin: vaulttest.Origin, Reason: ledger.EraseAsked, Parts: []ledger.Erased{{Index: index, Hash: e.Body.Parts[2].Hash}}}.Marshal()
	wants(t, take(t, d, anna.sign(card.KindApproval, stone), stone), "kept: 1 of the 2 approvals that it needs")
	wants(t, take(t, d, boris.sign(card.KindApproval, stone), stone), "taken: entry 3")
	if _, _, err := h.Store.Part(e.Body.Parts[2].Hash); !errors.Is(err, store.ErrErased) {
		t.Errorf("the part that the tombstone names: %v", err)
	}
	var nonce ledger.Hash
	hold := ledger.Hold{Origin: vaulttest.Origin, Nonce: nonce, Reason: ledger.HoldOrder, Entries: []uint64{index}}.Marshal()
	wants(t, take(t, d, anna.sign(card.KindApproval, hold), hold), "taken: entry 4") // one is enough to keep
	more := ledger.Tombstone{Origin: vaulttest.Origin, Reason: ledger.EraseAsked, Parts: []ledger.Erased{{Index: index, Hash: e.Body.Parts[1].Hash}}}.Marshal()
	take(t, d, anna.sign(card.KindApproval, more), more)
	refuses(t, take(t, d, boris.sign(card.KindApproval, more), more), exit.Mismatch, "hold")
	faults, err := h.Store.Check(t.Context(), nil)
	if err != nil || len(faults) > 0 {
		t.Errorf("the ledger: %v, %v", faults, err)
	}
}

func TestFile(t *testing.T) {
	h, d, by := house(t, 0)
	text := proposal(t, h, "anna", "boris")
	var told []outbox.Outcome
	hear := func(o outbox.Outcome) { told = append(told, o) }
	for _, name := range []string{"anna", "boris"} {
		signed := ledger.SignedBody{Statement: by(name).sign(card.KindApproval, text), Content: text}
		h.Must(d.File(t.Context(), bytes.NewReader(signed.Marshal()), hear))
	}
	if len(told) != 2 || told[1].Text != "taken: entry 1" || told[1].From != "boris" {
		t.Errorf("%+v", told)
	}
	for name, want := range map[string]string{
		"":                              "outbox",
		"zapis/signed/v1\n":             "no blank line before a signature",
		"zapis/signed/v1\nledger x\n\n": "statement: line 2",
		"hello":                         "outbox",
		"zapis/signed/v1\n" + strings.Repeat("x", 2<<20): "a file of one statement has at most",
	} {
		err := d.File(t.Context(), strings.NewReader(name), hear)
		if exit.StatusOf(err) != exit.Mismatch || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%.20q: status %d, %v", name, exit.StatusOf(err), err)
		}
	}
}

// After the power failed between the writing of a body and the note that it was submitted, the same approval
// brings it to its end, and the ledger has it once.
func TestCrash(t *testing.T) {
	h, d, by := house(t, 0)
	filed := h.Report(nil)
	index, err := h.Store.Find(filed.Body)
	h.Must(err)
	entry, err := h.Store.Entry(index)
	h.Must(err)
	e, err := ledger.ParseEntry(entry)
	h.Must(err)
	text := ledger.Tombstone{Origin: vaulttest.Origin, Reason: ledger.EraseMistake, Parts: []ledger.Erased{{Index: index, Hash: e.Body.Parts[0].Hash}}}.Marshal()
	second := by("boris").sign(card.KindApproval, text)
	wants(t, take(t, d, by("anna").sign(card.KindApproval, text), text), "kept: 1 of the 2 approvals that it needs")
	wants(t, take(t, d, second, text), "taken: entry 2")
	wants(t, take(t, d, second, text), "known already")
	h.Must(os.Remove(filepath.Join(h.Dir, "proposals", ledger.Subject(text).String(), "submitted")))
	names, err := filepath.Glob(filepath.Join(h.Dir, "heard", card.ShortFingerprint(second.Signer)+"*"))
	h.Must(err)
	for _, name := range names {
		h.Must(os.Remove(name))
	}
	wants(t, take(t, d, second, text), "taken: entry 2")
	if h.Store.Size() != 3 {
		t.Errorf("%d entries", h.Store.Size())
	}
}

// A signer's statements are a chain: one that continues another number 1 than the accepted one is refused, and kept.
func TestFollows(t *testing.T) {
	h, d, by := house(t, 0)
	anna := by("anna")
	head := ledger.CustodyHead{Events: 1}.Marshal()
	first := anna.sign(card.KindCustody, head)
	if o := take(t, d, first, head); o.Err != nil {
		t.Fatal(o.Err)
	}
	more := ledger.CustodyHead{Events: 2}.Marshal()
	fork := anna.sign(card.KindCustody, more, func(s *card.Statement) { s.Previous[0] ^= 1 })
	o := take(t, d, fork, more)
	refuses(t, o, exit.Mismatch, "it says that its signer's statement 1 was another one than was taken here")
	kept, err := filepath.Glob(filepath.Join(h.Dir, "heard", "*-00000002-refused-*"))
	if err != nil || len(kept) != 1 {
		t.Errorf("kept as evidence: %v, %v", kept, err)
	}
	// Numbers that never came here, such as those of requests, leave a gap and nothing more.
	gap := anna.sign(card.KindCustody, more, func(s *card.Statement) { s.Number = 5 })
	if o := take(t, d, gap, more); o.Err != nil {
		t.Error(o.Err)
	}
}

// Two answers under one tag: the second is refused with a hint, and without blame.
func TestTagTaken(t *testing.T) {
	_, d, by := house(t, 0)
	content := func(text string) []byte {
		return ledger.Reply{Tag: ledger.Sum([]byte("tag")), Message: []byte(text)}.Marshal()
	}
	one, two := content("one"), content("two")
	if o := take(t, d, by("anna").sign(card.KindReply, one), one); o.Err != nil {
		t.Fatal(o.Err)
	}
	o := take(t, d, by("boris").sign(card.KindReply, two), two)
	refuses(t, o, exit.Failed, "another answer has its tag already")
	if hint := exit.HintOf(o.Err); hint != "import a newer carry file, and make another outbox: it is signed again under the next tag" {
		t.Errorf("hint %q", hint)
	}
}
