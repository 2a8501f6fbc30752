package bundle

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/crypto/timestamp/timestamptest"
	"zapis/crypto/witness"
	"zapis/internal/evidence/bundle/bundletest"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// Years ago, so that all certificates have run out since.
var (
	before = time.Date(2020, 6, 1, 12, 0, 0, 0, time.UTC)
	after  = before.Add(24 * time.Hour)
)

// anchoredCase is a case whose entries 2 and 3 are between two tokens of one
// authority, and covered by a witness's line.
type anchoredCase struct {
	*house
	in        Input
	authority timestamptest.Authority
	witness   *witness.SigningKey
}

func newAnchored(t testing.TB) *anchoredCase {
	h := newHouse(t)
	c := &anchoredCase{house: h, authority: timestamptest.New(t, timestamptest.Plan{From: before.Add(-time.Hour), Until: after.Add(time.Hour)})}
	var err error
	if c.witness, err = witness.GenerateSigningKey("witness.example/w1", rand.Reader); err != nil {
		t.Fatal(err)
	}
	report, body := h.submit(firstReport(letter))
	first := h.checkpoint()
	earlier := c.token(t, first, before)
	h.anchor(earlier)
	report.Entry = h.append(body)
	h.filler()
	second := h.checkpoint()
	later := c.token(t, second, after)
	line := c.line(t, second, after.Add(time.Minute))
	h.anchor(later)
	h.anchor(line)
	cp := h.checkpoint()
	report.Receipt = h.receipt(2, cp)
	c.in = Input{Ledger: h.genesis.Card(), Checkpoint: cp, Public: h.public(cp), Submissions: []Submission{report},
		Custody: h.custody(caseID(body)), Signer: h.signers["anna"], Time: testTime, Tool: "zapis test"}
	for _, a := range []struct {
		index      uint64
		body       ledger.Anchor
		checkpoint []byte
	}{{1, earlier, first}, {4, later, second}, {5, line, second}} {
		given := Anchor{Public: Public{h.entries[a.index], a.body.Marshal(), h.receipt(a.index, cp)}, Checkpoint: a.checkpoint}
		if a.body.Size > 2 {
			given.Receipts = [][]byte{h.receipt(2, a.checkpoint)}
		}
		c.in.Anchors = append(c.in.Anchors, given)
	}
	return c
}

func (h *house) anchor(a ledger.Anchor) {
	h.append(ledger.BodyOf(ledger.KindAnchor, 0, a.Marshal()))
}

func (h *house) anchorOf(checkpoint []byte) ledger.Anchor {
	text, err := ledger.NoteText(checkpoint)
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := ledger.ParseCheckpointText(text)
	if err != nil {
		h.t.Fatal(err)
	}
	return ledger.Anchor{Size: c.Size, Checkpoint: ledger.Sum(checkpoint)}
}

func (c *anchoredCase) token(t testing.TB, checkpoint []byte, at time.Time) ledger.Anchor {
	q, err := timestamp.NewRequest(rand.Reader, checkpoint, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := c.anchorOf(checkpoint)
	a.Response = c.authority.ReplyAt(t, q.DER, at)
	a.Certificates = [][]byte{c.authority.Root.Raw}
	return a
}

func (c *anchoredCase) line(t testing.TB, checkpoint []byte, at time.Time) ledger.Anchor {
	text, err := ledger.NoteText(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := c.witness.Cosign(text, at)
	if err != nil {
		t.Fatal(err)
	}
	a := c.anchorOf(checkpoint)
	a.Witness, a.Cosignature = lines[0].Witness.String(), lines[0].Raw
	return a
}

func (c *anchoredCase) trust() Options {
	return Options{Times: timestamp.Trust{Options: timestamp.Options{Roots: c.authority.Pool()}, Witnesses: c.witness.Verifiers()}}
}

// says looks for a sentence's beginning.
func says(list []string, begin string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.HasPrefix(s, begin) })
}

