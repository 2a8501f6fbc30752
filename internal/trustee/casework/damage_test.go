package casework_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

func TestNotAVault(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none")
	for _, tt := range []struct {
		dir    string
		create bool
		want   string
	}{
		{dir, true, "is not a vault, and not empty either"},
		{dir, false, "is not a vault"},
		{none, false, "there is no vault " + none},
		{filepath.Join(dir, "letter.txt"), true, "is not a folder"},
		{filepath.Join(none, "deeper"), true, "in which the vault would be, is not there"},
	} {
		_, err := casework.Open(tt.dir, vault.Options{Create: tt.create, Now: time.Now, Warn: t.Errorf})
		refused(t, tt.dir, err, exit.Failed, tt.want)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("somebody's folder was written to: %q", left)
	}

	// What is left of a vault that was being made is made into one.
	begun := filepath.Join(t.TempDir(), "begun")
	if err := os.MkdirAll(filepath.Join(begun, "custody"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(begun, ".vault.txt.new"), []byte("zapis/v"), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := casework.Open(begun, vault.Options{Create: true, Now: time.Now, Warn: t.Errorf})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}

	other := filepath.Join(t.TempDir(), "newer")
	os.Mkdir(other, 0o700)
	os.WriteFile(filepath.Join(other, "vault.txt"), []byte("zapis/vault/v3\n"), 0o600)
	_, err = casework.Open(other, vault.Options{Create: true, Now: time.Now, Warn: t.Errorf})
	refused(t, "a newer vault", err, exit.Failed, "is not a vault that this program knows")
	os.WriteFile(filepath.Join(other, "vault.txt"), []byte("zapis/vault/v\x00\n"), 0o600)
	_, err = casework.Open(other, vault.Options{Create: true, Now: time.Now, Warn: t.Errorf})
	refused(t, "a damaged first file", err, exit.Mismatch, "vault.txt: it is not the first file of a vault")
}

// A disk that rots, or a hand that mends the ledger in the vault, is seen when the vault is opened.
func TestDamagedVault(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	h.Report(nil)
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	imported := filepath.Join(o.dir, "imports", "000001")
	change := func(name string, old, with string) func() {
		file := filepath.Join(o.dir, name)
		was, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		now := bytes.Replace(was, []byte(old), []byte(with), 1)
		if bytes.Equal(was, now) {
			t.Fatalf("%s has no %q", name, old)
		}
		os.WriteFile(file, now, 0o600)
		return func() { os.WriteFile(file, was, 0o600) }
	}
	for _, tt := range []struct{ file, old, with, want string }{
		{"imports/000001/entries", "kind report", "kind review", "the vault is damaged: import 000001: entry 1: "},
		{"imports/000001/entries", "index 1", "index 2", "the vault is damaged: import 000001: entry 1: "},
		{"imports/000001/import.txt", "size 2", "size 3", "the vault is damaged: import 000001: its last entry is 1, and must be 2"},
		{"imports/000001/import.txt", "from 0", "from 1", "the vault is damaged: import 000001: it begins at entry 1, and 0 entries come before it"},
		{"imports/000001/import.txt", "from", "for", "the vault is damaged: import 000001: line 2: "},
		{"imports/000001/checkpoints/2", "\n2\n", "\n1\n", "the vault is damaged: checkpoint 1: checkpoint: the Ed25519 signature does not fit the text"},
		{"owner.card", "name anna", "name Anna", "the vault's owner.card: card: line 2: a name is"},
		{"custody/log", "1 ", "2 ", "custody log: line 1: it must be number 1"},
	} {
		mend := change(tt.file, tt.old, tt.with)
		_, err := o.try()
		refused(t, tt.file, err, exit.Mismatch, tt.want)
		mend()
	}
	o.open().Close()
	if err := os.Rename(imported, filepath.Join(o.dir, "imports", "000002")); err != nil {
		t.Fatal(err)
	}
	_, err := o.try()
	refused(t, "an import taken away", err, exit.Mismatch, "the vault is damaged: imports/000002 is not import 000001")
}

func TestMissingAndRottenParts(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}})
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v := o.openAs(h.Trustees[0])
	c := show(t, v, filed.Case)
	part := c.Exhibits[0].Part.Hash.String()
	file := filepath.Join(o.dir, "imports", "000001", "parts", part[:2], part)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-1] ^= 1
	os.WriteFile(file, content, 0o600)
	dir := filepath.Join(t.TempDir(), "out")
	_, err = release.Extract(t.Context(), v, c, dir, func(int64) {})
	refused(t, "a flipped bit", err, exit.Mismatch, "entry 1: attachment: the file's SHA-256 is")
	os.Remove(file)
	_, err = release.Extract(t.Context(), v, c, dir, func(int64) {})
	refused(t, "no file", err, exit.Mismatch, "entry 1: attachment: its file is missing from the vault")
	if left := tree(t, dir); len(left) != 0 {
		t.Errorf("something was left: %d files", len(left))
	}
}
