package bundle

import (
	"bytes"
	"encoding/base64"
	"io"
	"slices"
	"strings"
	"testing"

	"zapis/crypto/seal"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// What is withheld leaves its commitment and nothing else: neither its value
// nor its salt, with which the value could be guessed, occurs anywhere.
func TestWithheldLeavesNothing(t *testing.T) {
	shorttest.Skip(t, "no trace of a withheld part is looked for")
	t.Parallel()
	_, in := testCase(t)
	withheld := func(report Submission, fields ...string) (secrets [][]byte) {
		for _, text := range slices.Concat(report.Lines, report.Identity) {
			l, err := seal.ParseLine(text)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(fields, l.Field) {
				continue
			}
			salt := base64.StdEncoding.EncodeToString(l.Salt[:])
			secrets = append(secrets, l.Salt[:], []byte(salt), []byte(salt[3:40]), []byte(strings.ToLower(salt)))
			if len(l.Value) > 8 {
				secrets = append(secrets, l.Value[1:len(l.Value)-1])
			}
		}
		return secrets
	}
	absent := func(t *testing.T, zip []byte, secrets [][]byte) {
		t.Helper()
		if len(secrets) < 8 {
			t.Fatal("too few secrets to look for")
		}
		for _, s := range secrets {
			if bytes.Contains(zip, s) {
				t.Errorf("%q occurs in the bundle", s)
			}
		}
	}
	report, follow := in.Submissions[0], in.Submissions[1]

	t.Run("identity", func(t *testing.T) {
		zip := write(t, in)
		absent(t, zip, withheld(report, "contact", "contact_when", "name", "attachment-3"))
		absent(t, zip, withheld(follow, "contact", "contact_when", "name"))
		if bytes.Contains(zip, selfie.content) {
			t.Error("a file that shows who the reporter is stands in the bundle")
		}
	})
	t.Run("chosen", func(t *testing.T) {
		in := in
		in.IncludeIdentity = true
		in.Withhold = []Choice{{"narrative", ReasonSafety}, {"A02", ReasonOthers}, {"name", ""}}
		zip := write(t, in)
		absent(t, zip, withheld(report, "narrative", "name", "attachment-2"))
		absent(t, zip, withheld(follow, "narrative", "name"))
		for _, secret := range []string{"%PDF-1.4 a letter", "Canarievich", "More of it"} {
			if bytes.Contains(zip, []byte(secret)) {
				t.Errorf("%q occurs in the bundle", secret)
			}
		}
		r := check(t, zip, Options{})
		for _, want := range []string{
			"narrative of the report: it could put somebody in danger.",
			"attachment-2 of the report: it is about other people.",
			"name of the report: no reason is given.",
			"narrative of follow-up 1: it could put somebody in danger.",
		} {
			if !slices.Contains(r.Withheld, want) {
				t.Errorf("not said: %s\nbut: %q", want, r.Withheld)
			}
		}
		if len(r.Withheld) != 5 || !bytes.Contains(zip, selfie.content) || !bytes.Contains(zip, []byte("canary-contact@example.org")) {
			t.Errorf("%q", r.Withheld)
		}
	})
	t.Run("closed", func(t *testing.T) {
		in := in
		closed := report
		closed.Identity = nil
		in.Submissions = []Submission{closed, follow}
		in.IncludeIdentity = true
		if r := check(t, write(t, in), Options{}); !slices.Contains(r.Withheld, "contact of the report: it stands in the identity part, which has not been opened.") {
			t.Errorf("%q", r.Withheld)
		}
	})
}

// Several bundles of one case, each differently redacted, verify against the
// same entry.
func TestSeveralBundlesOfOneCase(t *testing.T) {
	shorttest.Skip(t, "not tested: several bundles of one case")
	t.Parallel()
	_, in := testCase(t)
	entry := in.Submissions[0].Entry
	for n, field := range fields1 {
		if *flipStep > 1 && n%12 != 0 {
			continue
		}
		in.Withhold = []Choice{{field, ReasonScope}}
		zip := write(t, in)
		if r := check(t, zip, Options{}); !r.OK {
			t.Errorf("without %s: %q", field, r.Faults)
		}
		if !bytes.Equal(files(t, zip)["data/ledger/entries/2.txt"], entry) {
			t.Errorf("without %s: another entry", field)
		}
	}
	in.Withhold = nil
	for _, field := range fields1 {
		in.Withhold = append(in.Withhold, Choice{field, ReasonScope})
	}
	if r := check(t, write(t, in), Options{}); !r.OK {
		t.Errorf("without anything: %q", r.Faults)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	h, good := testCase(t)
	report, follow := good.Submissions[0], good.Submissions[1]
	for _, tt := range []struct {
		name   string
		change func(*Input)
		status exit.Status
		want   string
	}{
		{"no signer", func(in *Input) { in.Signer = nil }, exit.KeyMissing, "a bundle is signed, and there is no key to sign it with"},
		{"a signer who is no trustee", func(in *Input) { h.person("olga"); in.Signer = h.signers["olga"] }, exit.KeyMissing, "is not among the trustees of entry 0"},
		{"no submission", func(in *Input) { in.Submissions = nil }, exit.Failed, "a bundle is made of 1 to 999 submissions, not 0"},
		{"a forum that there is not", func(in *Input) { in.Forum = "moon" }, exit.Usage, "there is no form of certificate for moon"},
		{"no tool", func(in *Input) { in.Tool = "zapis\n1" }, exit.Failed, "the tool's name and version are not a line of plain text"},
		{"withholding what is not there", func(in *Input) { in.Withhold = []Choice{{"narative", ""}} }, exit.Usage, "nothing in this case is called narative"},
		{"withholding an exhibit that is not there", func(in *Input) { in.Withhold = []Choice{{"A09", ""}} }, exit.Usage, "nothing in this case is called A09"},
		{"a reason of one's own", func(in *Input) { in.Withhold = []Choice{{"narrative", "because"}} }, exit.Usage, "because is no reason for withholding"},
		{"a reason that is ours", func(in *Input) { in.Withhold = []Choice{{"narrative", ReasonIdentity}} }, exit.Usage, "identity is no reason for withholding"},
		{"another ledger", func(in *Input) { in.Ledger.Genesis[0] ^= 1 }, exit.Mismatch, "the entries are of the ledger zapis-ledger+"},
		{"a line of another submission", func(in *Input) {
			s := report
			s.Lines = follow.Lines
			in.Submissions = []Submission{s}
		}, exit.Mismatch, "submission 1: the disclosure line of danger_now is not the one that was committed"},
		{"a line twice", func(in *Input) {
			s := report
			s.Lines = append(slices.Clone(s.Lines), s.Lines[0])
			in.Submissions = []Submission{s}
		}, exit.Failed, "submission 1: the disclosure line of danger_now is there twice"},
		{"a file that was not opened", func(in *Input) {
			s := report
			s.Attachments = s.Attachments[1:]
			in.Submissions = []Submission{s}
		}, exit.Failed, "submission 1: A01 is to be shown, and its file was not opened"},
		{"another file", func(in *Input) {
			s := report
			s.Attachments = slices.Clone(s.Attachments)
			s.Attachments[0].Open = s.Attachments[1].Open
			in.Submissions = []Submission{s}
		}, exit.Mismatch, "submission 1: A01 is not the file that was committed to"},
		{"a file that can't be read", func(in *Input) {
			s := report
			s.Attachments = slices.Clone(s.Attachments)
			s.Attachments[0].Open = func() (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }
			in.Submissions = []Submission{s}
		}, exit.Failed, "A01: unexpected EOF"},
		{"the listing of another", func(in *Input) {
			s := report
			s.Listing = bytes.Replace(s.Listing, []byte("narrative"), []byte("narratives"), 1)
			in.Submissions = []Submission{s}
		}, exit.Mismatch, "submission 1: commitments.txt: line 4: narratives where narrative belongs"},
		{"a receipt of another", func(in *Input) {
			s := report
			s.Receipt = follow.Receipt
			in.Submissions = []Submission{s}
		}, exit.Mismatch, "the bundle would not verify: data/ledger/receipt: is about another entry than the one in the bundle"},
		{"another case's custody", func(in *Input) { in.Custody = h.custody("c0123456789") }, exit.Mismatch, "is not about this case"},
		{"a custody log that does not hang together", func(in *Input) {
			in.Custody.Hashes = slices.Clone(in.Custody.Hashes)
			in.Custody.Hashes[1][0] ^= 1 // event 2 is shown
		}, exit.Mismatch,
			"the bundle would not verify: data/custody/events.txt: custody log: its 4 events do not lead to the head that it names"},
		{"no genesis", func(in *Input) { in.Public = nil }, exit.Mismatch, "entry 0 or its body, with which the ledger begins, is missing"},
		{"a promise by nobody", func(in *Input) {
			s := report
			s.Entry, s.Promise = nil, []byte("zapis/promise/v1\n")
			in.Submissions = []Submission{s}
		}, exit.Mismatch, "submission 1: promise: no blank line before a body"},
		{"one submission twice", func(in *Input) { in.Submissions = []Submission{report, report} }, exit.Mismatch, "the exhibit number A01 is there twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := good
			tt.change(&in)
			var out bytes.Buffer
			err := Write(&out, in)
			if err == nil || !strings.Contains(err.Error(), tt.want) || exit.StatusOf(err) != tt.status {
				t.Errorf("%v (status %d)\nwant %s (status %d)", err, exit.StatusOf(err), tt.want, tt.status)
			}
			if out.Len() > 0 {
				t.Errorf("%d bytes were written", out.Len())
			}
		})
	}
}

// Write returns an error for a file that changes between its two readings.
func TestWriteNoticesAChange(t *testing.T) {
	t.Parallel()
	_, in := testCase(t)
	s := in.Submissions[0]
	s.Attachments = slices.Clone(s.Attachments)
	opened := 0
	open := s.Attachments[0].Open
	s.Attachments[0].Open = func() (io.ReadCloser, error) {
		if opened++; opened < 3 { // once for places, once for its hash
			return open()
		}
		return io.NopCloser(strings.NewReader("other")), nil
	}
	in.Submissions = []Submission{s}
	if err := Write(io.Discard, in); err == nil || err.Error() != "data/attachments/A01.jpg: changed while the bundle was written" {
		t.Error(err)
	}
}
