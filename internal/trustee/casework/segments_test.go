//go:build unix

package casework_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault"
)

// Two hundred and fifty entries or more come into a vault with segments in place of their small parts' files. A vault that has none
// stays one that older programs read; the first segment makes it one that they refuse, and from then on few entries come as a segment too.
func TestSegmentedImport(t *testing.T) {
	shorttest.Skip(t, "no ledger of hundreds of reports is taken in")
	t.Parallel()
	m := newMany(t, 4)
	more := m.grow(t, bulk)
	dir := filepath.Join(t.TempDir(), "vault")
	v := benchVault(t, dir)
	m.take(t, v, filepath.Join(m.dir, "carry"))
	first := func() string {
		text, err := os.ReadFile(filepath.Join(dir, "vault.txt"))
		ok(t, err)
		return string(text)
	}
	if got := first(); got != "zapis/vault/v1\n" || count(t, dir, "imports/*/segments/*") != 0 || count(t, dir, "imports/000001/parts/*/*") != 13 {
		t.Errorf("the small import made segments, in a vault of %q", got)
	}
	m.take(t, v, more)
	if got := first(); got != "zapis/vault/v2\n" || count(t, dir, "imports/000002/segments/*") < 2 || count(t, dir, "imports/000002/parts/*/*") != 0 {
		t.Errorf("the large import made no segments, in a vault of %q", got)
	}
	m.list(t, v, 4+bulk)
	ok(t, v.Close())
	v = benchVault(t, dir)
	ok(t, v.Use(m.anna))
	m.list(t, v, 4+bulk)
	if checked, err := v.Check(t.Context(), func(int64) {}); err != nil || len(checked.Wrong) > 0 || checked.Parts != 13+3*bulk {
		t.Errorf("%+v, %v", checked, err)
	}
	ok(t, v.Close())
	damageSegments(t, m, dir)

	v = benchVault(t, dir)
	m.take(t, v, m.grow(t, 1))
	if count(t, dir, "imports/000003/segments/*") != 1 || count(t, dir, "imports/000003/parts/*/*") != 0 {
		t.Error("a small import into a vault with segments made files")
	}
	m.list(t, v, 4+bulk+1)
	if checked, err := v.Check(t.Context(), func(int64) {}); err != nil || len(checked.Wrong) > 0 || checked.Parts != 13+3*bulk+3 {
		t.Errorf("%+v, %v", checked, err)
	}
	ok(t, v.Close())
}

// damageSegments changes a segment in one place at a time: each is found by a check.
func damageSegments(t *testing.T, m *many, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "imports/000002/segments/*"))
	ok(t, err)
	last := names[len(names)-1]
	good, err := os.ReadFile(last)
	ok(t, err)
	_, after, _ := bytes.Cut(good, []byte("\nparts "))
	offset := len(good) - len(after) + bytes.IndexByte(after, '\n') + 1 + 64 + 1 + 9 // the last digit in the first line
	for _, tt := range []struct {
		what string
		bad  []byte
		want string
	}{
		{"a bit of a part", flip(good, len(good)-100), "its file has the hash"},
		{"a bit of a line", flip(good, offset), "the vault is damaged: segments/"},
		{"cut", good[:len(good)-1], "its parts have"},
		{"longer", append(slices.Clone(good), 0), "its parts have"},
		{"missing", nil, "its file is missing from the vault"},
	} {
		ok(t, os.WriteFile(last, tt.bad, 0o600))
		if tt.bad == nil {
			ok(t, os.Remove(last))
		}
		v, err := casework.Open(dir, vault.Options{Now: time.Now, Tool: "test", Warn: t.Errorf})
		ok(t, err)
		checked, err := v.Check(t.Context(), func(int64) {})
		ok(t, err)
		if len(checked.Wrong) == 0 || !strings.Contains(checked.Wrong[0], tt.want) {
			t.Errorf("%s: %d faults, %.300q", tt.what, len(checked.Wrong), checked.Wrong)
		}
		ok(t, v.Use(m.anna))
		if tt.what != "a bit of a part" {
			e := v.Copy().Entries()[v.Size()-1]
			_, err = v.SealedFile(v.Copy().Submissions()[v.Size()-2], e.Body.Parts[slices.IndexFunc(e.Body.Parts, func(p ledger.Part) bool { return p.Kind == ledger.PartStatement })])
			if exit.StatusOf(err) != exit.Mismatch {
				t.Errorf("%s: opening a part: %v", tt.what, err)
			}
		}
		ok(t, v.Close())
		ok(t, os.WriteFile(last, good, 0o600))
	}
}

func flip(good []byte, at int) []byte {
	bad := slices.Clone(good)
	bad[at] ^= 1
	return bad
}

func count(t *testing.T, dir, pattern string) int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	ok(t, err)
	return len(names)
}
