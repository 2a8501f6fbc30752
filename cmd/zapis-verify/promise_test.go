package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/exit"
)

// What a promise is found to be has one word for programs, and the ledger's card
// with what its server publishes is enough to find it.
func TestPromiseOutcomes(t *testing.T) {
	card := ledgerCard(t)
	public := t.TempDir() // as zapisd mirror keeps it: the tiles, and the genesis beside them
	if err := os.CopyFS(public, os.DirFS(vector("tiles"))); err != nil {
		t.Fatal(err)
	}
	genesis, err := os.ReadFile(vector("genesis.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(public, "genesis"), genesis, 0o600); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(vector("promise-kept"))
	if err != nil {
		t.Fatal(err)
	}
	junk := bytes.Replace(good, []byte("2026-11-2"), []byte("2027-11-2"), 1)
	longer := append(bytes.Clone(good), '\n')
	file := func(content []byte) string { return write(t, string(content)) }
	for _, c := range []struct {
		name, file string
		tiles      bool
		status     exit.Status
		outcome    string
		fault      string
	}{
		{"kept", vector("promise-kept"), true, 0, "kept", ""},
		{"broken", vector("promise-broken"), true, 3, "broken", "the log cheated: it promised the body "},
		{"early", vector("promise-early"), true, 0, "not-due", ""},
		{"junk", file(junk), true, 3, "not-genuine", "promise: the Ed25519 signature does not fit the text"},
		{"an empty line more", file(longer), true, 3, "not-genuine", "promise: a blank line follows the body, and the file ends with the body's last line: take the empty lines away at its end"},
		{"without tiles", vector("promise-kept"), false, 0, "genuine", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{c.file, "--json", "--trust", card, "--tiles", public}
			if !c.tiles {
				args = []string{c.file, "--json", "--trust", vector("genesis.txt")}
			}
			status, out, talk := verify(t, args...)
			var got struct {
				OK      bool     `json:"ok"`
				Promise string   `json:"promise"`
				Faults  []string `json:"faults"`
			}
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("%v\n%s\n%s", err, out, talk)
			}
			if status != c.status || got.Promise != c.outcome || got.OK != (c.status == 0) {
				t.Errorf("status %d, %+v", status, got)
			}
			if c.fault != "" && (len(got.Faults) != 1 || !bytes.HasPrefix([]byte(got.Faults[0]), []byte(c.fault))) {
				t.Errorf("faults: %q", got.Faults)
			}
		})
	}

	// The genesis of another ledger beside the tiles is not taken for this one's.
	if err := os.WriteFile(filepath.Join(public, "genesis"), bytes.Replace(genesis, []byte("\nnonce "), []byte("\nnonce 00"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := verify(t, vector("promise-kept"), "--trust", card, "--tiles", public); status != exit.Mismatch && status != exit.KeyMissing {
		t.Errorf("with a genesis that is another: status %d", status)
	}
}

// After a change of the log's keys the genesis does not have those that sign: the refusal says where they are, and with
// them, or a bundle, the promise is checked.
func TestPromiseAfterAChangeOfKeys(t *testing.T) {
	b := ledgertest.New()
	b.NewKey(ledgertest.Key(2))
	body := b.Body(ledger.KindReport, "later", 0)
	promise := write(t, string(b.Promise(body)))
	b.Add(body)
	public := t.TempDir() // as zapisd mirror keeps it
	keys := ledgertest.Key(2).Keys()
	var tile []byte
	for _, entry := range b.Entries {
		leaf := ledger.LeafHash(entry)
		tile = append(tile, leaf[:]...)
	}
	for name, content := range map[string][]byte{
		"genesis":    ledgertest.Genesis().Marshal(),
		"log-keys":   []byte(keys[0] + "\n" + keys[1] + "\n"),
		"checkpoint": b.Checkpoint(),
		fmt.Sprintf("tile/0/000.p/%d", len(b.Entries)): tile,
	} {
		path := filepath.Join(public, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	card := ledgertest.Genesis().Card().String()
	status, out, talk := verify(t, promise, "--trust", card, "--tiles", public)
	const want = "promise: it is not signed by the keys of example.org/ledger that you gave. If the log has changed its keys, that proves nothing: "
	if status != exit.Mismatch || !strings.Contains(out, want) {
		t.Errorf("with the card alone: status %d\n%s\n%s", status, out, talk)
	}
	status, out, talk = verify(t, promise, "--trust", filepath.Join(public, "log-keys"), "--tiles", public)
	if status != exit.Done || !strings.Contains(out, "The promise was kept: entry ") {
		t.Errorf("with the keys in force: status %d\n%s\n%s", status, out, talk)
	}
}
