package signals

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/reportcode"
	"zapis/crypto/seal"
	"zapis/internal/incident"
	"zapis/internal/server/intake"
	"zapis/internal/shorttest"
	"zapis/store"
)

// desk is a ledger with its intake, and somebody on duty.
type desk struct {
	t       testing.TB
	dir     string
	now     time.Time
	people  []ledgertest.Trustee // anna, boris and vera are trustees, dora is on duty
	genesis ledger.Genesis
	slot    time.Duration
	store   *store.Store
	in      *intake.Intake
	server  *Server
}

func newDesk(t testing.TB, slot time.Duration) *desk {
	t.Helper()
	d := &desk{t: t, dir: filepath.Join(t.TempDir(), "ledger"), now: time.Date(2026, 11, 28, 14, 1, 7, 0, time.UTC), people: ledgertest.Trustees(), slot: slot}
	d.genesis = ledgertest.Genesis()
	d.genesis.Set.Vocabulary = incident.VocabularyVersion
	d.genesis.Set.Duty = ledgertest.Cards(d.people[3])
	if _, err := store.Create(d.dir, d.genesis, ledgertest.Key(1), d.now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	d.open()
	t.Cleanup(func() { d.close() })
	return d
}

func (d *desk) open() {
	d.t.Helper()
	clock := func() time.Time { return d.now }
	var err error
	if d.store, err = store.Open(d.dir, store.Config{Slot: d.slot, Now: clock}); err != nil {
		d.t.Fatal(err)
	}
	d.in = intake.NewWithDeriver(d.store, intake.Limits{}, clock, reportcode.NewTestDeriver(d.store.Origin()))
	d.server = New(d.store, Config{Slot: d.slot, Now: clock})
}

func (d *desk) close() {
	d.t.Helper()
	faults, err := d.store.Check(context.Background(), nil)
	if err != nil || len(faults) > 0 {
		d.t.Errorf("the ledger does not verify: %v %v", faults, err)
	}
	if err := d.store.Close(); err != nil {
		d.t.Error(err)
	}
}

// send files a report with these answers beside the words and the consent.
func (d *desk) send(pairs ...string) intake.Result {
	d.t.Helper()
	draft, err := d.in.Begin(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	result, err := draft.Send(d.t.Context(), d.report(incident.ActReport, append(pairs, "narrative", "They came at six.", "consent", "store")...), "")
	if err != nil {
		d.t.Fatal(err)
	}
	return result
}

func (d *desk) follow(c reportcode.Code, act incident.Act, pairs ...string) intake.Result {
	d.t.Helper()
	draft, err := d.in.Begin(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	result, err := draft.SendFollowUp(d.t.Context(), c, act, d.report(act, pairs...), "")
	if err != nil {
		d.t.Fatal(err)
	}
	return result
}

func (d *desk) report(act incident.Act, pairs ...string) *incident.Report {
	d.t.Helper()
	f := incident.Form{}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i]] = append(f[pairs[i]], pairs[i+1])
	}
	r, errs := incident.Validate(f, d.now, act)
	if errs != nil {
		d.t.Fatal(errs)
	}
	return r
}

