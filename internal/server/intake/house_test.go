package intake

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/reportcode"
	"zapis/crypto/seal"
	"zapis/internal/incident"
	"zapis/store"
)

// house is a ledger in a folder of its own, with its trustees' keys at hand.
type house struct {
	t          testing.TB
	dir        string
	store      *store.Store
	in         *Intake
	set        ledger.TrusteeSet
	trustees   []*age.HybridIdentity
	signers    []*card.Signer
	statements []card.Signed // by signers[0], in order
	duty       *age.HybridIdentity
	readers    *recipients
}

var testTime = time.Date(2026, 11, 21, 20, 47, 45, 999, time.UTC)

func clock() time.Time { return testTime }

// newHouse makes a ledger with three trustees, of which 2 open identities, and
// one duty card.
func newHouse(t testing.TB, limits Limits, slot time.Duration) *house {
	t.Helper()
	h := &house{t: t, dir: filepath.Join(t.TempDir(), "ledger")}
	newCard := func(name string) (card.Card, *age.HybridIdentity, *card.Signer) {
		id, err := age.GenerateHybridIdentity()
		h.must(err)
		seed := make([]byte, 32)
		rand.Read(seed)
		s, err := card.NewSigner(name, seed)
		h.must(err)
		return s.Card(id.Recipient().String()), id, s
	}
	h.set = ledger.TrusteeSet{Vocabulary: incident.VocabularyVersion, Approvals: 2,
		Quorum: ledger.Quorum{Statement: 1, Attachment: 1, Identity: 2}}
	for _, name := range []string{"anna", "boris", "vera"} {
		c, id, signer := newCard(name)
		h.set.Trustees, h.trustees = append(h.set.Trustees, c), append(h.trustees, id)
		h.signers = append(h.signers, signer)
	}
	c, id, _ := newCard("duty")
	h.set.Duty, h.duty = []card.Card{c}, id
	key, err := ledger.GenerateSigningKey("example.org/ledger", rand.Reader)
	h.must(err)
	g := ledger.Genesis{Origin: "example.org/ledger", Log: key.Keys(), Set: h.set}
	rand.Read(g.Nonce[:])
	_, err = store.Create(h.dir, g, key, testTime)
	h.must(err)
	h.store, err = store.Open(h.dir, store.Config{Slot: slot, Now: clock})
	h.must(err)
	t.Cleanup(func() { h.store.Close() })
	deriver := reportcode.NewTestDeriver(g.Origin)
	if _, measured := t.(*testing.B); measured {
		deriver = reportcode.NewDeriver(g.Origin)
	}
	h.in = NewWithDeriver(h.store, limits, clock, deriver)
	h.readers, err = recipientsOf(0, h.set)
	h.must(err)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) begin() *Draft {
	h.t.Helper()
	d, err := h.in.Begin(context.Background())
	h.must(err)
	h.t.Cleanup(d.Discard)
	return d
}

// report validates pairs of names and values as an act.
func (h *house) report(act incident.Act, pairs ...string) *incident.Report {
	h.t.Helper()
	f := incident.Form{}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i]] = append(f[pairs[i]], pairs[i+1])
	}
	r, errs := incident.Validate(f, testTime, act)
	if errs != nil {
		h.t.Fatal(errs)
	}
	return r
}

func (h *house) first() *incident.Report {
	h.t.Helper()
	return h.report(incident.ActReport, "narrative", "They came at six.", "consent", "store")
}

// says signs a trustee's next statement about some content.
func (h *house) says(who int, kind string, content []byte) card.Signed {
	h.t.Helper()
	index, _ := h.store.SetInForce()
	st := card.Statement{Ledger: h.store.Card().Genesis, Trustees: index, Number: 1, Kind: kind, Subject: ledger.Sum(content)}
	if n := len(h.statements); who == 0 && n > 0 {
		st.Number, st.Previous = h.statements[n-1].Number+1, h.statements[n-1].Hash()
	}
	signed, err := h.signers[who].SignStatement(st)
	h.must(err)
	if who == 0 {
		h.statements = append(h.statements, signed)
	}
	return signed
}

// answer has the first trustee answer a case, and returns the reply's body
// hash.
func (h *house) answer(o opened, n uint64, text string) ledger.Hash {
	h.t.Helper()
	to, err := seal.NewRecipients(1, o.statement.Mailbox)
	h.must(err)
	var message bytes.Buffer
	_, err = seal.Seal(&message, seal.Message, to, strings.NewReader(text))
	h.must(err)
	content := ledger.Reply{Tag: reportcode.ReplyTag(o.statement.Tags, n), Message: message.Bytes()}.Marshal()
	return h.enter(ledger.KindReply, ledger.SignedBody{Statement: h.says(0, card.KindReply, content), Content: content}.Marshal())
}

// replaceTrustees brings in the same trustees in another order.
func (h *house) replaceTrustees() {
	h.t.Helper()
	slices.Reverse(h.set.Trustees)
	change := ledger.TrusteesChange{Origin: h.store.Origin(), After: ledger.Hash(h.store.Card().Genesis), Set: h.set}
	text := change.Marshal()
	h.enter(ledger.KindTrustees, ledger.Approved{Text: text, Approvals: []card.Signed{
		h.says(0, card.KindApproval, text), h.says(1, card.KindApproval, text)}}.Marshal())
	slices.Reverse(h.trustees)
	index, set := h.store.SetInForce()
	var err error
	h.readers, err = recipientsOf(index, set)
	h.must(err)
}

// enter puts an entry with one part into the ledger.
func (h *house) enter(k ledger.Kind, file []byte) ledger.Hash {
	h.t.Helper()
	index, _ := h.store.SetInForce()
	b := ledger.BodyOf(k, index, file)
	_, err := h.store.Submit(context.Background(), store.Submission{Body: b, Small: [][]byte{file}})
	h.must(err)
	return b.Hash()
}