func TestTimes(t *testing.T) {
	shorttest.Skip(t, "not tested: time stamps of each kind")
	t.Parallel()
	c := newAnchored(t)
	zip := write(t, c.in)
	const token, line = "the time-stamp token of “CN=Test Authority” in entry ", "the line of the witness witness.example/w1 in entry "
	other := timestamptest.New(t, timestamptest.Plan{From: before, Until: after})
	for _, tt := range []struct {
		name        string
		trust       Options
		proved, not []string
	}{
		{"nothing known", Options{}, nil, []string{
			"That the ledger's first entry existed on 2020-06-01T12:00:00Z, as " + token + "1 says: you gave no root certificate that you trust.",
			"That the ledger's first 4 entries existed on 2020-06-02T12:01:00Z, as " + line + "5 says: you gave no key of that witness.",
			"When the entries came into the ledger, by any clock but the log's own."}},
		{"all known", c.trust(), []string{
			"The ledger's first entry existed on 2020-06-01T12:00:00Z (to within 1s): " + token + "1.",
			"The ledger's first 4 entries existed on 2020-06-02T12:01:00Z: " + line + "5.",
			"Entry 2, the report, was put at its place in the ledger between two times: after 2020-06-01T11:59:59Z (" + token + "1), and by 2020-06-02T12:00:01Z (" + token + "4)."}, nil},
		{"the witness alone", Options{Times: timestamp.Trust{Witnesses: c.witness.Verifiers()}}, []string{
			"Entry 2, the report, was put at its place in the ledger by 2020-06-02T12:01:00Z (" + line + "5)."},
			[]string{"That the ledger's first entry existed"}},
		{"another root", Options{Times: timestamp.Trust{Options: timestamp.Options{Roots: other.Pool()}}}, nil, []string{
			"That the ledger's first 4 entries existed on 2020-06-02T12:00:00Z, as " + token + "4 says: anchor 4: time-stamp token: the signer's certificate does not lead to a pinned root at the token's own time",
			"When the entries came into the ledger"}},
	} {
		r := check(t, zip, tt.trust)
		for _, want := range tt.proved {
			if !says(r.Proved, want) {
				t.Errorf("%s: not proved: %s\n%q\n%q", tt.name, want, r.Proved, r.Faults)
			}
		}
		for _, want := range tt.not {
			if !says(r.NotProved, want) {
				t.Errorf("%s: not said: %s\n%q\n%q", tt.name, want, r.NotProved, r.Faults)
			}
		}
	}
}

// Contradictory evidence of time yields no interval.
func TestTimesThatContradict(t *testing.T) {
	shorttest.Skip(t, "not tested: times that contradict each other")
	t.Parallel()
	c := newAnchored(t)
	h := newHouse(t)
	c.house = h
	report, body := h.submit(firstReport(letter))
	first := h.checkpoint()
	late := c.token(t, first, after)
	h.anchor(late)
	report.Entry = h.append(body)
	second := h.checkpoint()
	early := c.token(t, second, before)
	h.anchor(early)
	cp := h.checkpoint()
	report.Receipt = h.receipt(2, cp)
	in := Input{Ledger: h.genesis.Card(), Checkpoint: cp, Public: h.public(cp), Submissions: []Submission{report}, Custody: h.custody(caseID(body)),
		Signer: h.signers["anna"], Time: testTime, Tool: "zapis test", Anchors: []Anchor{
			{Public: Public{h.entries[1], late.Marshal(), h.receipt(1, cp)}, Checkpoint: first},
			{Public: Public{h.entries[3], early.Marshal(), h.receipt(3, cp)}, Checkpoint: second, Receipts: [][]byte{h.receipt(2, second)}}}}
	zip := write(t, in)
	if r := check(t, zip, c.trust()); !says(r.NotProved, "Entry 2, the report, when it was put at its place in the ledger: those who vouch for the time contradict each other.") {
		t.Errorf("%q %q", r.NotProved, r.Faults)
	}
	if r := check(t, zip, c.trust()); !says(r.NotProved, "When what lies between was put into the ledger: those who vouch for the time contradict each other: entry 1 holds the word of ") {
		t.Errorf("the two are not named: %q", r.NotProved)
	}
	if page := string(files(t, zip)["data/index.html"]); !strings.Contains(page, "at a time on which those who vouch for it contradict each other") {
		t.Error("index.html does not say it")
	}
}