func (d *desk) identity(n int) *age.HybridIdentity {
	d.t.Helper()
	id, err := age.ParseHybridIdentity(d.people[n].Identity)
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

// batch makes the due batch and returns the newest, opened by the duty officer.
func (d *desk) batch() (ledger.SignalBatch, []duty.Signal) {
	d.t.Helper()
	if err := d.server.Make(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	file, err := d.server.Batch(0)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.read(file)
}

func (d *desk) read(file []byte) (ledger.SignalBatch, []duty.Signal) {
	d.t.Helper()
	b, sealed, parts, err := d.store.Verifier().OpenSignals(file)
	if err != nil {
		d.t.Fatal(err)
	}
	key, err := duty.OpenKey(sealed, d.identity(3))
	if err != nil {
		d.t.Fatal(err)
	}
	if len(parts) != 16 {
		d.t.Fatalf("%d parts", len(parts))
	}
	var signals []duty.Signal
	dummies := 0
	for _, p := range parts {
		s, err := duty.Open(p, key)
		if err != nil {
			d.t.Fatal(err)
		}
		switch {
		case s == nil:
			dummies++
		case dummies > 0:
			d.t.Error("a signal follows a dummy")
		default:
			signals = append(signals, *s)
		}
	}
	return b, signals
}

func bodyOf(t testing.TB, promise []byte) ledger.Hash {
	t.Helper()
	_, text, err := ledger.SplitPromise(promise)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.BodyHash(text)
}

func TestOnlyWhatNeedsAttentionIsSignalled(t *testing.T) {
	d := newDesk(t, 24*time.Hour)
	quiet := []intake.Result{d.send(), d.send("danger_now", "no"), d.send("deadline", "2026-12-20")}
	d.follow(quiet[0].Code, incident.ActFollowUp, "narrative", "More.")
	want := map[ledger.Hash]string{}
	urgent := func(r intake.Result, about string) intake.Result {
		want[bodyOf(t, r.Promise)] = about
		return r
	}
	danger := urgent(d.send("danger_now", "yes", "language", "be"), "danger")
	urgent(d.send("danger_now", "unsure"), "perhaps in danger")
	near := urgent(d.send("deadline", "2026-12-12"), "a deadline in 14 days")
	urgent(d.send("deadline", "2026-11-28"), "a deadline today")
	urgent(d.follow(danger.Code, incident.ActFollowUp, "narrative", "More."), "more about danger")
	urgent(d.follow(near.Code, incident.ActFollowUp, "narrative", "More."), "more about a deadline")
	urgent(d.follow(quiet[1].Code, incident.ActStop), "stop")
	urgent(d.follow(quiet[2].Code, incident.ActDelete), "delete")
	_, got := d.batch()
	for _, s := range got {
		if want[s.Report] == "" {
			t.Errorf("signalled, and need not be: %+v", s)
		}
		delete(want, s.Report)
		if s.Act == "report" && s.Case != s.Report || !s.Received.Equal(d.now) {
			t.Errorf("its case or its time is wrong: %+v", s)
		}
	}
	for _, about := range want {
		t.Errorf("not signalled: %s", about)
	}
	// The case's deadline came near after the report: what follows asks for attention.
	d.now = d.now.AddDate(0, 0, 10)
	d.batch()
	later := d.follow(quiet[2].Code, incident.ActFollowUp, "narrative", "Soon.")
	d.now = d.now.Add(Period)
	_, got = d.batch()
	if len(got) != 1 || got[0].Report != bodyOf(t, later.Promise) || got[0].Deadline != "2026-12-20" {
		t.Errorf("a deadline that came near is not signalled: %+v", got)
	}
}

func TestMoreThanSixteenWaitForTheNextBatch(t *testing.T) {
	shorttest.Skip(t, "not tested: more reports than one batch holds")
	d := newDesk(t, 24*time.Hour)
	first, none := d.batch()
	if first.Number != 1 || len(none) != 0 || !first.Slot.Equal(time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)) {
		t.Fatalf("the first batch: %+v with %d signals", first, len(none))
	}
	for range 20 {
		d.send("danger_now", "yes")
	}
	// Nothing comes before the next half-hour.
	if again, got := d.batch(); again != first || len(got) != 0 {
		t.Fatal("there was another batch within the half-hour")
	}
	d.now = d.now.Add(Period)
	second, got := d.batch()
	most := slices.MaxFunc(got, func(a, b duty.Signal) int { return a.Waiting - b.Waiting })
	if second.Number != 2 || second.Previous != first.Hash() || len(got) != 16 || most.Waiting < 16 {
		t.Fatalf("the second batch: %+v with %d signals, and %d waited", second, len(got), most.Waiting)
	}
	one, _ := d.server.Batch(1)
	two, _ := d.server.Batch(2)
	if len(one) != len(two) {
		t.Errorf("a batch of %d bytes with signals, and one of %d without", len(two), len(one))
	}
	if len(two) > 64<<10 {
		t.Errorf("a batch has %d bytes", len(two))
	}
	// A restart neither repeats nor skips.
	d.close()
	d.open()
	if again, _ := d.batch(); again != second {
		t.Error("a restart made another batch of the same slot")
	}
	d.now = d.now.Add(Period)
	third, rest := d.batch()
	if third.Number != 3 || third.Previous != second.Hash() || len(rest) != 4 {
		t.Fatalf("the third batch: %+v with %d signals", third, len(rest))
	}
	seen := map[ledger.Hash]bool{}
	for _, s := range append(got, rest...) {
		if seen[s.Report] {
			t.Error("a signal came twice")
		}
		seen[s.Report] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d of 20 came", len(seen))
	}
}

// A batch has one sealed key for all duty cards: five of them fit into 64 KiB, and each opens all parts.
func TestFiveDutyCardsFit(t *testing.T) {
	d := newDesk(t, 24*time.Hour)
	var identities []*age.HybridIdentity
	set := d.genesis.Set
	for i, name := range []string{"dora2", "emil", "frida", "gustav"} {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			t.Fatal(err)
		}
		signer, err := card.NewSigner(name, bytes.Repeat([]byte{byte(i + 1)}, 32))
		if err != nil {
			t.Fatal(err)
		}
		set.Duty = append(set.Duty, signer.Card(id.Recipient().String()))
		identities = append(identities, id)
	}
	d.change(set)
	if err := d.store.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := d.send("danger_now", "yes")
	_, got := d.batch()
	if len(got) != 1 || got[0].Report != bodyOf(t, sent.Promise) {
		t.Fatalf("dora reads %+v", got)
	}
	file, err := d.server.Batch(0)
	if err != nil {
		t.Fatal(err)
	}
	if len(file) > 64<<10 {
		t.Errorf("a batch for five duty cards has %d bytes", len(file))
	}
	_, sealed, parts, err := d.store.Verifier().OpenSignals(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range identities {
		key, err := duty.OpenKey(sealed, id)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := duty.Open(parts[0], key); err != nil || s == nil || s.Report != got[0].Report {
			t.Errorf("the signal: %+v, %v", s, err)
		}
	}
	if _, err := duty.OpenKey(sealed, d.identity(0)); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("a trustee opens the signals' key: %v", err)
	}
}

