package vaulttest

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"zapis/crypto/ledger"
	"zapis/crypto/reporterkey"
	"zapis/crypto/seal"
	"zapis/internal/incident"
	"zapis/store"

	"filippo.io/age"
)

// Forged is a submission of a hostile intake, with arbitrary parts.
type Forged struct {
	Act       string
	First     ledger.Hash // of the case; zero for a first report
	Answers   map[string]string
	Readers   []age.Recipient // of the statement
	Mailbox   string
	Number    uint64                  // 2 where zero, in what follows a report
	Key       *reporterkey.Key        // that the statement names; a stranger's where nil
	Sign      *reporterkey.Key        // that signs what follows a report; none where nil
	Named     reporterkey.Fingerprint // that it names in place of key's
	Tags      [32]byte                // {1} where zero
	Lie       func(*seal.StatementPart)
	Statement []byte                      // instead of one made from the above
	Identity  func(content []byte) []byte // the identity part, in place of a good one
	File      string                      // content of one attachment; none where it is empty
	Committed string                      // what its disclosure line commits to, where that is not File
}

// StrangersKey returns a reporter's key that belongs to no code of the house.
func StrangersKey(t *testing.T, n byte) *reporterkey.Key {
	t.Helper()
	k, err := reporterkey.New(bytes.Repeat([]byte{n}, reporterkey.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Submit adds it to the ledger. Signal and identity are valid.
func (f Forged) Submit(t *testing.T, h *House) ledger.Hash {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if f.Answers == nil {
		f.Answers = map[string]string{"narrative": `"x"`, "consent": `["store"]`}
	}
	values := make(map[string][]byte)
	for field, v := range f.Answers {
		values[field] = []byte(v)
	}
	if f.Act == "" {
		f.Act = "report"
	}
	if f.Number == 0 && f.Act == "report" {
		f.Number = 1
	} else if f.Number == 0 {
		f.Number = 2
	}
	if f.Key == nil {
		f.Key = StrangersKey(t, 0)
	}
	head := seal.Head{Act: f.Act, Case: f.First, Number: f.Number, Received: h.Now(), Key: f.Key.Fingerprint()}
	if f.Named != (reporterkey.Fingerprint{}) {
		head.Key = f.Named
	}
	if f.Tags == [32]byte{} {
		f.Tags = [32]byte{1}
	}
	for field, v := range head.Values() {
		values[field] = v
	}
	if f.File != "" {
		if f.Committed == "" {
			f.Committed = f.File
		}
		values[incident.SlotName(1)] = seal.AttachmentValue{Exhibit: "A01", SHA256: ledger.Sum([]byte(f.Committed)).String(),
			Size: int64(len(f.Committed)), MediaType: "text/plain", Name: "a.txt"}.Value()
	}
	lines, err := seal.Commit(incident.Newest().FieldNames(), values)
	must(err)
	if f.Sign != nil {
		must(seal.Sign(lines, h.Store.Card().Genesis, f.Sign))
	}
	items, identity := seal.Split(lines, nil)
	head, err = seal.ParseHead(func(field string) (seal.Line, bool) {
		i := slices.IndexFunc(lines, func(l seal.Line) bool { return l.Field == field })
		return lines[i], true
	})
	must(err)
	if f.Mailbox == "" {
		id, err := age.GenerateHybridIdentity()
		must(err)
		f.Mailbox = id.Recipient().String()
	}
	st := &seal.StatementPart{Head: head, Mailbox: f.Mailbox, Tags: f.Tags, Items: items}
	if f.Lie != nil {
		f.Lie(st)
	}
	if f.Readers == nil {
		for _, id := range h.Trustees {
			f.Readers = append(f.Readers, id.Age.Recipient())
		}
	}
	if f.Statement == nil {
		content, err := st.Marshal()
		must(err)
		f.Statement = SealStatement(t, content, f.Readers)
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
	signal, err := seal.SignalPart{Act: f.Act}.Marshal()
	must(err)
	contact, err := identity.Marshal()
	must(err)
	if f.Identity == nil {
		f.Identity = func(content []byte) []byte { return small(seal.Identity, h.Set.Quorum.Identity, content) }
	}
	sub := store.Submission{Small: [][]byte{small(seal.Signal, 1, signal), f.Statement, f.Identity(contact)},
		Body: ledger.Body{Kind: ledger.KindReport, Commitments: seal.ListingOf(lines).Hash()}}
	for i, kind := range []string{ledger.PartSignal, ledger.PartStatement, ledger.PartIdentity} {
		sub.Body.Parts = append(sub.Body.Parts, ledger.Part{Kind: kind, Hash: ledger.Sum(sub.Small[i]), Size: int64(len(sub.Small[i]))})
	}
	if f.File != "" {
		w, err := h.Store.NewPart()
		must(err)
		r, err := seal.NewRecipients(h.Set.Quorum.Attachment, keys...)
		must(err)
		s, err := seal.Seal(w, seal.Attachment, r, strings.NewReader(f.File))
		must(err)
		part, err := w.Keep(s.Ciphertext.Hash)
		must(err)
		sub.Body.Parts = append(sub.Body.Parts, part)
	}
	_, err = h.Store.Submit(t.Context(), sub)
	must(err)
	return sub.Body.Hash()
}

// SealStatement seals a statement's content to any recipients, with the padding that a statement has.
func SealStatement(t *testing.T, content []byte, to []age.Recipient) []byte {
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

// SwapAnswer makes the statement hold another answer than the entry commits to. Answers are in JSON.
func SwapAnswer(field, value string) func(*seal.StatementPart) {
	return func(st *seal.StatementPart) {
		for i := range st.Items {
			if it := &st.Items[i]; it.Field == field {
				swapped := *it.Line
				swapped.Value = []byte(value)
				it.Line = &swapped
			}
		}
	}
}