// A lying trustee lists and signs what they have changed.
func TestLyingAboutTimes(t *testing.T) {
	shorttest.Skip(t, "not tested: each lie about times")
	t.Parallel()
	c := newAnchored(t)
	zip := write(t, c.in)
	for _, tt := range []struct {
		name   string
		change func(f map[string][]byte)
		want   string
	}{
		{"another token", func(f map[string][]byte) { f[anchorTokenPath(1)] = f[anchorTokenPath(4)] }, "data/ledger/anchors/1.tsr: is not the token that entry 1 holds"},
		{"no token", func(f map[string][]byte) { delete(f, anchorTokenPath(1)) }, "data/ledger/anchors/1.tsr: is missing"},
		{"another checkpoint", func(f map[string][]byte) { f[anchorCheckpointPath(1)] = f[anchorCheckpointPath(4)] },
			"data/ledger/bodies/1.txt: it is about another checkpoint than the one in data/ledger/anchors/1.checkpoint"},
		{"no proof", func(f map[string][]byte) { delete(f, anchorReceiptPath(4, 2)) }, "data/ledger/anchors/4.entry-2: is missing"},
		{"a proof under the later checkpoint", func(f map[string][]byte) { f[anchorReceiptPath(4, 2)] = f[receiptPath] },
			"data/ledger/anchors/4.entry-2: ends in another checkpoint than the one that the anchor is about"},
		{"a proof of another", func(f map[string][]byte) { f[anchorReceiptPath(4, 2)] = f[publicReceiptPath(1)] },
			"data/ledger/anchors/4.entry-2: is about another entry than the one in the bundle"},
		{"other certificates", func(f map[string][]byte) {
			f[anchorChainPath(1)] = slices.Concat(f[anchorChainPath(1)], c.authority.RootPEM())
		},
			"trust/anchor-1.pem: does not hold the certificates that entry 1 does"},
		{"another body", func(f map[string][]byte) { f[bodyPath(1)] = f[bodyPath(4)] }, "data/ledger/bodies/1.txt: it is not the body that entry 1 names"},
		{"no anchor entry", func(f map[string][]byte) { delete(f, bodyPath(1)) }, "data/ledger/anchors/1.tsr: belongs to nothing in this bundle"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := maps.Clone(files(t, zip))
			tt.change(f)
			if all := strings.Join(check(t, pack(t, resign(t, f, c.signers["anna"])), c.trust()).Faults, "\n"); !strings.Contains(all, tt.want) {
				t.Errorf("faults:\n%s\nwant %s", all, tt.want)
			}
		})
	}
	in := c.in
	in.Anchors = []Anchor{{Public: Public{c.entries[1], []byte("x\n"), nil}}}
	if err := Write(io.Discard, in); err == nil || !strings.Contains(err.Error(), "entry 1: anchor: line 1:") || exit.StatusOf(err) != exit.Mismatch {
		t.Error(err)
	}
}