func TestOldBatchesAreDropped(t *testing.T) {
	shorttest.Skip(t, "not tested: batches that are dropped")
	d := newDesk(t, 24*time.Hour)
	dummies := make([][]byte, ledger.SignalParts)
	for i := range dummies {
		dummies[i] = []byte("a part")
	}
	if _, err := d.server.keys.Of(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for range store.SignalsKept + 2 {
		if _, err := d.store.MakeSignals(t.Context(), d.now, Period, map[store.BatchOf][][]byte{{Set: 0}: dummies}); err != nil {
			t.Fatal(err)
		}
		d.now = d.now.Add(Period)
	}
	if _, err := d.server.Batch(2); !errors.Is(err, store.ErrUnknown) {
		t.Errorf("batch 2 is still there: %v", err)
	}
	if _, err := d.server.Batch(3); err != nil {
		t.Errorf("batch 3 is gone: %v", err)
	}
}

// A duty key opens signals, and nothing else of a report.
func TestADutyKeyOpensNothingElse(t *testing.T) {
	d := newDesk(t, 24*time.Hour)
	draft, err := d.in.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := draft.AddFile("photo.jpg", strings.NewReader("a picture")); err != nil {
		t.Fatal(err)
	}
	r := d.report(incident.ActReport, "narrative", "They came.", "consent", "store", "danger_now", "yes", "contact", "a@example.org")
	result, err := draft.Send(t.Context(), r, "")
	if err != nil {
		t.Fatal(err)
	}
	_, text, err := ledger.SplitPromise(result.Promise)
	if err != nil {
		t.Fatal(err)
	}
	body, err := ledger.ParseBody(text)
	if err != nil {
		t.Fatal(err)
	}
	closed := 0
	err = d.store.Snapshot(func(n *store.Snapshot) error {
		for _, p := range body.Parts {
			if p.Kind == ledger.PartSignal {
				continue
			}
			f, _, err := n.Part(p.Hash)
			if err != nil {
				return err
			}
			sealed, err := io.ReadAll(f)
			f.Close()
			if err != nil {
				return err
			}
			if _, err := seal.OpenBytes(seal.Kind(p.Kind), bytes.NewReader(sealed), seal.DigestOf(sealed), d.identity(3)); err == nil {
				t.Errorf("the duty key opens the %s", p.Kind)
			} else {
				closed++
			}
		}
		return nil
	})
	if err != nil || closed != 3 {
		t.Errorf("%d parts stay closed, want 3 (%v)", closed, err)
	}
}

func (d *desk) poll(who int, at time.Time) []byte {
	d.t.Helper()
	signer := d.people[who].Signer
	message, err := duty.Sign(signer, duty.Poll{Ledger: d.store.Card().Genesis, Signer: signer.Fingerprint(), Time: at}.Text())
	if err != nil {
		d.t.Fatal(err)
	}
	return message
}

func (d *desk) answer(who int, a duty.Answer) []byte {
	d.t.Helper()
	signer := d.people[who].Signer
	a.Ledger, a.Signer = d.store.Card().Genesis, signer.Fingerprint()
	message, err := duty.Sign(signer, a.Text())
	if err != nil {
		d.t.Fatal(err)
	}
	return message
}

func TestPolls(t *testing.T) {
	d := newDesk(t, 24*time.Hour)
	if d.server.OnDuty() {
		t.Error("somebody is on duty before anybody was there")
	}
	ctx := t.Context()
	for about, c := range map[string]struct {
		message []byte
		want    string
	}{
		"a trustee's": {d.poll(0, d.now), "is none of the duty cards in force"},
		"an hour off": {d.poll(3, d.now.Add(-time.Hour)), "its clock differs from the server's by 1h0m0s"},
		"altered":     {bytes.Replace(d.poll(3, d.now), []byte("14:01:07"), []byte("14:01:08"), 1), "duty message of dora: "},
		"no message":  {[]byte("hello"), "duty message: no blank line before a signature"},
		"an answer":   {d.answer(3, duty.Answer{Sentence: "call", Seen: d.now, Again: d.now.Add(time.Hour)}), "duty poll: line 1"},
	} {
		if err := d.server.Poll(ctx, c.message); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", about, err, c.want)
		}
	}
	if d.server.OnDuty() {
		t.Error("what was refused counts")
	}
	if err := d.server.Poll(ctx, d.poll(3, d.now)); err != nil {
		t.Fatal(err)
	}
	began := d.now
	for _, c := range []struct {
		after time.Duration
		on    bool
	}{{0, true}, {2*time.Hour - 2*time.Minute, true}, {2*time.Hour + time.Minute, false}} {
		if d.now = began.Add(c.after); d.server.OnDuty() != c.on {
			t.Errorf("%s later: on duty is %v", c.after, !c.on)
		}
	}
}

