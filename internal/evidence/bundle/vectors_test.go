package bundle

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
)

var update = flag.Bool("bundle.update", false, "write the vectors again: their keys and salts are random")

var vectors = filepath.Join("..", "..", "..", "docs", "spec", "vectors", "bundle")

// The published vectors: valid ones verify, and invalid ones are refused with
// the sentence in the index.
func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	genesis, err := os.ReadFile(filepath.Join(vectors, "genesis.txt"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := LedgerOf(genesis)
	if err != nil {
		t.Fatal(err)
	}
	valid := read(t, "bundle.zip")
	for _, name := range []string{"bundle.zip", "waiting.zip"} {
		if r := check(t, read(t, name), Options{Ledgers: []card.LedgerCard{l.Card}}); !r.OK {
			t.Errorf("%s: %q", name, r.Faults)
		}
	}
	anchored, err := card.ParseLedgerCard(strings.TrimSpace(string(read(t, "anchored/ledger-card.txt"))))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(read(t, "anchored/root.pem"))
	o := Options{Ledgers: []card.LedgerCard{anchored}, Times: timestamp.Trust{Options: timestamp.Options{Roots: roots}}}
	if r := check(t, read(t, "anchored/bundle.zip"), o); !says(r.Proved, "Entry 2, the report, was put at its place in the ledger between two times: after 2020-06-01T11:59:59Z") {
		t.Errorf("anchored: %q %q", r.Faults, r.Proved)
	}
	cases := 0
	for row := range strings.Lines(string(read(t, "must-fail.tsv"))) {
		cells := strings.Split(strings.TrimSuffix(row, "\n"), "\t")
		if strings.HasPrefix(row, "#") {
			continue
		}
		cases++
		var zip []byte
		if name, whole := strings.CutPrefix(cells[0], "file "); whole {
			zip = read(t, name)
		} else {
			zip = patch(t, valid, cells[0])
		}
		if r := check(t, zip, Options{}); r.OK || !strings.Contains(strings.Join(r.Faults, "\n"), cells[1]) {
			t.Errorf("%s: %q, want %q", cells[0], r.Faults, cells[1])
		}
	}
	if cases < 10 {
		t.Errorf("only %d vectors that must fail", cases)
	}
}

// Bundles of version 1, written before there was a second one, verify for ever.
func TestVectorsOfVersion1(t *testing.T) {
	t.Parallel()
	o := func(name string) (o Options) {
		c, err := card.ParseLedgerCard(strings.TrimSpace(string(read(t, name))))
		if err != nil {
			t.Fatal(err)
		}
		o.Ledgers = append(o.Ledgers, c)
		return o
	}
	for _, name := range []string{"bundle.zip", "waiting.zip"} {
		r := check(t, read(t, "../bundle-v1/"+name), o("../bundle-v1/ledger-card.txt"))
		if !r.OK || r.Version != version1 {
			t.Errorf("%s: %q", name, r.Faults)
		}
		if !says(r.NotProved, "That VERIFY.txt, index.html and the PDFs say what the other files say") {
			t.Errorf("%s: %q", name, r.NotProved)
		}
	}
	trust := o("../bundle-v1/anchored/ledger-card.txt")
	trust.Times.Roots = x509.NewCertPool()
	trust.Times.Roots.AppendCertsFromPEM(read(t, "../bundle-v1/anchored/root.pem"))
	if r := check(t, read(t, "../bundle-v1/anchored/bundle.zip"), trust); !says(r.Proved, "Entry 2, the report, was put at its place in the ledger between two times") {
		t.Errorf("anchored: %q %q", r.Faults, r.Proved)
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectors, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// patch carries out "at OFFSET HEX", which puts bytes over others, "cut SIZE",
// or "append HEX".
func patch(t *testing.T, zip []byte, what string) []byte {
	t.Helper()
	words := strings.Split(what, " ")
	zip = bytes.Clone(zip)
	switch words[0] {
	case "at":
		offset, err := strconv.Atoi(words[1])
		if err != nil {
			t.Fatal(err)
		}
		b, err := hex.DecodeString(words[2])
		if err != nil {
			t.Fatal(err)
		}
		copy(zip[offset:], b)
	case "cut":
		size, err := strconv.Atoi(words[1])
		if err != nil {
			t.Fatal(err)
		}
		zip = zip[:size]
	case "append":
		b, err := hex.DecodeString(words[1])
		if err != nil {
			t.Fatal(err)
		}
		zip = append(zip, b...)
	default:
		t.Fatalf("no such patch: %s", what)
	}
	return zip
}

func writeVectors(t *testing.T) {
	put := func(name string, b []byte) {
		path := filepath.Join(vectors, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	writeAnchored(t, put)
	h, in := testCase(t)
	zip := write(t, in)
	put("bundle.zip", zip)
	put("waiting.zip", write(t, waiting(h, in)))
	put("genesis.txt", h.genesis.Marshal())
	put("ledger-card.txt", []byte(in.Ledger.String()+"\n"))
	put("anna.card", h.genesis.Set.Trustees[0].Marshal())
	put("log-keys.txt", []byte(h.log.Keys()[0]+"\n"+h.log.Keys()[1]+"\n"))
	put("receipt", in.Submissions[0].Receipt)
	put("tiles/checkpoint", in.Checkpoint)
	var tile []byte
	for _, e := range h.entries[:5] {
		leaf := ledger.LeafHash(e)
		tile = append(tile, leaf[:]...)
	}
	put("tiles/tile/0/000.p/5", tile)
	put("promise-kept", promise(h, in.Submissions[0].Entry, testTime))
	broken := ledger.Entry{Origin: testOrigin, Index: 9, Previous: h.hash(), Body: ledger.BodyOf(ledger.KindFiller, 0, []byte(h.hash().String()))}
	put("promise-broken", promise(h, broken.Marshal(), testTime))
	put("promise-early", promise(h, broken.Marshal(), testTime.Add(24*time.Hour)))

	var rows strings.Builder
	rows.WriteString("# what is done to bundle.zip, or the file that is checked; what the checker says\n")
	at := func(path string, skip int) int {
		members, err := readZip(bytes.NewReader(zip), int64(len(zip)))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range members {
			if m.Name == path {
				return int(m.contentOffset()) + skip
			}
		}
		t.Fatal(path)
		return 0
	}
	row := func(what, want string) { fmt.Fprintf(&rows, "%s\t%s\n", what, want) }
	row("cut "+strconv.Itoa(len(zip)-1), "zip: does not end with the end of a central directory")
	row("cut 1000", "zip: does not end with the end of a central directory")
	row("append 00", "zip: does not end with the end of a central directory")
	row("at 8 08", "zip: local and central header of VERIFY.txt disagree")
	row("at 6 08", "zip: local and central header of VERIFY.txt disagree")
	row("at 10 2158", "zip: local and central header of VERIFY.txt disagree")
	row(fmt.Sprintf("at %d 00", at("data/attachments/A01.jpg", 9)), "data/attachments/A01.jpg: is not the file that was committed to")
	row(fmt.Sprintf("at %d 78", at("data/disclosure/narrative.json", 60)), "data/disclosure/narrative.json: is not the line that was committed to")
	row(fmt.Sprintf("at %d 7a", at(verifyPath, 0)), "VERIFY.txt: does not have the SHA-256 that tagmanifest-sha256.txt lists")
	row(fmt.Sprintf("at %d 39", at(checkpointPath, len(testOrigin)+1)), "data/ledger/checkpoint: checkpoint: the Ed25519 signature does not fit the text")

	lieBy := func(signer, name, want string, change func(map[string][]byte)) {
		f := maps.Clone(files(t, zip))
		leaveOutDocuments(f)
		change(f)
		put(name, pack(t, resign(t, f, h.signers[signer])))
		row("file "+name, want)
	}
	lie := func(name, want string, change func(map[string][]byte)) { lieBy("anna", name, want, change) }
	edit := func(path, from, to string) func(map[string][]byte) {
		return func(f map[string][]byte) { f[path] = bytes.Replace(f[path], []byte(from), []byte(to), 1) }
	}
	lie("must-fail/account.zip", "data/report/report.json: does not say what the disclosed lines and the ledger say", edit(recordPath, "come back", "come home"))
	lie("must-fail/one-signature.zip", "the log's ML-DSA-44 signature is missing, and both are needed", func(f map[string][]byte) {
		f[checkpointPath] = bytes.Join(bytes.SplitAfter(f[checkpointPath], []byte("\n"))[:5], nil)
	})
	lie("must-fail/unlisted-line.zip", "data/disclosure/passport.json: belongs to nothing in this bundle", func(f map[string][]byte) {
		f["data/disclosure/passport.json"] = []byte("x\n")
	})
	lie("must-fail/commitment.zip", "data/disclosure/commitments.txt: is not the list whose hash is in data/ledger/entries/2.txt",
		func(f map[string][]byte) {
			f["data/disclosure/commitments.txt"] = append([]byte(ledger.Sum(nil).String()), f["data/disclosure/commitments.txt"][64:]...)
		})
	lie("must-fail/other-receipt.zip", "data/ledger/receipt: is about another entry than the one in the bundle", func(f map[string][]byte) { f["data/ledger/receipt"] = f["data/ledger/receipts/3"] })
	lie("must-fail/event-edited.zip", "data/custody/events.txt: custody log: its 4 events do not lead to the head that it names", edit("data/custody/events.txt", "\nact opened", "\nact viewed"))
	lie("must-fail/reason.zip", "data/report/report.json: submission 1: contact is withheld for a reason that is not on the list", edit(recordPath, `"reason": "identity"`, `"reason": "secret"`))
	lie("must-fail/no-index.zip", "data/00_index.pdf: is missing", func(f map[string][]byte) { delete(f, "data/00_index.pdf") })
	lie("must-fail/identity-claimed.zip", "bag-info.txt: does not say rightly whether the identity is included", edit(bagInfoPath, "Zapis-Identity: withheld", "Zapis-Identity: included"))
	lieBy("boris", "must-fail/other-signer.zip", "signatures/tagmanifest-sha256.txt.sig: signature: made by the key SHA256:", func(map[string][]byte) {})
	row("file must-fail/other-token.zip", otherToken)
	put("must-fail.tsv", []byte(rows.String()))
}

const otherToken = "data/ledger/anchors/1.tsr: is not the token that entry 1 holds"

// leaveOutDocuments makes a vector smaller: its documents have a number of which
// no program makes any, and so are not compared.
func leaveOutDocuments(f map[string][]byte) {
	for _, path := range documentPaths(version2, documentsVersion) {
		delete(f, path)
	}
	for _, path := range documentPaths(version2, 0) {
		f[path] = []byte("left out of this vector\n")
	}
	f[bagInfoPath] = bytes.Replace(f[bagInfoPath], fmt.Appendf(nil, "Zapis-Documents: %d", documentsVersion), []byte("Zapis-Documents: 0"), 1)
}

// writeAnchored makes the vectors for outside evidence of time.
func writeAnchored(t *testing.T, put func(name string, b []byte)) {
	c := newAnchored(t)
	f := files(t, write(t, c.in))
	leaveOutDocuments(f)
	put("anchored/bundle.zip", pack(t, resign(t, f, c.signers["anna"])))
	f[anchorTokenPath(1)] = f[anchorTokenPath(4)]
	put("must-fail/other-token.zip", pack(t, resign(t, f, c.signers["anna"])))
	put("anchored/ledger-card.txt", []byte(c.in.Ledger.String()+"\n"))
	put("anchored/root.pem", c.authority.RootPEM())
	keys := c.witness.Verifiers()
	put("anchored/witness-keys.txt", []byte(keys[0].String()+"\n"+keys[1].String()+"\n"))
}

// waiting returns a case whose follow-up has no entry yet.
func waiting(h *house, in Input) Input {
	follow := in.Submissions[1]
	follow.Promise = promise(h, follow.Entry, testTime.Add(24*time.Hour))
	follow.Entry, follow.Receipt = nil, nil
	in.Submissions = []Submission{in.Submissions[0], follow}
	return in
}

func promise(h *house, entry []byte, slot time.Time) []byte {
	e, err := ledger.ParseEntry(entry)
	if err != nil {
		h.t.Fatal(err)
	}
	note, err := h.log.SignPromise(e.Body.Hash(), slot)
	if err != nil {
		h.t.Fatal(err)
	}
	return ledger.PromiseFile(note, e.Body.Marshal())
}
