package casework

import (
	"slices"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/reporterkey"
	"zapis/internal/trustee/casefile"
)

// TestWhoseKeySigned tries every relation between a case's key and what follows its report.
func TestWhoseKeySigned(t *testing.T) {
	t.Parallel()
	key, other := reporterkey.Fingerprint{1}, reporterkey.Fingerprint{2}
	report := func(k reporterkey.Fingerprint) placedSubmission {
		return placedSubmission{entry: &caseIndexEntry{Act: "report", Fits: true, Key: k, Number: 1}}
	}
	next := func(k reporterkey.Fingerprint, signature string) placedSubmission {
		return placedSubmission{entry: &caseIndexEntry{Act: "consent", Fits: true, Key: k, Signature: signature, Number: 2}}
	}
	for _, tt := range []struct {
		name  string
		first placedSubmission
		f     placedSubmission
		want  casefile.Authorship
		count bool
	}{
		{"signed", report(key), next(key, signatureGood), casefile.AuthorSigned, true},
		{"unsigned", report(key), next(key, signatureNone), casefile.AuthorUnsigned, false},
		{"a signature that does not verify", report(key), next(key, signatureBad), casefile.AuthorWrong, false},
		{"signed with another key", report(key), next(other, signatureGood), casefile.AuthorWrong, false},
		{"a statement of version 1 under a case with a key", report(key), next(reporterkey.Fingerprint{}, signatureNone), casefile.AuthorUnsigned, false},
		{"from before", report(reporterkey.Fingerprint{}), next(reporterkey.Fingerprint{}, signatureNone), casefile.AuthorBefore, true},
		{"signed, and the report is from before", report(reporterkey.Fingerprint{}), next(key, signatureGood), casefile.AuthorBefore, true},
		{"signed, and the report is missing", next(key, signatureGood), next(key, signatureGood), casefile.AuthorUnknown, false},
		{"from before, and the report is missing", next(reporterkey.Fingerprint{}, signatureNone), next(reporterkey.Fingerprint{}, signatureNone), casefile.AuthorBefore, true},
		{"collected", report(key), placedSubmission{entry: &caseIndexEntry{Act: actExhibit, Fits: true}}, casefile.AuthorCollect, false},
		{"the report itself", report(key), report(key), casefile.AuthorFirst, true},
	} {
		c := &Case{subs: []placedSubmission{tt.first, tt.f}}
		if got := c.authorship(tt.f); got != tt.want || got.Counts() != tt.count {
			t.Errorf("%s: %s, counts %v", tt.name, got, got.Counts())
		}
	}
}

func TestGapsInTheNumbersShow(t *testing.T) {
	t.Parallel()
	key := reporterkey.Fingerprint{1}
	of := func(numbers ...uint64) *Case {
		c := &Case{}
		for i, n := range numbers {
			f := placedSubmission{entry: &caseIndexEntry{Act: "follow-up", Fits: true, Key: key, Signature: signatureGood, Number: n}}
			if i == 0 {
				f.entry.Act = "report"
			}
			c.subs = append(c.subs, f)
		}
		return c
	}
	old := func(c *Case, n int) *Case {
		for i := range n {
			c.subs[i].entry.Number, c.subs[i].entry.Key = 0, reporterkey.Fingerprint{}
		}
		return c
	}
	forged := of(1, 2, 3)
	forged.subs[1].entry.Signature = signatureNone
	for _, tt := range []struct {
		name           string
		c              *Case
		missing, twice []uint64
	}{
		{"one", of(1), nil, nil},
		{"whole", of(1, 2, 3), nil, nil},
		{"in the log's order", of(1, 3, 2), nil, nil},
		{"a gap", of(1, 2, 4, 6), []uint64{3, 5}, nil},
		{"twice", of(1, 2, 2), nil, []uint64{2}},
		{"a number that is filled by nobody's signature", forged, []uint64{2}, nil},
		{"begun before there were numbers", old(of(1, 2, 3), 2), nil, nil},
		{"begun before, with a gap", old(of(1, 2, 4), 2), []uint64{3}, nil},
		{"all from before", old(of(1, 2), 2), nil, nil},
	} {
		got := tt.c.numbering()
		if !slices.Equal(got.Missing, tt.missing) || !slices.Equal(got.Twice, tt.twice) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	if got := of(1, 1<<31).numbering(); len(got.Missing) != maxMissing {
		t.Errorf("a number out of all measure: %d are listed", len(got.Missing))
	}
}

func TestWhatATimeOfReceiptCanBe(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	before, own := at("2026-11-21T00:00:00Z"), at("2026-11-22T00:00:00Z")
	for _, tt := range []struct{ received, want string }{
		{"2026-11-21T20:47:45Z", ""},
		{"2026-11-22T00:00:00Z", ""},
		{"2026-11-20T23:00:00Z", ""},
		{"2026-11-20T22:59:59Z", "is before the slot of 2026-11-21T00:00:00Z was closed, and the entry came in a later one, of 2026-11-22T00:00:00Z"},
		{"2019-01-01T00:00:00Z", "is before the slot of 2026-11-21T00:00:00Z was closed, and the entry came in a later one, of 2026-11-22T00:00:00Z"},
		{"2026-11-22T00:00:01Z", "is after the slot that the entry came in, 2026-11-22T00:00:00Z"},
	} {
		if got := ledger.OffSlot(at(tt.received), &before, own); got != tt.want {
			t.Errorf("%s: %q", tt.received, got)
		}
	}
	if got := ledger.OffSlot(at("2019-01-01T00:00:00Z"), nil, own); got != "" {
		t.Errorf("with nothing before: %q", got)
	}
}
