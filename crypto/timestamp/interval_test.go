package timestamp_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/crypto/timestamp"
	"zapis/crypto/timestamp/timestamptest"
	"zapis/crypto/witness"
)

func TestTightest(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC) }
	all := []timestamp.Evidence{
		{Entry: 40, Size: 33, Time: day(22), By: "a"},
		{Entry: 41, Size: 33, Time: day(22).Add(time.Hour), Accuracy: 2 * time.Hour, By: "b"}, // later, and vaguer
		{Entry: 70, Size: 65, Time: day(23), By: "a"},
		{Entry: 100, Size: 97, Time: day(24), By: "a"},
		{Entry: 101, Size: 65, Time: day(25), By: "late"}, // about an old checkpoint
	}
	for _, c := range []struct {
		index         uint64
		after, before int // of all; -1 for none
	}{
		{0, -1, 0},   // before all anchors
		{32, -1, 0},  // the last that the first checkpoint covers
		{33, -1, 2},  // of the second slot, whose anchor is of day 23
		{40, -1, 2},  // the anchor entry itself is after nothing
		{41, 0, 2},   // what follows it is
		{64, 0, 2},   // b would be tighter by its time, and is not by its accuracy
		{65, 0, 3},   // third slot
		{71, 2, 3},   //
		{97, 2, -1},  // not covered by any
		{150, 4, -1}, // behind all: the latest token counts, whatever it is about
	} {
		got := timestamp.Tightest(all, c.index)
		for _, end := range []struct {
			name string
			got  *timestamp.Evidence
			want int
		}{{"not before", got.NotBefore, c.after}, {"not after", got.NotAfter, c.before}} {
			if (end.got == nil) != (end.want < 0) || end.got != nil && *end.got != all[end.want] {
				t.Errorf("entry %d, %s: %+v, want number %d", c.index, end.name, end.got, end.want)
			}
		}
		if !got.Possible() {
			t.Errorf("entry %d: not possible", c.index)
		}
	}
	if got := timestamp.Tightest(nil, 7); got.NotBefore != nil || got.NotAfter != nil || !got.Possible() {
		t.Errorf("no anchors: %+v", got)
	}

	// One of the two clocks was wrong, and nobody can say which.
	lied := []timestamp.Evidence{{Entry: 40, Size: 33, Time: day(25)}, {Entry: 70, Size: 65, Time: day(23)}}
	if got := timestamp.Tightest(lied, 50); got.Possible() {
		t.Errorf("after %s and before %s is possible", got.NotBefore.Time, got.NotAfter.Time)
	}
}

func TestCheck(t *testing.T) {
	b := ledgertest.New()
	note := b.Checkpoint()
	a := timestamptest.New(t, timestamptest.Plan{})
	q, err := timestamp.NewRequest(rand.Reader, note, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := ledger.Anchor{Size: 1, Checkpoint: ledger.Sum(note), Response: a.ReplyAlone(t, q.DER), Certificates: [][]byte{a.CA.Raw},
		Revocations: [][]byte{a.List(t, time.Time{}, 0)}}
	parsed, err := ledger.ParseAnchor(body.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	trust := timestamp.Trust{Options: timestamp.Options{Roots: a.Pool()}}
	e, err := timestamp.Check(5, parsed, note, trust)
	if err != nil {
		t.Fatal(err)
	}
	if e.Entry != 5 || e.Size != 1 || e.By != "CN=Test Authority" || e.Witness || e.Accuracy != time.Second ||
		!e.Earliest().Equal(e.Time.Add(-time.Second)) || !e.Latest().Equal(e.Time.Add(time.Second)) {
		t.Errorf("got %+v", e)
	}

	k, err := witness.GenerateSigningKey("w.example/w", bytes.NewReader(bytes.Repeat([]byte("w"), 64)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := ledger.NoteText(note)
	if err != nil {
		t.Fatal(err)
	}
	by, err := k.Cosign(text, ledgertest.Slot)
	if err != nil {
		t.Fatal(err)
	}
	seen := ledger.Anchor{Size: 1, Checkpoint: ledger.Sum(note), Witness: by[0].Witness.String(), Cosignature: by[0].Raw}
	trust.Witnesses = k.Verifiers()
	if e, err = timestamp.Check(5, seen, note, trust); err != nil || !e.Time.Equal(ledgertest.Slot) || e.By != "w.example/w" || !e.Witness {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := timestamp.Check(5, seen, note, timestamp.Trust{}); !errors.Is(err, timestamp.ErrNotTrusted) || errors.Is(err, canonical.ErrMismatch) {
		t.Errorf("a witness that nobody named: %v", err)
	}

	other := parsed
	lost := time.Now().Add(time.Minute)
	other.Revocations = [][]byte{a.List(t, lost, 1)}
	damaged := seen
	damaged.Cosignature = bytes.Clone(seen.Cosignature)
	damaged.Cosignature[20] ^= 1
	for _, c := range []struct {
		name  string
		index uint64
		a     ledger.Anchor
		note  []byte
		want  string
	}{
		{"about what follows it", 0, parsed, note, "anchor 0: it is about a checkpoint of 1 entries, which is not before it"},
		{"another checkpoint", 5, parsed, b.Checkpoint(), "anchor 5: it is about another checkpoint file than this one"},
		{"revoked", 5, other, note, "anchor 5: time-stamp token: the certificate of CN=Test Authority was revoked at " + lost.UTC().Format(time.RFC3339)},
		{"damaged", 5, damaged, note, "anchor 5: cosignature: the Ed25519 line of w.example/w does not fit the checkpoint"},
	} {
		_, err := timestamp.Check(c.index, c.a, c.note, trust)
		if err == nil || err.Error() != c.want || !errors.Is(err, canonical.ErrMismatch) {
			t.Errorf("%s: got:\n%v\nwant:\n%s", c.name, err, c.want)
		}
	}
}
