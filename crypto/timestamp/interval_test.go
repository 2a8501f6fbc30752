package timestamp_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
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

	// One of the two clocks was wrong, and the tokens do not say which.
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

// Evidence that can't all be right is named, whichever entry is asked about, and
// none of it is dropped.
func TestContradictions(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC) }
	far := time.Date(2034, 1, 1, 0, 0, 0, 0, time.UTC)
	all := []timestamp.Evidence{
		{Entry: 10, Size: 8, Time: day(20), By: "a"},
		{Entry: 23, Size: 17, Time: far, By: "b"},
		{Entry: 40, Size: 33, Time: day(22), By: "a"},
		{Entry: 60, Size: 50, Time: day(23), By: "a"},
	}
	got := timestamp.Contradictions(all)
	if len(got) != 1 || got[0].Holder != all[1] || got[0].Covering != all[2] {
		t.Fatalf("got %+v", got)
	}
	const want = `those who vouch for the time contradict each other: entry 23 holds the word of "b" of 2034-01-01T00:00:00Z, and "a" says in entry 40 that this entry existed on 2026-11-22T12:00:00Z: a clock was wrong, or somebody lied`
	if got[0].String() != want {
		t.Errorf("said as:\n%s\nwant:\n%s", got[0], want)
	}
	if i := timestamp.Tightest(all, 30); i.Possible() || i.NotBefore.Time != far {
		t.Errorf("an entry behind it: %+v", i)
	}
	for name, fine := range map[string][]timestamp.Evidence{
		"without it":                  {all[0], all[2], all[3]},
		"about a checkpoint before":   {all[1], {Entry: 40, Size: 23, Time: day(22)}},
		"within the accuracy":         {{Entry: 10, Size: 8, Time: day(21), Accuracy: 13 * time.Hour}, {Entry: 40, Size: 33, Time: day(20), Accuracy: 12 * time.Hour}},
		"a line on the checkpoint":    {{Entry: timestamp.OnCheckpoint, Size: 64, Time: day(25)}, all[2]},
		"the same authority, earlier": {all[3], {Entry: 61, Size: 50, Time: day(22)}},
	} {
		if got := timestamp.Contradictions(fine); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	line := timestamp.Evidence{Entry: timestamp.OnCheckpoint, Size: 64, Time: day(25), By: "w", Witness: true}
	if got := timestamp.Contradictions([]timestamp.Evidence{all[1], line}); len(got) != 1 || !strings.Contains(got[0].String(), `and "w" says on the checkpoint that this entry existed on`) {
		t.Errorf("a witness's line: %+v", got)
	}
}

// Anchors that can't be verified for want of roots are read all the same, and
// what is visible without roots is reported.
func TestWarnings(t *testing.T) {
	b := ledgertest.New()
	note := b.Checkpoint()
	a := timestamptest.New(t, timestamptest.Plan{})
	held := func(index uint64, response []byte) timestamp.Held {
		body := ledger.Anchor{Size: 1, Checkpoint: ledger.Sum(note), Response: response}.Marshal()
		return timestamp.Held{Index: index, Body: body, Checkpoint: note}
	}
	poison := []byte{0x30, 0x09, 0x30, 0x03, 0x02, 0x01, 0x00, 0x30, 0x02, 0x1F, 0x80}
	token := a.OddAs(t, note, timestamptest.Odd{})
	const want = "the anchor in entry 7 proves nothing: time-stamp token: the response is not DER: a tag number is above 30, which no part of a time stamp uses"
	all := []timestamp.Held{held(5, token), held(7, poison)}
	if got := timestamp.Warnings(all, 0); len(got) != 1 || got[0] != want {
		t.Errorf("%q", got)
	}
	if got := timestamp.Warnings(all, 8); len(got) != 0 {
		t.Errorf("of older entries: %q", got)
	}
	if got := timestamp.Warnings([]timestamp.Held{{Index: 9, Body: []byte("zapis/anchor/v1\n")}}, 0); len(got) != 1 {
		t.Errorf("no anchor: %q", got)
	}
}
