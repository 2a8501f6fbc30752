package casework_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"zapis/crypto/ledger"
	"zapis/crypto/reporterkey"
	"zapis/crypto/seal"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
	"zapis/store"
)

// forged is a submission as a hostile intake may make it: its parts are whatever its maker likes.
type forged struct {
	act       string
	first     ledger.Hash // of the case; zero for a first report
	answers   map[string]string
	readers   []age.Recipient // of the statement
	mailbox   string
	number    uint64                  // 2 where zero, in what follows a report
	key       *reporterkey.Key        // that the statement names; a stranger's where nil
	sign      *reporterkey.Key        // that signs what follows a report; none where nil
	named     reporterkey.Fingerprint // that it names in place of key's
	tags      [32]byte                // {1} where zero
	lie       func(*seal.StatementPart)
	statement []byte                      // instead of one made from the above
	identity  func(content []byte) []byte // the identity part, in place of a good one
}

// strangersKey makes a reporter's key that no code of the house gives.
func strangersKey(t *testing.T, n byte) *reporterkey.Key {
	t.Helper()
	k, err := reporterkey.New(bytes.Repeat([]byte{n}, reporterkey.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// submit puts it into the ledger. Signal and identity are as they must be.
func (f forged) submit(t *testing.T, h *vaulttest.House) ledger.Hash {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if f.answers == nil {
		f.answers = map[string]string{"narrative": `"x"`, "consent": `["store"]`}
	}
	values := make(map[string][]byte)
	for field, v := range f.answers {
		values[field] = []byte(v)
	}
	if f.act == "" {
		f.act = "report"
	}
	if f.number == 0 && f.act == "report" {
		f.number = 1
	} else if f.number == 0 {
		f.number = 2
	}
	if f.key == nil {
		f.key = strangersKey(t, 0)
	}
	head := seal.Head{Act: f.act, Case: f.first, Number: f.number, Received: h.Now(), Key: f.key.Fingerprint()}
	if f.named != (reporterkey.Fingerprint{}) {
		head.Key = f.named
	}
	if f.tags == [32]byte{} {
		f.tags = [32]byte{1}
	}
	for field, v := range head.Values() {
		values[field] = v
	}
	lines, err := seal.Commit(incident.Newest().FieldNames(), values)
	must(err)
	if f.sign != nil {
		must(seal.Sign(lines, h.Store.Card().Genesis, f.sign))
	}
	items, identity := seal.Split(lines, nil)
	head, err = seal.ParseHead(func(field string) (seal.Line, bool) {
		i := slices.IndexFunc(lines, func(l seal.Line) bool { return l.Field == field })
		return lines[i], true
	})
	must(err)
	if f.mailbox == "" {
		id, err := age.GenerateHybridIdentity()
		must(err)
		f.mailbox = id.Recipient().String()
	}
	st := &seal.StatementPart{Head: head, Mailbox: f.mailbox, Tags: f.tags, Items: items}
	if f.lie != nil {
		f.lie(st)
	}
	if f.readers == nil {
		for _, id := range h.Trustees {
			f.readers = append(f.readers, id.Age.Recipient())
		}
	}
	if f.statement == nil {
		content, err := st.Marshal()
		must(err)
		f.statement = sealTo(t, content, f.readers)
	}
	keys := make([]string, len(h.Trustees))
	for i, id := range h.Trustees {
		keys[i] = id.Card.Age
	}
	small := func(k seal.Kind, threshold int, content []byte) []byte {
		r, err := seal.NewRecipients(threshold, keys...)
		must(err)
		var b bytes.Buffer
		_, err = seal.Seal(&b, k, r, bytes.NewReader(content))
		must(err)
		return b.Bytes()
	}
	signal, err := seal.SignalPart{Act: f.act}.Marshal()
	must(err)
	contact, err := identity.Marshal()
	must(err)
	if f.identity == nil {
		f.identity = func(content []byte) []byte { return small(seal.Identity, h.Set.Quorum.Identity, content) }
	}
	sub := store.Submission{Small: [][]byte{small(seal.Signal, 1, signal), f.statement, f.identity(contact)},
		Body: ledger.Body{Kind: ledger.KindReport, Commitments: seal.ListingOf(lines).Hash()}}
	for i, kind := range []string{ledger.PartSignal, ledger.PartStatement, ledger.PartIdentity} {
		sub.Body.Parts = append(sub.Body.Parts, ledger.Part{Kind: kind, Hash: ledger.Sum(sub.Small[i]), Size: int64(len(sub.Small[i]))})
	}
	_, err = h.Store.Submit(t.Context(), sub)
	must(err)
	return sub.Body.Hash()
}

// sealTo seals a statement's content to whomever, with the padding that a statement has.
func sealTo(t *testing.T, content []byte, to []age.Recipient) []byte {
	t.Helper()
	plain := make([]byte, 64<<10)
	copy(plain, content)
	binary.BigEndian.PutUint64(plain[len(plain)-8:], uint64(len(content)))
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to...)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(plain)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

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
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	to := readers(h)
	to[1] = liar{h.Trustees[1].Age.Recipient()}
	h.Report(nil)
	forged{readers: to}.submit(t, h)
	file := h.Carry(0)

	// The file enters for both: it is what the ledger holds. Boris is told.
	anna := newVault(t)
	if done := anna.mustTake(file, as(h.Trustees[0])); len(done.Misfits) != 0 {
		t.Errorf("anna: %v", done.Misfits)
	}
	boris := newVault(t)
	done := boris.mustTake(file, as(h.Trustees[1]))
	if len(done.Misfits) != 1 || !strings.HasPrefix(done.Misfits[0].Text, "entry 2: statement: ") ||
		!strings.Contains(done.Misfits[0].Text, "your own stanza (trustee 2 of 3) does not open with your key") {
		t.Fatalf("boris: %v", done.Misfits)
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

// Parts for others than the entry says are refused by everybody, and without a key.
func TestWrongReaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		forged     func(h *vaulttest.House) forged
	}{
		{"one too few", "the part is sealed to 2 keys, and the set has 3 trustees", func(h *vaulttest.House) forged {
			return forged{readers: readers(h)[:2]}
		}},
		{"one too many", "the part is sealed to 4 keys, and the set has 3 trustees", func(h *vaulttest.House) forged {
			return forged{readers: append(readers(h), vaulttest.Identity(t, "stranger").Age.Recipient())}
		}},
		{"not an age file", "entry 1: statement: ", func(h *vaulttest.House) forged {
			return forged{statement: bytes.Repeat([]byte("x"), 70000)}
		}},
		{"a wrong size", "no part of kind statement with this header has", func(h *vaulttest.House) forged {
			var b bytes.Buffer
			w, _ := age.Encrypt(&b, readers(h)...)
			w.Write([]byte("short"))
			w.Close()
			return forged{statement: b.Bytes()}
		}},
	} {
		h := vaulttest.New(t, vaulttest.Options{})
		tt.forged(h).submit(t, h)
		o := newVault(t)
		_, err := o.take(h.Carry(0), vault.ImportOptions{})
		refused(t, tt.name, err, exit.Mismatch, tt.want)
		refused(t, tt.name, err, exit.Mismatch, "entry 1: statement: ")
	}
}

// What the statement says and what the entry committed to are compared at every opening.
func TestCommitmentsThatDoNotFit(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna"}})
	hash := forged{lie: func(st *seal.StatementPart) {
		for i, it := range st.Items {
			if it.Field == "narrative" {
				l := *it.Line
				l.Value = []byte(`"y"`)
				st.Items[i] = seal.Item{Commitment: seal.Commitment{Hash: l.Hash(), Field: l.Field}, Line: &l}
			}
		}
	}}.submit(t, h)
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
	_, err := v.Bundle(c, casework.BundleOptions{For: lawyer, Leave: casefile.Leave{Override: "x"}})
	refused(t, "a bundle of it", err, exit.Mismatch, "the case does not fit its entries")
}

// Whoever runs the intake can read which cases there are, and can't speak for their reporters.
func TestForgedFollowUp(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report(nil)
	hash := forged{act: "stop", first: filed.Body, answers: map[string]string{}}.submit(t, h)
	forged{act: "consent", first: hash, answers: map[string]string{"consent": `["store","state"]`}}.submit(t, h)
	forged{act: "follow-up", first: ledger.Hash{9}}.submit(t, h)
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
	_, err := v.Bundle(show(t, v, "c0900000000"), casework.BundleOptions{For: lawyer, Leave: casefile.Leave{Override: "x"}})
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
	_, err = v.Extract(t.Context(), opened, dir, func(int64) {})
	refused(t, "extract", err, exit.Failed, "the custody log could not be written: ")
	if left := tree(t, dir); len(left) != 0 {
		t.Errorf("%d files were extracted", len(left))
	}
	_, err = v.Bundle(opened, casework.BundleOptions{For: lawyer})
	refused(t, "bundle", err, exit.Failed, "the custody log could not be written: ")
	refused(t, "list", v.RecordListing(1), exit.Failed, "the custody log could not be written: ")
}
