package bundle

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/reporterkey"
	"zapis/crypto/seal"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

// fields1 are the fields of the first vocabulary, under which the other fixtures commit.
var fields1 = fieldsOf(1)

// vocabulary1 is the vocabulary of the record's first version.
var vocabulary1, _ = incident.Version(1)

func fieldsOf(vocabulary int) []string {
	fields, err := incident.FieldNames(vocabulary)
	if err != nil {
		panic(err)
	}
	return fields
}

// house2 is a ledger of the second vocabulary.
func house2(t testing.TB) *house {
	h := newHouse(t)
	h.genesis.Set.Vocabulary = 2
	h.entries, h.StoredTree, h.leaf = nil, nil, ledger.Hash{}
	h.append(h.genesis.Entry().Body)
	return h
}

// submit2 commits to a head and answers, and signs them where there is a key.
func (h *house) submit2(head seal.Head, key *reporterkey.Key, answers map[string]string) (Submission, ledger.Body) {
	values := head.Values()
	for field, json := range answers {
		values[field] = []byte(json)
	}
	lines, err := seal.Commit(fieldsOf(2), values)
	if err == nil && key != nil {
		err = seal.Sign(lines, h.genesis.Card().Genesis, key)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	listing := seal.ListingOf(lines)
	out := Submission{Act: head.Act, Received: head.Received, Listing: listing.Marshal()}
	items, part := seal.Split(lines, nil)
	for _, item := range items {
		if item.Line != nil {
			out.Lines = append(out.Lines, item.Line.Marshal())
		}
	}
	for _, l := range part.Lines {
		out.Identity = append(out.Identity, l.Marshal())
	}
	b := ledger.Body{Kind: ledger.KindReport, Commitments: listing.Hash()}
	for _, kind := range []string{ledger.PartSignal, ledger.PartStatement, ledger.PartIdentity} {
		b.Parts = append(b.Parts, ledger.Part{Kind: kind, Hash: h.hash(), Size: 70000})
	}
	return out, b
}

func reportersKey(t testing.TB, fill byte) *reporterkey.Key {
	k, err := reporterkey.New(bytes.Repeat([]byte{fill}, reporterkey.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// case2 is a report and what follows it, as follow makes it of the report's body.
func case2(t testing.TB, received time.Time, follow func(h *house, first ledger.Hash) (Submission, ledger.Body)) Input {
	h := house2(t)
	key := reportersKey(t, 1)
	before := h.checkpoint()
	report, body := h.submit2(seal.Head{Act: "report", Number: 1, Received: received, Key: key.Fingerprint()}, nil,
		map[string]string{"narrative": `"They came at six."`, "consent": `["store","lawyer"]`})
	next, nextBody := follow(h, body.Hash())
	report.Entry, next.Entry = h.append(body), h.append(nextBody)
	own := h.checkpoint()
	h.filler()
	cp := h.checkpoint()
	for i, s := range []*Submission{&report, &next} {
		s.Receipt, s.SlotBefore, s.Slot = h.receipt(uint64(i+1), cp), before, own
	}
	return Input{Ledger: h.genesis.Card(), Checkpoint: cp, Public: h.public(cp), Submissions: []Submission{report, next},
		Custody: h.custody(caseID(body)), Signer: h.signers["anna"], Time: testTime.Add(48 * time.Hour), Tool: "zapis test"}
}

// signedFollow is the genuine follow-up of case2.
func signedFollow(number uint64, key, named *reporterkey.Key) func(*house, ledger.Hash) (Submission, ledger.Body) {
	return func(h *house, first ledger.Hash) (Submission, ledger.Body) {
		return h.submit2(seal.Head{Act: "consent", Case: first, Number: number, Received: testTime, Key: named.Fingerprint()}, key,
			map[string]string{"consent": `["store"]`})
	}
}

// TestABundleProvesWhatASubmissionSaysAboutItself covers the signer of a follow-up, its number and its time.
func TestABundleProvesWhatASubmissionSaysAboutItself(t *testing.T) {
	shorttest.Skip(t, "not tested: the head of a submission, line by line")
	t.Parallel()
	key, other := reportersKey(t, 1), reportersKey(t, 2)
	const signed = "Follow-up 1 is signed with the key that the report commits to, by both of its signatures"
	for _, tt := range []struct {
		name      string
		received  time.Time
		follow    func(*house, ledger.Hash) (Submission, ledger.Body)
		proved    string
		notProved string
		absent    string
	}{
		{"signed", testTime, signedFollow(2, key, key), signed, "", "ARE MISSING"},
		{"unsigned", testTime, signedFollow(2, nil, key), "", "it is NOT SIGNED with the key that the report commits to. It counts for nothing.", signed},
		{"signed with a stranger's key", testTime, signedFollow(2, other, other), "", "it is signed with another key than the case's. It counts for nothing.", signed},
		{"signed by a stranger under the reporter's name", testTime, signedFollow(2, other, key), "", "it is signed with another key than the case's. It counts for nothing.", signed},
		{"a gap", testTime, signedFollow(4, key, key), signed, "What the reporter's submissions number 2, 3 said: they ARE MISSING here", ""},
		{"a time long before", testTime.AddDate(-7, 0, 0), signedFollow(2, key, key), "", "THE TIME OF RECEIPT CAN'T BE RIGHT: the report, said to be received 2019-11-21T20:47:45Z, is before the slot of 2026-11-21T21:47:45Z was closed", ""},
		{"a time after", testTime.AddDate(1, 0, 0), signedFollow(2, key, key), "", "THE TIME OF RECEIPT CAN'T BE RIGHT: the report, said to be received 2027-11-21T20:47:45Z, is after the slot", ""},
	} {
		in := case2(t, tt.received, tt.follow)
		r := check(t, write(t, in), Options{})
		if !r.OK {
			t.Errorf("%s: %q", tt.name, r.Faults)
		}
		proved, not := strings.Join(r.Proved, "\n"), strings.Join(r.NotProved, "\n")
		if !strings.Contains(proved, tt.proved) || !strings.Contains(not, tt.notProved) {
			t.Errorf("%s:\n%s\nnot proved:\n%s", tt.name, proved, not)
		}
		if tt.absent != "" && strings.Contains(proved+not, tt.absent) {
			t.Errorf("%s says %q", tt.name, tt.absent)
		}
		if !strings.Contains(proved, "The report commits to its act (report), its place in this case and its time, ") {
			t.Errorf("%s: the report's act is not proved\n%s", tt.name, proved)
		}
		if !strings.Contains(not, "That the reporter sent nothing after number ") {
			t.Errorf("%s does not say that the newest may be missing", tt.name)
		}
	}
}

// TestARecordMustSayWhatIsCommitted: act, time and case are not the trustee's word any more.
func TestARecordMustSayWhatIsCommitted(t *testing.T) {
	t.Parallel()
	key := reportersKey(t, 1)
	for _, tt := range []struct {
		name string
		edit func(in *Input)
		want string
	}{
		{"another act", func(in *Input) { in.Submissions[1].Act = "follow-up" }, "submission 2 is said to be a follow-up, and commits to consent"},
		{"another time", func(in *Input) { in.Submissions[0].Received = testTime.Add(-time.Minute) }, "submission 1 is said to be received 2026-11-21T20:46:45Z, and commits to another time"},
		{"a stranger's follow-up", func(in *Input) {
			*in = case2(t, testTime, func(h *house, _ ledger.Hash) (Submission, ledger.Body) {
				return signedFollow(2, key, key)(h, ledger.Hash{9})
			})
		}, "submission 2 commits to another case"},
		{"the number withheld", func(in *Input) { in.Withhold = []Choice{{"number", ReasonScope}} }, "number can't be withheld: a bundle always shows what a submission says about itself"},
	} {
		in := case2(t, testTime, signedFollow(2, key, key))
		tt.edit(&in)
		err := Write(io.Discard, in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestCheckpointsBesideAnEntryMustBeOfTheLedger tries others in their place.
func TestCheckpointsBesideAnEntryMustBeOfTheLedger(t *testing.T) {
	t.Parallel()
	key := reportersKey(t, 1)
	for _, tt := range []struct {
		name string
		edit func(s *Submission)
		want string
	}{
		{"the slot before after it", func(s *Submission) { s.SlotBefore = s.Slot }, "which is not the one beside that entry"},
		{"its own slot before it", func(s *Submission) { s.Slot = s.SlotBefore }, "which is not the one beside that entry"},
		{"a changed one", func(s *Submission) { s.Slot = append([]byte("x"), s.Slot...) }, "own.checkpoint: "},
	} {
		in := case2(t, testTime, signedFollow(2, key, key))
		tt.edit(&in.Submissions[0])
		err := Write(io.Discard, in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
