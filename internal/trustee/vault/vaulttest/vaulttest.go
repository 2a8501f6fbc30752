// Package vaulttest creates ledgers for tests of their readers: with the store and the intake, as the server does, and
// with the trustees' keys. Only tests import it.
package vaulttest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/reportcode"
	"zapis/internal/carry"
	"zapis/internal/cli"
	"zapis/internal/incident"
	"zapis/internal/server/intake"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/vault"
	"zapis/store"
)

// Origin is the name of every ledger of this package.
const Origin = "example.org/ledger"

// Passphrase opens the identity files that KeyFile writes.
const Passphrase = "kava z malakom"

// WorkFactor is the scrypt work factor (log2 N) of those files: they open within a millisecond.
const WorkFactor = 4

// House is a ledger with its trustees.
type House struct {
	t testing.TB

	Store    *store.Store
	Intake   *intake.Intake
	Set      ledger.TrusteeSet
	Trustees []*cli.Identity
	Log      *ledger.SigningKey
	Dir      string // of the ledger

	mu  sync.Mutex
	now time.Time
}

// Options describe the ledger.
type Options struct {
	Trustees []string      // names; anna, boris and vera where nil
	Quorum   ledger.Quorum // zero: identities open with two where there are two trustees, all else alone
	Slot     time.Duration // 0: every submission has its entry at once
	Cards    []card.Card   // in place of Trustees: people whose keys the test does not have
	Duty     string        // name of somebody on duty; empty for no duty card
	Rules    int           // of governance; the first where 0
	Delay    int           // slots from a change's notice to its effect, under the second rules
	Begin    time.Time     // of the clock; in November 2026 where zero
}

// identities caches keys by name: making one takes some milliseconds.
var identities sync.Map

// Identity returns the keys of a trustee, always the same for a name within a process.
func Identity(t testing.TB, name string) *cli.Identity {
	t.Helper()
	if known, ok := identities.Load(name); ok {
		return known.(*cli.Identity)
	}
	id, err := cli.NewIdentity(name)
	if err != nil {
		t.Fatal(err)
	}
	known, _ := identities.LoadOrStore(name, id)
	return known.(*cli.Identity)
}

// New creates a ledger that is closed at the end of the test.
func New(t testing.TB, o Options) *House {
	t.Helper()
	h := &House{t: t, Dir: filepath.Join(t.TempDir(), "ledger"), now: o.Begin}
	if h.now.IsZero() {
		h.now = time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC)
	}
	if o.Trustees == nil && o.Cards == nil {
		o.Trustees = []string{"anna", "boris", "vera"}
	}
	n := ledger.DefaultQuorum(len(o.Trustees) + len(o.Cards))
	if o.Quorum == (ledger.Quorum{}) {
		o.Quorum = ledger.Quorum{Statement: 1, Attachment: 1, Identity: n}
	}
	h.Set = ledger.TrusteeSet{Vocabulary: incident.VocabularyVersion, Quorum: o.Quorum, Approvals: n}
	for _, name := range o.Trustees {
		id := Identity(t, name)
		h.Trustees = append(h.Trustees, id)
		h.Set.Trustees = append(h.Set.Trustees, id.Card)
	}
	h.Set.Trustees = append(h.Set.Trustees, o.Cards...)
	if o.Duty != "" {
		h.Set.Duty = []card.Card{Identity(t, o.Duty).Card}
	}
	var err error
	h.Log, err = ledger.GenerateSigningKey(Origin, rand.Reader)
	h.Must(err)
	g := ledger.Genesis{Origin: Origin, Log: h.Log.Keys(), Set: h.Set, Rules: o.Rules, Delay: o.Delay}
	rand.Read(g.Nonce[:])
	_, err = store.Create(h.Dir, g, h.Log, h.Now())
	h.Must(err)
	h.Open(o.Slot)
	t.Cleanup(func() { h.Store.Close() })
	return h
}

// Open opens the ledger's folder again, as after a restart.
func (h *House) Open(slot time.Duration) {
	h.t.Helper()
	var err error
	h.Store, err = store.Open(h.Dir, store.Config{Slot: slot, Now: h.Now})
	h.Must(err)
	h.Intake = intake.NewWithDeriver(h.Store, intake.Limits{}, h.Now, reportcode.NewTestDeriver(Origin))
}

// Twin closes the ledger and returns a copy of it, as from a backup: opening and extending both yields two histories
// under the same keys.
func (h *House) Twin() *House {
	h.t.Helper()
	h.Must(h.Store.Close())
	twin := &House{t: h.t, Set: h.Set, Trustees: h.Trustees, Log: h.Log, Dir: filepath.Join(h.t.TempDir(), "twin"), now: h.Now()}
	h.Must(os.CopyFS(twin.Dir, os.DirFS(h.Dir)))
	h.t.Cleanup(func() {
		if twin.Store != nil {
			twin.Store.Close()
		}
	})
	return twin
}

// Must fails the test where err is not nil.
func (h *House) Must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// Now returns the time of the server's clock.
func (h *House) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// Pass advances the clock.
func (h *House) Pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// Card names the ledger.
func (h *House) Card() card.LedgerCard { return h.Store.Card() }

