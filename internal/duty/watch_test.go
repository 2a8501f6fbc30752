package duty

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/reportcode"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/server/intake"
	"zapis/internal/server/signals"
	"zapis/internal/shorttest"
	"zapis/store"
)

// house is a server, and somebody on duty who looks at it.
type house struct {
	t       *testing.T
	now     time.Time // of the server
	ahead   time.Duration
	store   *store.Store
	in      *intake.Intake
	signals *signals.Server
	address string
	instead func(w http.ResponseWriter, r *http.Request) bool // answers where it reports true
	people  []ledgertest.Trustee
	state   string
	change  []byte // a change of the log's keys that a trustee handed over
	watch   *Watch
}

func newHouse(t *testing.T) *house { return newHouseOf(t, 24*time.Hour) }

func newHouseOf(t *testing.T, slot time.Duration) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 11, 28, 14, 1, 0, 0, time.UTC), people: ledgertest.Trustees(), state: filepath.Join(t.TempDir(), "state")}
	if slot == 0 {
		h.now = h.now.Truncate(signals.Period) // such a ledger's batches are of the time at which they are made
	}
	g := ledgertest.Genesis()
	g.Set.Vocabulary, g.Set.Duty = incident.VocabularyVersion, ledgertest.Cards(h.people[3])
	dir := filepath.Join(t.TempDir(), "ledger")
	if _, err := store.Create(dir, g, ledgertest.Key(1), h.now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return h.now }
	var err error
	if h.store, err = store.Open(dir, store.Config{Slot: slot, Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	h.in, h.signals = intake.NewWithDeriver(h.store, intake.Limits{}, clock, reportcode.NewTestDeriver(h.store.Origin())), signals.New(h.store, signals.Config{Slot: slot, Now: clock})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case h.instead != nil && h.instead(w, r):
		case r.URL.Path == "/genesis":
			w.Write(h.store.Genesis().Marshal())
		default:
			h.signals.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	h.address = srv.URL
	h.make()
	h.start(3)
	return h
}

// start begins a run of the program with somebody's key.
func (h *house) start(who int) {
	h.t.Helper()
	id, err := age.ParseHybridIdentity(h.people[who].Identity)
	if err != nil {
		h.t.Fatal(err)
	}
	h.watch, err = New(Options{From: h.address, Ledger: h.store.Card(), Key: id, Recipient: id.Recipient(), Signer: h.people[who].Signer, State: h.state,
		KeyChange: h.change, Now: func() time.Time { return h.now.Add(h.ahead) }})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) make() {
	h.t.Helper()
	if err := h.signals.Make(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// later lets time pass and makes the batches of it.
func (h *house) later(halfHours int) {
	h.t.Helper()
	for range halfHours {
		h.now = h.now.Add(signals.Period)
		h.make()
	}
}

func (h *house) send() intake.Result {
	h.t.Helper()
	r, errs := incident.Validate(incident.Form{"narrative": {"They came."}, "consent": {"store"}, "danger_now": {"yes"}, "language": {"be"}}, h.now, incident.ActReport)
	if errs != nil {
		h.t.Fatal(errs)
	}
	d, err := h.in.Begin(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	result, err := d.Send(h.t.Context(), r, "")
	if err != nil {
		h.t.Fatal(err)
	}
	return result
}

// look looks once, and gives the codes of what is wrong.
func (h *house) look() (Tick, []string) {
	h.t.Helper()
	t, err := h.watch.Look(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	var codes []string
	for _, n := range t.Trouble {
		codes = append(codes, n.Code)
	}
	return t, codes
}

// want looks once, and wants these new reports and faults.
func (h *house) want(about string, fresh int, codes ...string) Tick {
	h.t.Helper()
	t, got := h.look()
	if len(t.New) != fresh || !slices.Equal(got, codes) {
		h.t.Errorf("%s: %d new and %v, want %d and %v: %v", about, len(t.New), got, fresh, codes, t.Trouble)
	}
	return t
}

func TestAReportRingsOnceAndIsAnswered(t *testing.T) {
	h := newHouse(t)
	h.want("nothing came", 0)
	if !h.signals.OnDuty() {
		t.Error("the server does not know that somebody is on duty")
	}
	r := h.send()
	h.want("before its batch", 0)
	h.later(1)
	tick := h.want("its batch", 1)
	if it := tick.New[0]; tick.Danger() != 1 || it.Danger != "yes" || it.Language != "be" || it.Act != "report" || it.Rang.Sub(it.Received) > 31*time.Minute {
		t.Errorf("it shows %+v", it)
	}
	h.want("a second look", 0)
	h.start(3)
	h.want("after a restart", 0)
	sealed, err := os.ReadFile(h.state)
	if err != nil || !bytes.HasPrefix(sealed, []byte("age-encryption.org/v1\n")) || bytes.Contains(sealed, []byte("zapis")) {
		t.Errorf("the state is not sealed: %v", err)
	}
	id := duty.ShortName(tick.New[0].Case)
	for about, c := range map[string]struct {
		id       string
		sentence int
		again    time.Time
		want     string
	}{
		"an unknown report":   {"c0000", 1, h.now.Add(time.Hour), `no report "c0000" is known here`},
		"no such sentence":    {id, 6, h.now.Add(time.Hour), "there is no sentence 6"},
		"again before it was": {id, 1, h.now.Add(-time.Hour), "the reporter is to look again after it was seen"},
	} {
		if _, err := h.watch.Answer(t.Context(), c.id, c.sentence, c.again); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", about, err, c.want)
		}
	}
	if it, err := h.watch.Answer(t.Context(), id, 1, h.now.Add(time.Hour)); err != nil || !slices.Equal(it.Answered, []string{"call"}) {
		t.Fatalf("the answer: %+v, %v", it, err)
	}
	box, err := h.in.Mailbox(t.Context(), r.Code)
	if err != nil || len(box.Replies) != 1 || box.Replies[0].Duty.Sentence != "call" {
		t.Errorf("the mailbox: %v", err)
	}
}

// A reporter ticks danger again and again: it rings once, with a count. The rest comes with the next batches.
func TestAFloodRingsOnceWithACount(t *testing.T) {
	shorttest.Skip(t, "not tested: a flood of signals")
	h := newHouse(t)
	const reports = 40
	for range reports {
		h.send()
	}
	h.later(1)
	if tick := h.want("the flood", 16); tick.Waiting <= 16 || tick.Waiting > reports || tick.Danger() != 16 {
		t.Errorf("it says that %d waited, and %d are in danger", tick.Waiting, tick.Danger())
	}
	h.later(2)
	h.want("the rest, by two batches at one look", reports-16)
}

// answer gives this file at this path.
func answer(path string, file []byte) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == path {
			w.Write(file)
		}
		return r.URL.Path == path
	}
}

// sign signs a changed batch with the log's first key.
func (h *house) sign(file []byte, change func(*ledger.SignalBatch)) []byte {
	h.t.Helper()
	b, key, parts, err := ledgertest.Key(1).Verifier().OpenSignals(file)
	if err != nil {
		h.t.Fatal(err)
	}
	change(&b)
	file, err = ledgertest.Key(1).SignSignals(b, key, parts)
	if err != nil {
		h.t.Fatal(err)
	}
	return file
}

func TestServersThatMisbehave(t *testing.T) {
	shorttest.Skip(t, "not tested: servers that misbehave")
	h := newHouse(t)
	h.want("at first", 0)
	old, err := h.signals.Batch(1)
	if err != nil {
		t.Fatal(err)
	}
	h.send()
	h.later(1)
	h.want("a report", 1)
	h.instead = answer("/signals", old)
	h.want("a replayed batch", 0, Replayed)
	newest, err := h.signals.Batch(2)
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Replace(newest, []byte("number 2"), []byte("number 9"), 1)
	h.instead = answer("/signals", forged)
	h.want("a forged batch", 0, Forged)
	h.instead = answer("/signals", newest[:len(newest)-1])
	h.want("a batch that was cut off", 0, Forged)

	// The log's own key signs another batch of a number that was read: keys were stolen, or the server has two histories.
	h.instead = answer("/signals", h.sign(newest, func(b *ledger.SignalBatch) { b.Period += time.Second }))
	h.want("a second batch 2", 0, Repeated)
	h.instead = answer("/signals", h.sign(newest, func(b *ledger.SignalBatch) { b.Number, b.Previous = 3, ledger.Sum(nil) }))
	h.want("a batch 3 that does not follow", 0, Skipped)

	h.start(3)
	h.instead = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/signals/4" {
			http.NotFound(w, r)
			return true
		}
		return false
	}
	h.later(3)
	// What was read as batch 3 was the forged one: the true 5 does not follow it, and 4 is missing.
	if tick, codes := h.look(); !slices.Contains(codes, Skipped) {
		t.Errorf("a batch that is missing: %v", tick.Trouble)
	}
	h.instead = func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(500)
		return true
	}
	h.want("the server fails", 0)
	h.now = h.now.Add(59 * time.Minute)
	h.want("for less than two batches", 0)
	h.now = h.now.Add(time.Minute)
	h.want("for two batches", 0, Unreachable)
	h.instead = nil
	h.want("it makes no batches for longer than two", 0, Stopped)
	h.later(1)
	if tick, codes := h.look(); !slices.Equal(codes, []string{Skipped}) || !strings.Contains(tick.Trouble[0].Text, "there was no batch between") {
		t.Errorf("after a gap: %v", tick.Trouble)
	}
}

