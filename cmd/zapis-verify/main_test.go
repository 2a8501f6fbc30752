package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"zapis/cmd/zapis-verify/check"
	"zapis/internal/cli"
	"zapis/internal/evidence/bundle"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

var vectors = filepath.Join("..", "..", "docs", "spec", "vectors", "bundle")

func vector(name string) string { return filepath.Join(vectors, filepath.FromSlash(name)) }

func verify(t *testing.T, args ...string) (exit.Status, string, string) {
	t.Helper()
	var out, talk bytes.Buffer
	p := cli.Program{Name: "zapis-verify", About: about, Grammar: new(grammar)}
	status := p.Run(t.Context(), args, &cli.Streams{In: strings.NewReader(""), Out: &out, Err: &talk})
	return status, out.String(), talk.String()
}

// folder makes a folder of vectors, each under its own name.
func folder(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		b, err := os.ReadFile(vector(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// write makes a file and returns its name.
func write(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func ledgerCard(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(vector("ledger-card.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// derRoot writes the root certificate of a vector as a .cer file holds it.
func derRoot(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(vector("anchored/root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	name := filepath.Join(t.TempDir(), "root.cer")
	if err := os.WriteFile(name, block.Bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const trusted = "consistent, and of a ledger that you trust\n"

func TestVerify(t *testing.T) {
	card := ledgerCard(t)
	otherCard := "zapis-ledger+example.org/ledger+" + strings.Repeat("0", 64)
	notes := write(t, "remember the milk\n")
	broken, key := filepath.Join(t.TempDir(), "broken.pem"), filepath.Join(t.TempDir(), "key.pem")
	const good = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	for name, text := range map[string]string{broken: good, key: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + good} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tiles := vector("tiles")
	for _, tt := range []struct {
		name   string
		args   []string
		status exit.Status
		first  string // how the output begins
		has    string // in the output
		talk   string // in the output on stderr
	}{
		{"a bundle alone", []string{vector("bundle.zip")}, 0, bundle.Unproved + "\n", "NOT proved:\n- " + bundle.Unproved, ""},
		{"with the ledger's card", []string{vector("bundle.zip"), "--trust", card}, 0, trusted, "- This is the ledger that you trust: " + card, ""},
		{"with the card in a file", []string{vector("bundle.zip"), "--trust", vector("ledger-card.txt")}, 0, trusted, "", ""},
		{"with the genesis", []string{vector("bundle.zip"), "--trust", vector("genesis.txt")}, 0, trusted, "", ""},
		{"with the signer's card", []string{vector("bundle.zip"), "--trust", vector("anna.card")}, 0,
			"consistent, and signed with keys that you trust; whose ledger this is was NOT proved\n", "- The signer is the anna whose card you trust.", ""},
		{"with the log's keys", []string{vector("bundle.zip"), "--trust", vector("log-keys.txt")}, 0,
			"consistent, and signed with keys that you trust; whose ledger this is was NOT proved\n", "- The checkpoint was signed with log keys that you trust.", ""},
		{"with a folder", []string{vector("bundle.zip"), "--trust", folder(t, "anna.card", "ledger-card.txt", "must-fail.tsv")}, 0, trusted,
			"- The signer is the anna whose card you trust.", "must-fail.tsv: not a card, a genesis, keys, root certificates, a checkpoint or a bundle; not used\n"},
		{"with its ledger's card as an editor on Windows saved it", []string{vector("bundle.zip"), "--trust", write(t, "\ufeff"+card+"\r\n\r\n")}, 0, trusted, "", ""},
		{"with a card that was cut", []string{vector("bundle.zip"), "--trust", write(t, card[:len(card)-1]+"\n")}, 3, "", "",
			": ledger card: not 64 lower-case hexadecimal digits\nhint: copy the whole line, from zapis-ledger+ to its last digit\n"},
		{"with another ledger's card", []string{vector("bundle.zip"), "--trust", otherCard}, 3, "does NOT verify\n",
			"- this bundle is of the ledger " + card + ", and that is none you trust", "does not verify\nhint: keep the file as it is, and tell the person who gave it to you\n"},
		{"a case that waits", []string{vector("waiting.zip"), "--trust", card}, 0, trusted,
			"- The place of follow-up 1 in the ledger: not yet; promised for slot 2026-11-22T20:47:45Z, with the log's two signatures.", ""},
		{"a bundle that lies", []string{vector("must-fail/account.zip"), "--trust", card}, 3, "does NOT verify\n",
			"- data/report/report.json: does not say what the disclosed lines and the ledger say\n", ""},

		{"a bundle with time stamps", []string{vector("anchored/bundle.zip"), "--trust", vector("anchored")}, 0, trusted,
			"- Entry 2, the report, was put at its place in the ledger between two times: after 2020-06-01T11:59:59Z (the time-stamp token of “CN=Test Authority” in entry 1), and by 2020-06-02T12:00:01Z", ""},
		{"with a root certificate in DER", []string{vector("anchored/bundle.zip"), "--trust", derRoot(t)}, 0, bundle.Unproved + "\n",
			"and by 2020-06-02T12:00:01Z (the time-stamp token of", ""},
		{"with a root certificate alone", []string{vector("anchored/bundle.zip"), "--trust", vector("anchored/root.pem")}, 0, bundle.Unproved + "\n",
			"and by 2020-06-02T12:00:01Z (the time-stamp token of", ""},
		{"a receipt", []string{vector("receipt"), "--trust", vector("genesis.txt")}, 0, trusted,
			"- Entry 2, of the kind report, is in that ledger: its hash leads to the root of a checkpoint of 5 entries.", ""},
		{"a receipt, with a card and a bundle", []string{vector("receipt"), "--trust", folder(t, "ledger-card.txt", "bundle.zip")}, 0, trusted, "", ""},
		{"a receipt, with the log's keys", []string{vector("receipt"), "--trust", vector("log-keys.txt")}, 0,
			"consistent, and signed with keys that you trust; whose ledger this is was NOT proved\n", "- Whose ledger this is: you gave its log's keys, and no ledger card.", ""},
		{"a receipt, with the card only", []string{vector("receipt"), "--trust", card}, 4, "", "",
			"the keys of example.org/ledger are not known: a ledger card names them by a hash only\nhint: give also any bundle of this ledger, or its genesis (its server shows it under /genesis; data/ledger/bodies/0.txt of a bundle), to --trust\n"},
		{"a receipt alone", []string{vector("receipt")}, 4, "", "",
			"the keys of example.org/ledger are not known, and without them no signature can be verified\nhint: get its genesis from somebody other than the person who gave you this file (every bundle of that ledger holds it: data/ledger/bodies/0.txt), and give that to --trust; or give a bundle of that ledger and its card\n"},
		{"a receipt, with a bundle that is not trusted", []string{vector("receipt"), "--trust", folder(t, "bundle.zip")}, 2, "", "",
			"--trust: nothing that was given says whom you trust\n"},

		{"a promise", []string{vector("promise-kept"), "--trust", vector("genesis.txt")}, 0, trusted,
			"- That the promise was kept: the ledger's public tiles show whether it was. Ask its operator for a copy, or fetch one with zapisd mirror, and give the folder (--tiles).\n", ""},
		{"a promise that was kept", []string{vector("promise-kept"), "--trust", vector("genesis.txt"), "--tiles", tiles}, 0, trusted,
			"- The promise was kept: entry 2 of the 5 in the tiles is this body, at its place.", ""},
		{"a promise that was broken", []string{vector("promise-broken"), "--trust", vector("genesis.txt"), "--tiles", tiles}, 3, "does NOT verify\n",
			"- the log cheated: it promised the body ", ""},
		{"a promise that is not due", []string{vector("promise-early"), "--trust", vector("genesis.txt"), "--tiles", tiles}, 0, trusted,
			"- That the promise was kept: it is not yet due. The slot is 2026-11-22T20:47:45Z, and the checkpoint in the tiles is of 2026-11-21T21:47:45Z.", ""},
		{"a promise alone", []string{vector("promise-kept")}, 4, "", "", "the keys of example.org/ledger are not known"},

		{"a receipt with tiles", []string{vector("receipt"), "--trust", vector("genesis.txt"), "--tiles", tiles}, 0, trusted,
			"- The ledger of 5 entries in the tiles goes on from the 5 in the file: nothing of those was altered, put in, left out or reordered.", ""},
		{"a checkpoint", []string{vector("tiles/checkpoint"), "--trust", vector("genesis.txt")}, 0, trusted,
			"- The log signed, with both of its signatures, a ledger of 5 entries with the root ", ""},
		{"a checkpoint, what is not proved", []string{vector("tiles/checkpoint"), "--trust", vector("genesis.txt")}, 0, trusted,
			"- That the ledger still begins with these entries: its public tiles would show that (--tiles).\n", ""},
		{"a checkpoint with tiles", []string{vector("tiles/checkpoint"), "--trust", vector("genesis.txt"), "--tiles", tiles}, 0, trusted,
			"- The ledger of 5 entries in the tiles goes on from the 5 in the file", ""},
		{"a checkpoint and a receipt that one knows", []string{vector("tiles/checkpoint"), "--trust", folder(t, "genesis.txt", "receipt")}, 0, trusted,
			"- It is the same ledger of 5 entries as in ", ""},
		{"a promise and a receipt that one knows", []string{vector("promise-kept"), "--trust", folder(t, "genesis.txt", "receipt"), "--tiles", tiles}, 0, trusted,
			"- The ledger of 5 entries in the tiles goes on from the 5 in ", ""},
		{"a checkpoint alone", []string{vector("tiles/checkpoint")}, 4, "", "", "the keys of example.org/ledger are not known"},
		{"tiles for a bundle", []string{vector("bundle.zip"), "--tiles", tiles}, 2, "", "", "--tiles is for promises, receipts and checkpoints, and "},
		{"trust in a broken certificate", []string{vector("bundle.zip"), "--trust", broken}, 3, "", "", "broken.pem: a certificate is not DER: an element of type 0 is not in its one encoding\n"},
		{"trust in a key", []string{vector("bundle.zip"), "--trust", key}, 3, "", "", "key.pem: it holds a PRIVATE KEY, and a certificate is expected\n"},
		{"witnesses alone", []string{vector("anchored/bundle.zip"), "--trust", vector("anchored/witness-keys.txt")}, 0, bundle.Unproved + "\n",
			"- Entry 2, the report, was put at its place in the ledger by 2020-06-02T12:01:00Z (the line of the witness witness.example/w1 in entry 5).", ""},
		{"trust in nothing", []string{vector("bundle.zip"), "--trust", notes}, 3, "", "", "holds nothing that can be trusted\nhint: it takes a ledger card, a trustee's card, a genesis, keys, root certificates, an older checkpoint or receipt, or a bundle together with its ledger's card\n"},
		{"trust in a broken card", []string{vector("bundle.zip"), "--trust", "zapis-ledger+x"}, 2, "", "",
			"--trust: ledger card: it is written zapis-ledger+ORIGIN+HEX\nhint: copy the whole line, from zapis-ledger+ to its last digit\n"},
		{"trust in what is not there", []string{vector("bundle.zip"), "--trust", "nowhere"}, 2, "", "", "--trust: nowhere is not there\nhint: give a ledger card (it begins with zapis-ledger+), a file or a folder\n"},
		{"an empty folder of trust", []string{vector("bundle.zip"), "--trust", t.TempDir()}, 2, "", "", "nothing that was given says whom you trust\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out, talk := verify(t, tt.args...)
			if status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			if !strings.HasPrefix(out, tt.first) || !strings.Contains(out, tt.has) || tt.first == "" && out != "" {
				t.Errorf("output:\n%s\nwant at first %q, and in it %q", out, tt.first, tt.has)
			}
			if !strings.Contains(talk, tt.talk) || tt.talk == "" && status == 0 && talk != "" {
				t.Errorf("said:\n%s\nwant %q", talk, tt.talk)
			}
		})
	}
}

// With --json there is always one object, with all of its keys, also where nothing could be checked.
func TestJSONOfARefusal(t *testing.T) {
	notes := filepath.Join(t.TempDir(), "notes.zip")
	if err := os.WriteFile(notes, []byte("xPK\x03\x04"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		file   string
		status exit.Status
		want   string
	}{
		{notes, 3, `{"ok":false,"proved":[],"withheld":[],"not_proved":[],"faults":["` + notes + ` is not a bundle (one .zip), a receipt, a promise or a checkpoint; or it was one, and its beginning is damaged"]}`},
		{vector("receipt"), 4, `{"ok":false,"proved":[],"withheld":[],"not_proved":["the keys of example.org/ledger are not known, and without them no signature can be verified"],"faults":[]}`},
	} {
		status, out, talk := verify(t, tt.file, "--json")
		var got bytes.Buffer
		if err := json.Compact(&got, []byte(out)); err != nil || status != tt.status || got.String() != tt.want {
			t.Errorf("%s: status %d, %v\n%s\nwant %d\n%s", tt.file, status, err, out, tt.status, tt.want)
		}
		if talk == "" {
			t.Errorf("%s: nothing is said", tt.file)
		}
	}
	if status, out, _ := verify(t, "no-such-file", "--json"); status != 1 || out != "" {
		t.Errorf("a file that is not there: status %d, %q", status, out)
	}
}

// Every bit of a receipt and of a promise counts.
func TestFlips(t *testing.T) {
	shorttest.Skip(t, "no bits of a bundle are turned")
	known, err := readTrust([]string{vector("genesis.txt")}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"receipt", "promise-kept"} {
		text, err := os.ReadFile(vector(name))
		if err != nil {
			t.Fatal(err)
		}
		judge := func() (check.Verdict, error) {
			return check.File(name, bytes.NewReader(text), int64(len(text)), known, nil)
		}
		if v, err := judge(); err != nil || !v.OK {
			t.Fatal(v, err)
		}
		for bit := 0; bit < len(text)*8; bit += 37 {
			text[bit/8] ^= 1 << (bit % 8)
			v, err := judge()
			// A flip in the origin makes it another ledger's, whose keys are unknown.
			if status := exit.StatusOf(err); v.OK || err != nil && status != exit.Mismatch && status != exit.KeyMissing {
				t.Fatalf("%s with bit %d of byte %d flipped: %+v %v", name, bit%8, bit/8, v, err)
			}
			text[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// A promise names its log as the cheat only where the tiles are the log's own.
func TestTiles(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		change     func([]byte) []byte
		want       string
	}{
		{"a hash changed", "tile/0/000.p/5", func(b []byte) []byte { b[70] ^= 1; return b }, "the tiles are not those of the checkpoint beside them: their root is another"},
		{"another genesis", "tile/0/000.p/5", func(b []byte) []byte { b[0] ^= 1; return b }, "the tiles begin with another genesis than that of the ledger you trust"},
		{"a tile cut", "tile/0/000.p/5", func(b []byte) []byte { return b[:64] }, "tile/0/000.p/5: has 64 bytes, not 160"},
		{"a tile too long", "tile/0/000.p/5", func(b []byte) []byte { return append(b, make([]byte, 9000)...) }, "tile/0/000.p/5: is longer than it can be"},
		{"the checkpoint's size", "checkpoint", func(b []byte) []byte { return bytes.Replace(b, []byte("\n5\n"), []byte("\n4\n"), 1) }, "checkpoint: the Ed25519 signature does not fit the text"},
		{"one signature", "checkpoint", func(b []byte) []byte { return bytes.Join(bytes.SplitAfter(b, []byte("\n"))[:5], nil) }, "checkpoint: the log's ML-DSA-44 signature is missing, and both are needed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "tiles")
			if err := os.CopyFS(dir, os.DirFS(vector("tiles"))); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, filepath.FromSlash(tt.file))
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, tt.change(b), 0o600); err != nil {
				t.Fatal(err)
			}
			status, out, _ := verify(t, vector("promise-kept"), "--trust", vector("genesis.txt"), "--tiles", dir)
			if status != exit.Mismatch || !strings.Contains(out, tt.want) {
				t.Errorf("status %d\n%s\nwant %s", status, out, tt.want)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	for name, ok := range map[string]bool{"bundle.zip": true, "must-fail/account.zip": false} {
		_, out, _ := verify(t, vector(name), "--json")
		var got map[string]json.RawMessage
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"proved", "withheld", "not_proved", "faults"} {
			if len(got[key]) == 0 || got[key][0] != '[' {
				t.Errorf("%s: %s is %s, want a list", name, key, got[key])
			}
		}
		if want := map[bool]string{true: "true", false: "false"}[ok]; string(got["ok"]) != want {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// No network in it. That it builds for every system is `make cross`.
func TestLinksNoNetwork(t *testing.T) {
	shorttest.Skip(t, "not tested: what the program links")
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "\nnet/http\n") || !strings.Contains(string(out), "zapis/internal/evidence/bundle\n") {
		t.Error("net/http is linked")
	}
}

// The answer can be filed: what was checked, when and with what version is in the text, in the JSON and on a page.
func TestAnswerCanBeFiled(t *testing.T) {
	b, err := os.ReadFile(vector("bundle.zip"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	file := fmt.Sprintf("The file bundle.zip, %d bytes, SHA-256 %x.", len(b), sum)
	page := filepath.Join(t.TempDir(), "answer.html")
	status, out, _ := verify(t, vector("bundle.zip"), "--trust", ledgerCard(t), "--out", page)
	html, err := os.ReadFile(page)
	if err != nil || status != exit.Done {
		t.Fatal(err, status)
	}
	for _, want := range []string{file, "Known from elsewhere: the ledger card zapis-ledger+example.org/ledger+", "by the clock of the computer that checked it, with zapis-verify "} {
		if !strings.Contains(out, want) || !strings.Contains(string(html), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, want := range []string{"consistent, and of a ledger that you trust", "<h2>NOT proved</h2>", "default-src 'none'"} {
		if !strings.Contains(string(html), want) {
			t.Errorf("no %q in the page", want)
		}
	}
	if status, _, talk := verify(t, vector("bundle.zip"), "--out", page); status != exit.Failed || !strings.Contains(talk, "answer.html") {
		t.Errorf("a page is overwritten: %d %s", status, talk)
	}
	if status, _, talk := verify(t, vector("bundle.zip"), "--out", "answer.pdf"); status != exit.Usage || !strings.Contains(talk, "--out: answer.pdf is not the name of a page") {
		t.Errorf("%d %s", status, talk)
	}
	_, out, _ = verify(t, vector("bundle.zip"), "--json")
	var got check.FiledReport
	if err := json.Unmarshal([]byte(out), &got); err != nil || !got.OK || got.File.SHA256 != fmt.Sprintf("%x", sum) || got.File.Size != int64(len(b)) ||
		got.Version != 2 || got.CheckedAt == "" || !strings.HasPrefix(got.Checker, "zapis-verify ") || got.Trusted == nil || got.First != bundle.Unproved {
		t.Errorf("%v %s", err, out)
	}
}
