package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/crypto/timestamp/timestamptest"
	"zapis/internal/cli"
	"zapis/internal/cli/scripttest"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/vault/vaulttest"
)

// trustee runs zapis in this process.
func trustee(t *testing.T, args ...string) (exit.Status, string) {
	t.Helper()
	var output bytes.Buffer
	p := program()
	status := p.Run(t.Context(), args, &cli.Streams{In: strings.NewReader(""), Out: &output, Err: &output})
	return status, output.String()
}

// No damaged file crashes a verb that reads it, and none is called wrong usage: it does not verify (3), or a key for it is
// missing (4). What is accepted all the same was changed where it does not matter.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report([]vaulttest.File{{Name: "me.jpg", Content: jpeg}}, "narrative", "They came at six.", "contact", "by the well", "files_identify", "yes",
		"consent", "store", "consent", "lawyer", "person_agrees", "self")
	h.CarryFile(at("carry.tar"), 0)
	if err := os.WriteFile(at("pass"), []byte(vaulttest.Passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	as := func(name string, args ...string) []string {
		return append(args, "--vault", at("V"+name), "--identity", at(name+".key"), "--passphrase-file", at("pass"))
	}
	must := func(args ...string) {
		t.Helper()
		if status, output := trustee(t, args...); status != exit.Done {
			t.Fatalf("%v: status %d\n%s", args, status, output)
		}
	}
	for _, name := range []string{"anna", "boris", "vera"} {
		vaulttest.KeyFile(t, dir, name)
	}
	for _, name := range []string{"anna", "boris"} {
		must(as(name, "import", at("carry.tar"))...)
	}
	h.Must(os.WriteFile(at("me.jpg"), []byte(jpeg), 0o600))
	must(as("anna", "ask", filed.Case, "--why", "a hearing", "--out", at("request"))...)
	must(as("boris", "grant", at("request"), "--out", at("grant"), "--yes")...)
	must(as("anna", "propose", "trustees", "--remove", "vera", "--out", at("proposal"))...)

	handedOn := prepareHandover(t, dir)
	must(as("anna", "bundle", filed.Case, "--out", at("bundle.zip"))...)
	must(as("anna", "stamp", at("bundle.zip"), "--request", at("asked.tsq"))...)
	authority := timestamptest.New(t, timestamptest.Plan{From: time.Now().Add(-24 * time.Hour), Until: time.Now().Add(24 * time.Hour)})
	asked, err := os.ReadFile(at("asked.tsq"))
	h.Must(err)
	h.Must(os.WriteFile(at("answer.tsr"), authority.Reply(t, asked), 0o600))
	must("paper", "--identity", at("anna.key"), "--out", at("paper.txt"))

	n := 0
	out := func() string { n++; return at(fmt.Sprint("out", n)) }
	scripttest.Corpus(t, dir, 2*time.Second, trustee, []scripttest.Damaged{
		{File: "carry.tar", Places: 40, Args: func(bad string) []string { return []string{"import", "--vault", out(), bad} }},
		{File: "carry.tar", Places: 6, Args: func(bad string) []string { return as("anna", "import", bad) }},
		{File: "anna.key.card", Places: 12, Args: func(bad string) []string { return []string{"card", bad} }},
		{File: "boris.key.card", Places: 9, Args: func(bad string) []string {
			return as("anna", "propose", "trustees", "--replace", bad, "--out", out())
		}},
		{File: "request", Places: 9, Args: func(bad string) []string { return as("boris", "grant", bad, "--out", out(), "--yes") }},
		{File: "grant", Places: 9, Args: func(bad string) []string { return as("anna", "open", filed.Case, "--grant", bad) }},
		{File: "proposal", Places: 9, Args: func(bad string) []string { return as("anna", "approve", bad, "--yes", "--out", out()) }},
		{File: "anna.key", Places: 12, Args: func(bad string) []string {
			return []string{"list", "--vault", at("Vanna"), "--identity", bad, "--passphrase-file", at("pass")}
		}},
		{File: handedOn, Places: 6, Args: func(bad string) []string {
			return []string{"receive", "--vault", at("Vdora"), "--identity", at("dora.key"), "--passphrase-file", at("pass"), bad}
		}},
		{File: "bundle.zip", Places: 6, Args: func(bad string) []string { return as("anna", "stamp", bad, "--request", out()) }},
		{File: "answer.tsr", Places: 12, Args: func(bad string) []string {
			return as("anna", "stamp", at("bundle.zip"), "--response", bad, "--asked", at("asked.tsq"), "--out", out()+".zip")
		}},
		{File: "asked.tsq", Places: 6, Args: func(bad string) []string {
			return as("anna", "stamp", at("bundle.zip"), "--response", at("answer.tsr"), "--asked", bad, "--out", out()+".zip")
		}},
		{File: "paper.txt", Places: 6, Args: func(bad string) []string {
			return []string{"paper", "--restore", bad, "--passphrase-file", at("pass"), "--out", out()}
		}},
		{File: "me.jpg", Places: 3, Args: func(bad string) []string {
			return as("anna", "exhibit", filed.Case, bad, "--source", "a", "--how", "b")
		}},
	})
}

// prepareHandover makes a vault of dora, who came later, and returns the name of a file that hands a case on to her.
func prepareHandover(t *testing.T, dir string) string {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	vaulttest.KeyFile(t, dir, "dora")
	env := later(t, dir)
	_, before, _ := strings.Cut(env[0], "=")
	for _, args := range [][]string{
		{"import", at("new.tar"), "--vault", at("Vbefore"), "--identity", at("anna.key")},
		{"import", at("new.tar"), "--vault", at("Vdora"), "--identity", at("dora.key")},
		{"reseal", before, "--to", "dora", "--why", "She takes it over.", "--out", at("handed-on"), "--vault", at("Vbefore"), "--identity", at("anna.key")},
	} {
		if status, said := trustee(t, append(args, "--passphrase-file", at("pass"))...); status != exit.Done {
			t.Fatalf("%v: status %d\n%s", args, status, said)
		}
	}
	return "handed-on"
}

// Whatever file of a vault is damaged, the verbs that read a vault end with an error that is none of usage, or go on.
func TestDamagedVault(t *testing.T) {
	shorttest.Skip(t, "no file of a vault is damaged")
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report([]vaulttest.File{{Name: "me.jpg", Content: jpeg}}, "narrative", "They came at six.", "consent", "store")
	h.CarryFile(at("carry.tar"), 0)
	vaulttest.KeyFile(t, dir, "anna")
	h.Must(os.WriteFile(at("pass"), []byte(vaulttest.Passphrase+"\n"), 0o600))
	as := func(args ...string) []string {
		return append(args, "--vault", at("V"), "--identity", at("anna.key"), "--passphrase-file", at("pass"))
	}
	for _, args := range [][]string{
		{"import", at("carry.tar")}, {"show", filed.Case}, {"note", filed.Case, "--text", "A note."}, {"reply", filed.Case, "--text", "We read it."},
		{"ask", filed.Case, "--why", "a hearing", "--out", at("request")}, {"grade", filed.Case, "--nexus", "state_agent"},
	} {
		if status, said := trustee(t, as(args...)...); status != exit.Done {
			t.Fatalf("%v: status %d\n%s", args, status, said)
		}
	}
	var files []string
	h.Must(filepath.WalkDir(at("V"), func(name string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, name)
		}
		return err
	}))
	if len(files) < 10 {
		t.Fatalf("a vault of %d files", len(files))
	}
	for _, name := range files {
		good, err := os.ReadFile(name)
		h.Must(err)
		if len(good) == 0 {
			continue
		}
		flipped := bytes.Clone(good)
		flipped[len(good)/2] ^= 0x15
		for what, bad := range map[string][]byte{"flipped": flipped, "cut": good[:len(good)/2], "zeros": make([]byte, len(good))} {
			h.Must(os.WriteFile(name, bad, 0o600))
			for _, args := range [][]string{{"show", filed.Case}, {"check"}} {
				status, said := trustee(t, as(args...)...)
				if status != exit.Done && status != exit.Mismatch && status != exit.KeyMissing || strings.Contains(said, "goroutine ") {
					t.Errorf("%s with %s %s: status %d\n%s", args[0], strings.TrimPrefix(name, dir), what, status, said)
				}
			}
		}
		h.Must(os.WriteFile(name, good, 0o600))
	}
}