func TestClocksAndKeys(t *testing.T) {
	h := newHouse(t)
	h.ahead = -time.Hour
	h.want("an hour behind", 0, Clock, NotTaken)
	h.ahead = time.Hour
	h.later(1)
	if _, codes := h.look(); !slices.Contains(codes, NotTaken) {
		t.Errorf("an hour ahead: %v", codes)
	}
	h.ahead = 0
	h.state += "-other"
	h.start(4)
	if _, codes := h.look(); !slices.Equal(codes, []string{OtherKeys, NotTaken}) {
		t.Errorf("a key that is none of the duty cards: %v", codes)
	}
	if _, err := New(Options{From: h.address, Key: mustIdentity(t, h.people[3].Identity), State: h.state, Now: time.Now}); exit.StatusOf(err) != exit.KeyMissing {
		t.Errorf("a state of another key: %v", err)
	}
	if err := os.WriteFile(h.state, []byte("not sealed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{From: h.address, Key: mustIdentity(t, h.people[3].Identity), State: h.state, Now: time.Now}); err == nil {
		t.Error("a damaged state is read")
	}
}

func mustIdentity(t *testing.T, s string) *age.HybridIdentity {
	t.Helper()
	id, err := age.ParseHybridIdentity(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAnotherLedgerIsRefused(t *testing.T) {
	h := newHouse(t)
	h.watch.o.Ledger.Genesis[0] ^= 1
	h.want("another card", 0, Forged)
	for from, want := range map[string]string{"ftp://a": "it is http:// or https:// and a host", "http://a.onion": "an onion needs a proxy"} {
		if _, err := newClient(from, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", from, err)
		}
	}
	if _, err := newClient("http://a.onion", "http://p:1"); err == nil || !strings.Contains(err.Error(), "it is socks5:// or socks5h://") {
		t.Errorf("a proxy of another kind: %v", err)
	}
}

// What is started when it rings gets counts, and nothing else of this process.
func TestRinging(t *testing.T) {
	dir := t.TempDir()
	script, out := filepath.Join(dir, "ring"), filepath.Join(dir, "out")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n/usr/bin/env > "+out+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	var bell bytes.Buffer
	Ring(Counts{3, 1, 20}, Ringer{Bell: &bell, Exec: script, Failed: func(err error) { t.Error(err) }})
	if bell.String() != "\a" {
		t.Errorf("the bell: %q", bell.String())
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(got)), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, "PWD=") || strings.HasPrefix(l, "_=") || strings.HasPrefix(l, "SHLVL=")
	}) // the shell's own
	slices.Sort(lines)
	if !slices.Equal(lines, []string{"ZAPIS_DANGER=1", "ZAPIS_NEW=3", "ZAPIS_WAITING=20"}) {
		t.Errorf("its environment: %q", lines)
	}
	var failed error
	Ring(Counts{}, Ringer{Quiet: true, Exec: filepath.Join(dir, "none"), Failed: func(err error) { failed = err }})
	if failed == nil || !errors.Is(failed, os.ErrNotExist) {
		t.Errorf("a program that is not there: %v", failed)
	}
}