// Lines of witnesses on the checkpoint itself.
func TestWitnessedCheckpoint(t *testing.T) {
	shorttest.Skip(t, "not tested: a checkpoint with witnesses")
	t.Parallel()
	c := newAnchored(t)
	text, err := ledger.NoteText(c.in.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := c.witness.Cosign(text, after)
	if err != nil {
		t.Fatal(err)
	}
	in := c.in
	in.Anchors = nil
	if in.Checkpoint, err = witness.Merge(c.in.Checkpoint, lines); err != nil {
		t.Fatal(err)
	}
	in.Public = c.public(in.Checkpoint)
	s := in.Submissions[0]
	s.Receipt = c.receipt(2, in.Checkpoint)
	in.Submissions = []Submission{s}
	zip := write(t, in)
	r := check(t, zip, c.trust())
	for _, want := range []string{
		"The witness witness.example/w1 signed this checkpoint of 6 entries on 2020-06-02T12:00:00Z (ML-DSA-44): it says by that that it has seen no other history of this ledger.",
		"Entry 2, the report, was put at its place in the ledger by 2020-06-02T12:00:00Z (the line of the witness witness.example/w1 on the checkpoint)."} {
		if !says(r.Proved, want) {
			t.Errorf("not proved: %s\n%q %q", want, r.Proved, r.Faults)
		}
	}
	if r := check(t, zip, Options{}); !says(r.NotProved, "Whose the 2 further lines on the checkpoint are: you gave no key that fits.") {
		t.Errorf("%q %q", r.NotProved, r.Faults)
	}
}

// The page's own lines, with the authority's certificates long expired.
func TestVerifyPageOnTimes(t *testing.T) {
	shorttest.Skip(t, "the lines of VERIFY.txt on time stamps are not run")
	t.Parallel()
	c := newAnchored(t)
	dir := unpacked(t, write(t, c.in))
	for name, pool := range map[string]*x509.Certificate{"root.pem": c.authority.Root, "other.pem": timestamptest.New(t, timestamptest.Plan{}).Root} {
		if err := os.WriteFile(filepath.Join(dir, "..", name), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pool.Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if failed := failing(t, dir); len(failed) > 0 {
		t.Errorf("%d lines of VERIFY.txt fail", len(failed))
	}
	page, err := os.ReadFile(filepath.Join(dir, "VERIFY.txt"))
	if err != nil {
		t.Fatal(err)
	}
	tokens := slices.DeleteFunc(bundletest.Blocks(string(page)), func(b string) bool { return !strings.HasPrefix(b, "openssl ts -verify") })
	if len(tokens) != 2 {
		t.Fatalf("%d lines for tokens", len(tokens))
	}
	for _, line := range tokens {
		for before, good := range map[string]bool{"ROOT=../root.pem; ": true, "ROOT=../other.pem; ": false} {
			if out, err := bundletest.Shell(dir, nil, before+line); (err == nil) != good {
				t.Errorf("%s%s: %v\n%s", before, line, err, out)
			}
		}
		today, _, _ := strings.Cut(line, " -attime")
		if out, err := bundletest.Shell(dir, nil, today); err == nil {
			t.Errorf("openssl takes an expired certificate without -attime:\n%s", out)
		}
	}
	for _, tt := range []struct{ file, finds string }{
		{anchorTokenPath(4), "openssl ts -verify -in data/ledger/anchors/4.tsr"},
		{anchorTokenPath(4), "base64 < data/ledger/anchors/4.tsr"},
		{anchorCheckpointPath(4), "openssl ts -verify -in data/ledger/anchors/4.tsr"},
		{anchorCheckpointPath(1), "sha256sum < data/ledger/anchors/1.checkpoint"},
		{anchorReceiptPath(4, 2), "data/ledger/anchors/4.entry-2"},
	} {
		path := filepath.Join(dir, filepath.FromSlash(tt.file))
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(good)
		if strings.Contains(tt.file, "entry-") { // a hash of the proof, and not the included entry
			lines := bytes.SplitAfter(bad, []byte("\n"))
			lines[3][3] ^= 1
		} else {
			bad[len(bad)-20] ^= 1
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if failed := strings.Join(failing(t, dir, tt.finds), "\n"); !strings.Contains(failed, tt.finds) {
			t.Errorf("%s changed: no line with %q failed", tt.file, tt.finds)
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Eleven bytes, on which the parser that was used before this one ended the program
// (GHSA-mq3g-qwhv-4hgw), prove nothing, wherever they stand.
func TestTokenThatNobodyCanRead(t *testing.T) {
	shorttest.Skip(t, "not tested: a time stamp that can't be read")
	t.Parallel()
	poison := []byte{0x30, 0x09, 0x30, 0x03, 0x02, 0x01, 0x00, 0x30, 0x02, 0x1F, 0x80}
	c := newAnchored(t)
	f := files(t, write(t, c.in))
	f[stampPath] = poison
	r := check(t, pack(t, f), c.trust())
	if !r.OK || !says(r.NotProved, "When the bundle was signed, by the time-stamp token beside its signature: time-stamp token: the response is not DER: a tag number is above 30, which no part of a time stamp uses.") {
		t.Errorf("beside the signature: %q %q", r.NotProved, r.Faults)
	}

	h := newHouse(t)
	report, body := h.submit(firstReport(letter))
	report.Entry = h.append(body)
	first := h.checkpoint()
	a := c.token(t, first, before)
	a.Response = poison
	h.anchor(a)
	cp := h.checkpoint()
	report.Receipt = h.receipt(1, cp)
	err := Write(io.Discard, Input{Ledger: h.genesis.Card(), Checkpoint: cp, Public: h.public(cp), Submissions: []Submission{report}, Custody: h.custody(caseID(body)),
		Signer: h.signers["anna"], Time: testTime, Tool: "zapis test",
		Anchors: []Anchor{{Public: Public{h.entries[2], a.Marshal(), h.receipt(2, cp)}, Checkpoint: first, Receipts: [][]byte{h.receipt(1, first)}}}})
	if exit.StatusOf(err) != exit.Mismatch || !strings.HasPrefix(err.Error(), "entry 2: time-stamp token: the response is not DER: ") {
		t.Errorf("as an anchor: %v", err)
	}
}