// File is an upload.
type File struct{ Name, Content string }

// Filed is the receipt of a reporter.
type Filed struct {
	Case string // as trustees call it
	Code reportcode.Code
	Body ledger.Hash
}

// Report sends a first report: pairs of field and answer, beside the narrative and the consent to keep it and
// show it to a lawyer, given by the person concerned; "form" is the hidden field.
func (h *House) Report(files []File, pairs ...string) Filed {
	h.t.Helper()
	f := form(pairs)
	if f["narrative"] == nil {
		f["narrative"] = []string{"They came at six."}
	}
	if f["consent"] == nil {
		f["consent"] = []string{"store", "lawyer"}
		if f["person_agrees"] == nil {
			f["person_agrees"] = []string{"self"}
		}
	}
	r, errs := incident.Validate(f, h.Now(), incident.ActReport)
	if errs != nil {
		h.t.Fatal(errs)
	}
	got, err := h.draft(files, r).Send(context.Background(), r, strings.Join(f["form"], ""))
	h.Must(err)
	filed := h.filed(got)
	filed.Case = casefile.CaseID(filed.Body)
	return filed
}

// FollowUp sends a submission to an existing case.
func (h *House) FollowUp(to Filed, act incident.Act, files []File, pairs ...string) Filed {
	h.t.Helper()
	r, errs := incident.Validate(form(pairs), h.Now(), act)
	if errs != nil {
		h.t.Fatal(errs)
	}
	got, err := h.draft(files, r).SendFollowUp(context.Background(), to.Code, act, r, "")
	h.Must(err)
	filed := h.filed(got)
	filed.Case = to.Case
	return filed
}

func form(pairs []string) incident.Form {
	f := incident.Form{}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i]] = append(f[pairs[i]], pairs[i+1])
	}
	return f
}

func (h *House) draft(files []File, r *incident.Report) *intake.Draft {
	h.t.Helper()
	d, err := h.Intake.Begin(context.Background())
	h.Must(err)
	if r.FilesIdentify() {
		d.MarkIdentify()
	}
	for _, f := range files {
		h.Must(d.AddFile(f.Name, bytes.NewReader([]byte(f.Content))))
	}
	return d
}

func (h *House) filed(r intake.Result) Filed {
	h.t.Helper()
	_, text, err := ledger.SplitPromise(r.Promise)
	h.Must(err)
	return Filed{Code: r.Code, Body: ledger.BodyHash(text)}
}

// Slot makes what waits entries, as the daily slot does.
func (h *House) Slot() {
	h.t.Helper()
	h.Must(h.Store.Sequence(context.Background()))
}

// Carry writes the carry file from entry since on.
func (h *House) Carry(since uint64) []byte {
	h.t.Helper()
	var out bytes.Buffer
	h.Must(h.Store.Snapshot(func(n *store.Snapshot) error { return export(&out, n, since) }))
	return out.Bytes()
}

// CarryFile is Carry into a file of that name.
func (h *House) CarryFile(name string, since uint64) string {
	h.t.Helper()
	h.Must(os.WriteFile(name, h.Carry(since), 0o644))
	return name
}

func export(to io.Writer, n *store.Snapshot, since uint64) error {
	w, err := carry.NewWriter(to, carry.Header{Origin: n.Card().Origin, Genesis: n.Card().Genesis,
		Since: since, Size: n.Size(), Waiting: uint64(n.WaitingCount())})
	if err != nil {
		return err
	}
	if err := n.Checkpoints(since, func(_ uint64, note []byte) error { return w.Checkpoint(note) }); err != nil {
		return err
	}
	var parts []ledger.Part
	seen := make(map[ledger.Hash]bool)
	err = n.Entries(since, func(_ uint64, text []byte) error {
		e, err := ledger.ParseEntry(text)
		if err != nil {
			return err
		}
		for _, p := range e.Body.Parts {
			if !seen[p.Hash] {
				seen[p.Hash] = true
				parts = append(parts, p)
			}
		}
		return w.Entry(text)
	})
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := part(n, p, w.Part); err != nil {
			return err
		}
	}
	err = n.Waiting(func(one store.Waiting) error {
		if err := w.Waiting(one.Text, one.Promise); err != nil {
			return err
		}
		for _, p := range one.Body.Parts {
			if err := part(n, p, w.WaitingPart); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.Close()
}

func part(n *store.Snapshot, p ledger.Part, write func(ledger.Hash, io.Reader) error) error {
	r, _, err := n.Part(p.Hash)
	if errors.Is(err, store.ErrErased) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	return write(p.Hash, r)
}

// Key returns a trustee's key for a vault.
func Key(id *cli.Identity) vault.Key {
	return vault.Key{Card: id.Card, Age: id.Age, Signer: id.Signer}
}

// KeyFile writes the identity file and the card of a name into dir, under Passphrase and at WorkFactor.
func KeyFile(t testing.TB, dir, name string) string {
	t.Helper()
	file := filepath.Join(dir, name+".key")
	if err := Identity(t, name).WriteFiles(file, Passphrase, WorkFactor); err != nil {
		t.Fatal(err)
	}
	return file
}
