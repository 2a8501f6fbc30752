package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/internal/cli"
	"zapis/internal/cli/scripttest"
	"zapis/internal/exit"
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
	must(as("anna", "ask", filed.Case, "--why", "a hearing", "--out", at("request"))...)
	must(as("boris", "grant", at("request"), "--out", at("grant"), "--yes")...)
	must(as("anna", "propose", "trustees", "--remove", "vera", "--out", at("proposal"))...)

	n := 0
	out := func() string { n++; return at(fmt.Sprint("out", n)) }
	for _, kind := range []struct {
		file   string
		places int
		args   func(bad string) []string
	}{
		{"carry.tar", 40, func(bad string) []string { return []string{"import", "--vault", out(), bad} }},
		{"carry.tar", 6, func(bad string) []string { return as("anna", "import", bad) }},
		{"anna.key.card", 12, func(bad string) []string { return []string{"card", bad} }},
		{"boris.key.card", 9, func(bad string) []string {
			return as("anna", "propose", "trustees", "--replace", bad, "--out", out())
		}},
		{"request", 9, func(bad string) []string { return as("boris", "grant", bad, "--out", out(), "--yes") }},
		{"grant", 9, func(bad string) []string { return as("anna", "open", filed.Case, "--grant", bad) }},
		{"proposal", 9, func(bad string) []string { return as("anna", "approve", bad, "--yes", "--out", out()) }},
		{"anna.key", 12, func(bad string) []string {
			return []string{"list", "--vault", at("Vanna"), "--identity", bad, "--passphrase-file", at("pass")}
		}},
	} {
		good, err := os.ReadFile(at(kind.file))
		if err != nil {
			t.Fatal(err)
		}
		scripttest.Damage(t, good, kind.places, 2*time.Second, func(what string, place int, bad []byte) {
			name := at("bad")
			if err := os.WriteFile(name, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			args := kind.args(name)
			status, output := trustee(t, args...)
			if status != exit.Done && status != exit.Mismatch && status != exit.KeyMissing || strings.Contains(output, "goroutine ") {
				t.Errorf("%s of %s, %s at %d of %d: status %d\n%s", args[0], kind.file, what, place, len(good), status, output)
			}
		})
	}
}