// opened is a submission as trustees come to see it.
type opened struct {
	body        ledger.Body
	signal      seal.SignalPart
	statement   *seal.StatementPart
	identity    *seal.IdentityPart
	attachments [][]byte
	underQuorum []bool // each attachment
}

// open verifies and opens everything of a promise.
func (h *house) open(promise []byte) opened {
	h.t.Helper()
	_, text, err := ledger.SplitPromise(promise)
	h.must(err)
	var o opened
	o.body, err = ledger.ParseBody(text)
	h.must(err)
	index, _ := h.store.SetInForce()
	if o.body.Kind != ledger.KindReport || o.body.Trustees != index {
		h.t.Fatalf("kind %s, trustees %d", o.body.Kind, o.body.Trustees)
	}
	for i, p := range o.body.Parts {
		want := "attachment"
		if i < 3 {
			want = []string{"signal", "statement", "identity"}[i]
		}
		if p.Kind != want {
			h.t.Fatalf("part %d is a %s, want %s", i, p.Kind, want)
		}
		r, size, err := h.store.Part(p.Hash)
		h.must(err)
		sealed, err := io.ReadAll(r)
		h.must(errors.Join(err, r.Close()))
		if size != p.Size || ledger.Hash(seal.DigestOf(sealed).Hash) != p.Hash {
			h.t.Fatalf("part %d is not what the body names", i)
		}
		digest := seal.Digest{Hash: p.Hash, Size: p.Size}
		switch p.Kind {
		case "signal":
			o.signal, err = seal.ParseSignal(h.content(seal.Signal, sealed, digest, h.readers.signal, h.duty))
		case "statement":
			o.statement, err = seal.ParseStatement(h.content(seal.Statement, sealed, digest, h.readers.statement, h.trustees...), incident.Newest().FieldNames())
		case "identity":
			o.identity, err = seal.ParseIdentity(h.content(seal.Identity, sealed, digest, h.readers.identity, h.trustees...), incident.Newest().FieldNames())
		default:
			k, _, qerr := seal.Quorum(sealed)
			h.must(qerr)
			readers := h.readers.files(k > 1)
			o.underQuorum = append(o.underQuorum, k > 1)
			o.attachments = append(o.attachments, h.content(seal.Attachment, sealed, digest, readers, h.trustees...))
		}
		h.must(err)
	}
	h.must(seal.CheckStatement(o.statement, o.identity, o.body.Commitments, incident.Newest().FieldNames()))
	return o
}

// content opens a part with each trustee alone, or, under a quorum, with two of
// them and with no one alone.
func (h *house) content(k seal.Kind, sealed []byte, digest seal.Digest, readers *seal.Recipients, ids ...*age.HybridIdentity) []byte {
	h.t.Helper()
	h.must(seal.CheckPart(bytes.NewReader(sealed), k, readers, digest.Size))
	var content []byte
	for i, id := range ids {
		h.must(seal.CheckOwn(bytes.NewReader(sealed), readers, i+1, id))
		var out bytes.Buffer
		_, err := seal.Open(&out, k, bytes.NewReader(sealed), digest, id)
		if readers.Threshold() > 1 {
			if !errors.Is(err, seal.ErrQuorum) {
				h.t.Fatalf("one trustee alone opens the %s: %v", k, err)
			}
			continue
		}
		h.must(err)
		content = out.Bytes()
	}
	if readers.Threshold() == 1 {
		return content
	}
	shares := make(map[int][]byte)
	for _, position := range []int{1, 3} {
		share, err := seal.OpenShare(bytes.NewReader(sealed), position, ids[position-1])
		h.must(err)
		shares[position] = share
	}
	var out bytes.Buffer
	_, err := seal.Open(&out, k, bytes.NewReader(sealed), digest, seal.QuorumIdentity(shares))
	h.must(err)
	return out.Bytes()
}

// answers returns every line that the trustees can see, as "field value".
func (o opened) answers() map[string]string {
	out := make(map[string]string)
	for _, it := range o.statement.Items {
		if it.Line != nil && !it.Line.Null() && !seal.IsHead(it.Field) {
			out[it.Field] = string(it.Line.Value)
		}
	}
	for _, l := range o.identity.Lines {
		if !l.Null() {
			out["identity "+l.Field] = string(l.Value)
		}
	}
	return out
}

// files lists the attachments in the ledger's folder.
func (h *house) files() []string {
	h.t.Helper()
	var out []string
	h.must(filepath.WalkDir(filepath.Join(h.dir, "parts"), func(path string, f fs.DirEntry, err error) error {
		if err == nil && !f.IsDir() {
			out = append(out, path)
		}
		return err
	}))
	return out
}

// wantFiles reports how many attachments there are to be, and none on its way.
func (h *house) wantFiles(n int) {
	h.t.Helper()
	files := h.files()
	if len(files) != n || strings.Contains(strings.Join(files, " "), "incoming") {
		h.t.Fatalf("%d files in the ledger's folder, want %d: %s", len(files), n, files)
	}
	if n := len(h.in.uploads.places); n != 0 {
		h.t.Fatalf("%d uploads hold a place", n)
	}
}

// contains looks for a string in every file under a folder, names included.
func contains(t testing.TB, dir, what string) string {
	t.Helper()
	found := ""
	err := filepath.WalkDir(dir, func(path string, f fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || found != "" {
			return nil
		}
		if err != nil || f.IsDir() || !f.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && (bytes.Contains(b, []byte(what)) || strings.Contains(path, what)) {
			found = path
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