func TestAnswersReachTheMailbox(t *testing.T) {
	d := newDesk(t, 24*time.Hour)
	r := d.send("danger_now", "yes", "language", "be")
	quiet := d.send()
	a := duty.Answer{Report: bodyOf(t, r.Promise), Sentence: "call", Seen: d.now, Again: d.now.Add(4 * time.Hour)}
	ctx := t.Context()
	with := func(change func(*duty.Answer)) duty.Answer {
		b := a
		change(&b)
		return b
	}
	for about, c := range map[string]struct {
		who  int
		a    duty.Answer
		want string
	}{
		"a trustee's":          {0, a, "is none of the duty cards in force"},
		"words of their own":   {3, with(func(a *duty.Answer) { a.Sentence = "hello" }), "it is none of the fixed sentences"},
		"a report in no haste": {3, with(func(a *duty.Answer) { a.Report = bodyOf(t, quiet.Promise) }), "there is no such report that asks for attention"},
		"before it was seen":   {3, with(func(a *duty.Answer) { a.Again = a.Seen }), "the reporter is to look again after it was seen"},
		"of tomorrow":          {3, with(func(a *duty.Answer) { a.Seen = a.Seen.Add(time.Hour) }), "its clock differs from the server's by 1h0m0s"},
		"of last week":         {3, with(func(a *duty.Answer) { a.Seen = a.Seen.Add(-48 * time.Hour) }), "its times can't be"},
	} {
		if err := d.server.Answer(ctx, d.answer(c.who, c.a)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", about, err, c.want)
		}
	}
	message := d.answer(3, a)
	for range 2 { // the second time it is known
		if err := d.server.Answer(ctx, message); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.server.Answer(ctx, d.answer(3, with(func(a *duty.Answer) { a.Sentence = "readers" }))); err != nil {
		t.Fatal(err)
	}
	box, err := d.in.Mailbox(ctx, r.Code)
	if err != nil {
		t.Fatal(err)
	}
	if len(box.Replies) != 2 || box.Replies[0].Duty == nil || box.Replies[0].Duty.Sentence != "call" || box.Replies[1].Duty.Sentence != "readers" {
		t.Fatalf("the mailbox has %d replies", len(box.Replies))
	}
	if got := *box.Replies[0].Duty; !got.Seen.Equal(a.Seen) || !got.Again.Equal(a.Again) {
		t.Errorf("the times are %v", got)
	}
	if other, err := d.in.Mailbox(ctx, quiet.Code); err != nil || len(other.Replies) != 0 {
		t.Errorf("another mailbox has it: %v", err)
	}
	// It becomes an entry, which trustees open and duty does not.
	if err := d.store.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	if box, err := d.in.Mailbox(ctx, r.Code); err != nil || len(box.Replies) != 2 {
		t.Errorf("after the slot: %v", err)
	}
}

func TestTheSameBytesForEachReader(t *testing.T) {
	shorttest.Skip(t, "batches for several readers are not compared")
	d := newDesk(t, 24*time.Hour)
	srv := httptest.NewServer(d.server)
	defer srv.Close()
	ask := func(method, path, body string) (int, string) {
		req, err := http.NewRequest(method, srv.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	if code, _ := ask("GET", "/signals", ""); code != 404 {
		t.Errorf("before the first batch: %d", code)
	}
	d.send("danger_now", "yes")
	d.batch()
	_, one := ask("GET", "/signals", "")
	code, two := ask("GET", "/signals/1", "")
	if code != 200 || one != two {
		t.Error("the batch under its number is another one")
	}
	for path, want := range map[string]int{"/signals/2": 404, "/signals/01": 404, "/signals/0": 404, "/signals/x": 404, "/signals/": 404,
		"/signals/poll": 405, "/signals/answer": 405, "/signals/keys": 200} {
		if code, _ := ask("GET", path, ""); code != want {
			t.Errorf("GET %s: %d, want %d", path, code, want)
		}
	}
	if code, _ := ask("POST", "/signals", ""); code != 405 {
		t.Errorf("POST /signals: %d", code)
	}
	if code, _ := ask("POST", "/signals/poll", strings.Repeat("x", 5000)); code != 400 {
		t.Errorf("a long message: %d", code)
	}
	if code, text := ask("POST", "/signals/poll", string(d.poll(0, d.now))); code != 403 || !strings.Contains(text, "none of the duty cards") {
		t.Errorf("a trustee's poll: %d %s", code, text)
	}
	if code, text := ask("POST", "/signals/poll", string(d.poll(3, d.now.Add(-time.Hour)))); code != 409 || !strings.Contains(text, "1h0m0s") {
		t.Errorf("an hour off: %d %s", code, text)
	}
	if code, _ := ask("POST", "/signals/poll", string(d.poll(3, d.now))); code != 204 || !d.server.OnDuty() {
		t.Errorf("a poll: %d", code)
	}
	if code, text := ask("POST", "/signals/answer", string(d.answer(3, duty.Answer{Sentence: "call", Seen: d.now, Again: d.now.Add(time.Hour)}))); code != 404 {
		t.Errorf("an answer to nothing: %d %s", code, text)
	}
}

func TestADrillIsMarked(t *testing.T) {
	d := newDesk(t, 0)
	d.batch()
	var name ledger.Hash
	rand.Read(name[:])
	d.now = d.now.Add(3 * time.Second)
	if err := d.server.Drill(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	b, got := d.batch()
	if len(got) != 1 || got[0].Act != duty.ActDrill || got[0].Report != name {
		t.Fatalf("the exercise: %+v", got)
	}
	// With slot 0 a batch comes as soon as something waits, and no other before the half-hour.
	if !b.Slot.Equal(d.now) {
		t.Errorf("its batch is of %s", b.Slot)
	}
	d.now = d.now.Add(3 * time.Second)
	if again, _ := d.batch(); again != b {
		t.Error("there was a batch with nothing in it")
	}
}

func TestAChangeOfDutyCardsClosesWithTheOldOnes(t *testing.T) {
	d := newDesk(t, 0)
	d.batch()
	d.send("danger_now", "yes")
	set := d.genesis.Set
	set.Duty = ledgertest.Cards(d.people[3], d.people[4])
	d.change(set)
	d.now = d.now.Add(time.Minute)
	after := d.send("danger_now", "unsure")
	_, _ = d.batch()
	file, err := d.server.Batch(2)
	if err != nil {
		t.Fatal(err)
	}
	old, got := d.read(file)
	if old.Trustees != 0 || len(got) != 1 || got[0].Danger != "yes" {
		t.Errorf("the old set's last batch: %+v with %+v", old, got)
	}
	if file, err = d.server.Batch(3); err != nil {
		t.Fatal(err)
	}
	next, got := d.read(file)
	if next.Trustees == 0 || next.Previous != old.Hash() || len(got) != 1 || got[0].Report != bodyOf(t, after.Promise) {
		t.Errorf("the new set's first batch: %+v with %+v", next, got)
	}
	if _, err := d.server.Batch(4); err == nil {
		t.Error("there is a fourth batch")
	}
	// Nothing is sealed to the old set's key any more: it is gone, and another would be made.
	keys := map[uint64]bool{}
	for _, set := range []uint64{0, next.Trustees} {
		_, err := d.store.KeepSignalKey(t.Context(), set, func() (store.SignalKey, error) {
			keys[set] = true
			return store.SignalKey{Recipient: "age1", Sealed: []byte("sealed")}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !keys[0] || keys[next.Trustees] {
		t.Errorf("keys were made for the sets %v", keys)
	}
}

// change brings another set into force.
func (d *desk) change(set ledger.TrusteeSet) {
	d.t.Helper()
	after, err := d.store.After()
	if err != nil {
		d.t.Fatal(err)
	}
	text := ledger.TrusteesChange{Origin: ledgertest.Origin, After: after, Set: set}.Marshal()
	var approvals []card.Signed
	for _, p := range d.people[:2] {
		s, err := p.Signer.SignStatement(card.Statement{Ledger: d.store.Card().Genesis, Trustees: 0, Number: 1, Kind: card.KindApproval, Subject: ledger.Sum(text)})
		if err != nil {
			d.t.Fatal(err)
		}
		approvals = append(approvals, s)
	}
	body := ledger.Approved{Text: text, Approvals: approvals}.Marshal()
	if _, err := d.store.Submit(d.t.Context(), store.Submission{Body: ledger.BodyOf(ledger.KindTrustees, 0, body), Small: [][]byte{body}}); err != nil {
		d.t.Fatal(err)
	}
}
