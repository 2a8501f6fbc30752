package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/cli/scripttest"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// operator runs zapisd in this process.
func operator(t *testing.T, args ...string) (exit.Status, string) {
	t.Helper()
	var output bytes.Buffer
	p := cli.Program{Name: "zapisd", About: about, Grammar: new(grammar)}
	status := p.Run(t.Context(), args, &cli.Streams{In: strings.NewReader(""), Out: &output, Err: &output})
	return status, output.String()
}

// No damaged file crashes a verb that reads it, and none is called wrong usage: it does not verify (3), or a key for it is
// missing (4). What is accepted all the same was changed where it does not matter.
func TestDamagedFiles(t *testing.T) {
	shorttest.Skip(t, "no damaged file is given to a verb")
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must := func(args ...string) {
		t.Helper()
		if status, output := operator(t, args...); status != exit.Done {
			t.Fatalf("%v: status %d\n%s", args, status, output)
		}
	}
	id, err := cli.NewIdentity("anna")
	if err != nil {
		t.Fatal(err)
	}
	if err := id.WriteFiles(at("anna.key"), "a passphrase", 1); err != nil {
		t.Fatal(err)
	}
	must("init", "--dir", at("D"), "--origin", "test.example/ledger", "--trustee", at("anna.key.card"))
	must("export", "--dir", at("D"), "--out", at("carry.tar"))
	must("backup", "--dir", at("D"), "--out", at("B"))
	g, err := endingGenesis(at("carry.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("genesis"), g, 0o600); err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile("../../docs/spec/vectors/anchor/key-root.pem")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("root.pem"), authority, 0o600); err != nil {
		t.Fatal(err)
	}

	approval, err := os.ReadFile("../../docs/spec/vectors/signed/approval.txt")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("approval"), approval, 0o600); err != nil {
		t.Fatal(err)
	}
	must("anchor", "request", "--dir", at("D"), "--out", at("request"))

	printed := func(name string, args ...string) {
		t.Helper()
		status, said := operator(t, args...)
		if status != exit.Done || len(said) == 0 {
			t.Fatalf("%v: status %d\n%s", args, status, said)
		}
		if err := os.WriteFile(at(name), []byte(said), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must("witness", "init", "--dir", at("W"), "--name", "witness.example/w1")
	printed("ledger.keys", "witness", "keys", "--dir", at("D"))
	printed("D/witnesses", "witness", "keys", "--dir", at("W"))
	must("witness", "add", "--dir", at("W"), at("ledger.keys"))
	must("witness", "request", "--dir", at("D"), "--since", "0", "--out", at("asked"))
	must("witness", "cosign", "--dir", at("W"), at("asked"), "--out", at("cosigned"))

	n := 0
	out := func() string { n++; return at(fmt.Sprint("out", n)) }
	scripttest.Corpus(t, dir, 500*time.Millisecond, operator, []scripttest.Damaged{
		{File: "anna.key.card", Places: 9, Args: func(bad string) []string {
			return []string{"init", "--dir", out(), "--origin", "test.example/new", "--trustee", bad}
		}},
		{File: "carry.tar", Places: 3, Args: func(bad string) []string {
			return []string{"init", "--dir", out(), "--origin", "test.example/new", "--continue", bad}
		}},
		{File: "carry.tar", Places: 3, Args: func(bad string) []string { return []string{"mirror", "--carry", bad, "--to", out()} }},
		{File: "approval", Places: 3, Args: func(bad string) []string { return []string{"accept", "--dir", at("D"), bad} }},
		{File: "D/ledger.db", Places: 3, Args: func(bad string) []string {
			folder := out()
			if err := os.CopyFS(folder, os.DirFS(at("D"))); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(bad, filepath.Join(folder, "ledger.db")); err != nil {
				t.Fatal(err)
			}
			return []string{"check", "--dir", folder}
		}},
		{File: "B/ledger.tar", Places: 3, Args: func(bad string) []string {
			folder := out()
			if err := os.CopyFS(folder, os.DirFS(at("B"))); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(bad, filepath.Join(folder, "ledger.tar")); err != nil {
				t.Fatal(err)
			}
			return []string{"restore", "--from", folder, "--dir", out()}
		}},
		{File: "genesis", Places: 3, Args: func(bad string) []string {
			return []string{"mirror", "--url", "http://127.0.0.1:1", "--trust", bad, "--to", out()}
		}},
		{File: "root.pem", Places: 3, Args: func(bad string) []string {
			return []string{"anchor", "accept", "--dir", at("D"), "--root", bad, "--request", at("request"), at("genesis")}
		}},
		{File: "genesis", Places: 3, Args: func(bad string) []string {
			return []string{"anchor", "accept", "--dir", at("D"), "--root", at("root.pem"), "--request", at("request"), bad}
		}},
		{File: "ledger.keys", Places: 6, Args: func(bad string) []string {
			folder := out()
			must("witness", "init", "--dir", folder, "--name", "witness.example/w2")
			return []string{"witness", "add", "--dir", folder, bad}
		}},
		{File: "asked", Places: 6, Args: func(bad string) []string { return []string{"witness", "cosign", "--dir", at("W"), bad, "--out", out()} }},
		{File: "cosigned", Places: 6, Args: func(bad string) []string { return []string{"witness", "accept", "--dir", at("D"), bad} }},
		{File: "D/witnesses", Places: 3, Args: func(bad string) []string {
			return []string{"witness", "accept", "--dir", at("D"), "--policy", bad, at("cosigned")}
		}},
	})
}

// endingGenesis cuts the genesis out of a carry file.
func endingGenesis(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	i := bytes.Index(text, []byte("zapis/genesis/"))
	if i < 0 {
		return nil, fmt.Errorf("there is no genesis in %s", name)
	}
	text, _, _ = bytes.Cut(text[i:], []byte{0})
	_, err = ledger.ParseGenesis(text)
	return text, err
}
