package main

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/reportcode"
	"zapis/internal/carry"
	"zapis/internal/incident"
	"zapis/internal/server/intake"
	"zapis/internal/server/signals"
	"zapis/store"
)

// carried is what a carry file has.
type carried struct {
	header  carry.Header
	entries int
	waits   []ledger.Hash
	parts   map[ledger.Hash]bool
}

func readCarry(t *testing.T, file []byte) carried {
	t.Helper()
	r, err := carry.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	c := carried{header: r.Header(), parts: map[ledger.Hash]bool{}}
	for {
		it, err := r.Next()
		if errors.Is(err, io.EOF) {
			return c
		}
		if err != nil {
			t.Fatal(err)
		}
		switch it.Kind {
		case carry.Entry:
			c.entries++
		case carry.WaitingBody:
			c.waits = append(c.waits, it.BodyHash)
		case carry.Part, carry.WaitingPart:
			c.parts[it.Part.Hash] = true
		}
	}
}

// discard takes what an operation writes.
type discard struct{ io.Writer }

func (discard) Progress(tick) {}

// --urgent carries what waits and asks for attention, with each of its parts and what those on duty have answered: no entry, and
// nothing of another report.
func TestExportOfWhatIsUrgent(t *testing.T) {
	now := time.Date(2026, 11, 28, 14, 1, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	people := ledgertest.Trustees()
	g := ledgertest.Genesis()
	g.Set.Vocabulary, g.Set.Duty = incident.VocabularyVersion, ledgertest.Cards(people[3])
	dir := filepath.Join(t.TempDir(), "ledger")
	if _, err := store.Create(dir, g, ledgertest.Key(1), now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(dir, store.Config{Slot: 24 * time.Hour, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	in := intake.NewWithDeriver(st, intake.Limits{}, clock, reportcode.NewTestDeriver(st.Origin()))
	send := func(danger string, files ...string) ledger.Body {
		t.Helper()
		d, err := in.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := d.AddFile(f, strings.NewReader("file "+f)); err != nil {
				t.Fatal(err)
			}
		}
		r, errs := incident.Validate(incident.Form{"narrative": {"They came."}, "consent": {"store"}, "danger_now": {danger}}, now, incident.ActReport)
		if errs != nil {
			t.Fatal(errs)
		}
		result, err := d.Send(t.Context(), r, "")
		if err != nil {
			t.Fatal(err)
		}
		_, text, err := ledger.SplitPromise(result.Promise)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ledger.ParseBody(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	send("yes") // has its entry: the file is for what waits
	if err := st.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	size := st.Size()
	quiet := send("no", "quiet.txt")
	urgent := []ledger.Body{send("yes", "a.txt", "b.txt"), send("unsure")}
	dora := people[3].Signer
	message, err := duty.Sign(dora, duty.Answer{Ledger: st.Card().Genesis, Signer: dora.Fingerprint(), Report: urgent[0].Hash(), Sentence: "call",
		Seen: now, Again: now.Add(time.Hour)}.Text())
	if err != nil {
		t.Fatal(err)
	}
	if err := signals.New(st, signals.Config{Now: clock}).Answer(t.Context(), message); err != nil {
		t.Fatal(err)
	}

	export := func(a exportArgs) carried {
		t.Helper()
		var file bytes.Buffer
		if err := exportLedger(t.Context(), st, a, discard{&file}); err != nil {
			t.Fatal(err)
		}
		return readCarry(t, file.Bytes())
	}
	all := export(exportArgs{})
	if len(all.waits) != 4 || uint64(all.entries) != size {
		t.Fatalf("all of it: %d waiting, %d entries", len(all.waits), all.entries)
	}
	one := export((&exportVerb{Urgent: true}).args())
	if one.entries != 0 || one.header.Since != size || one.header.Waiting != 3 || len(one.waits) != 3 || slices.Contains(one.waits, quiet.Hash()) {
		t.Errorf("it has %d entries, %d that wait, and says %d; with the quiet report: %v", one.entries, len(one.waits), one.header.Waiting,
			slices.Contains(one.waits, quiet.Hash()))
	}
	parts := 1 // the answer
	for _, b := range urgent {
		if !slices.Contains(one.waits, b.Hash()) {
			t.Errorf("%s is not in it", b.Hash())
		}
		for _, p := range b.Parts {
			if parts++; !one.parts[p.Hash] {
				t.Errorf("part %s of %s is not in it", p.Kind, b.Hash())
			}
		}
	}
	if len(one.parts) != parts {
		t.Errorf("it has %d parts, and what is urgent has %d", len(one.parts), parts)
	}
	since := uint64(1)
	if from := export((&exportVerb{Urgent: true, Since: &since}).args()); uint64(from.entries) != size-1 || len(from.waits) != 3 {
		t.Errorf("with --since 1: %d entries, %d that wait", from.entries, len(from.waits))
	}
}
