package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/internal/cli/scripttest"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// No damaged file of those that --trust and --policy name crashes the checker or is called wrong usage. A change that
// leaves other keys in it is no damage that anybody could see: those are then not the ledger's.
func TestDamagedTrust(t *testing.T) {
	dir := t.TempDir()
	policy := ""
	for i, line := range strings.Split(strings.TrimSpace(vectorText(t, "anchored/witness-keys.txt")), "\n") {
		policy += fmt.Sprintf("witness w%d %s\n", i, line)
	}
	policy += "quorum w0\n"
	for _, kind := range []struct{ name, flag, text string }{
		{"ledger-card.txt", "--trust", vectorText(t, "ledger-card.txt")},
		{"genesis.txt", "--trust", vectorText(t, "genesis.txt")},
		{"anna.card", "--trust", vectorText(t, "anna.card")},
		{"log-keys.txt", "--trust", vectorText(t, "log-keys.txt")},
		{"root.pem", "--trust", vectorText(t, "anchored/root.pem")},
		{"witness-keys.txt", "--trust", vectorText(t, "anchored/witness-keys.txt")},
		{"bundle.zip", "--trust", vectorText(t, "anchored/bundle.zip")},
		{"policy", "--policy", policy},
	} {
		name := filepath.Join(dir, kind.name)
		scripttest.Damage(t, []byte(kind.text), 5, 200*time.Millisecond, func(what string, at int, bad []byte) {
			if err := os.WriteFile(name, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			status, out, talk := verify(t, vector("receipt"), "--trust", vector("genesis.txt"), kind.flag, name)
			if status == exit.Usage || status == exit.Failed || strings.Contains(talk, "goroutine ") {
				t.Errorf("%s, %s at %d of %d: status %d\n%s%s", kind.name, what, at, len(kind.text), status, out, talk)
			}
		})
	}
}

// No damaged file of any kind crashes the checker, and none is called wrong usage: each is judged (3), or its keys
// are not known (4). What happens to verify all the same is a file that was changed where nothing is compared.
func TestDamagedFiles(t *testing.T) {
	shorttest.Skip(t, "no damaged file is judged")
	dir := t.TempDir()
	kinds := []struct {
		name  string
		args  []string
		every int // one mutation for so many bytes
	}{
		{"bundle.zip", nil, 20011},
		{"anchored/bundle.zip", []string{"--trust", vector("anchored/root.pem")}, 9001},
		{"receipt", []string{"--trust", vector("genesis.txt")}, 97},
		{"promise-kept", []string{"--trust", vector("genesis.txt"), "--tiles", vector("tiles")}, 97},
		{"tiles/checkpoint", []string{"--trust", vector("genesis.txt")}, 97},
	}
	for _, kind := range kinds {
		good, err := os.ReadFile(vector(kind.name))
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, filepath.Base(kind.name))
		judge := func(what string, at int, bad []byte) {
			if err := os.WriteFile(name, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			status, out, talk := verify(t, append([]string{name}, kind.args...)...)
			if status != exit.Mismatch && status != exit.KeyMissing {
				t.Errorf("%s, %s at %d of %d: status %d\n%s%s", kind.name, what, at, len(good), status, out, talk)
			}
		}
		for at := 0; at < len(good); at += kind.every {
			flipped := bytes.Clone(good)
			flipped[at] ^= 0x15
			judge("flipped", at, flipped)
			judge("cut", at, good[:at])
			if at > 0 {
				judge("doubled", at, append(bytes.Clone(good[:at]), good...))
			}
		}
		judge("followed by zeros", len(good), append(bytes.Clone(good), make([]byte, 512)...))
		judge("zeros", 0, make([]byte, 4096))
	}
}
