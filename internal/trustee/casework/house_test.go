package casework_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/internal/cli"
	"zapis/internal/evidence/bundle"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

var tick = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// opener opens one vault repeatedly, and collects the warnings.
type opener struct {
	t     *testing.T
	dir   string
	warns []string
}

func newVault(t *testing.T) *opener {
	return &opener{t: t, dir: filepath.Join(t.TempDir(), "vault")}
}

func (o *opener) try() (*casework.Trustee, error) {
	return casework.Open(o.dir, vault.Options{Create: true, Now: func() time.Time { return tick }, Tool: "zapis test", Wait: 100 * time.Millisecond,
		Warn: func(format string, args ...any) { o.warns = append(o.warns, fmt.Sprintf(format, args...)) }})
}

func (o *opener) open() *casework.Trustee {
	o.t.Helper()
	v, err := o.try()
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { v.Close() })
	return v
}

// openAs opens the vault with a trustee's key.
func (o *opener) openAs(id *cli.Identity) *casework.Trustee {
	o.t.Helper()
	v := o.open()
	if err := v.Use(vaulttest.Key(id)); err != nil {
		o.t.Fatal(err)
	}
	return v
}

func (o *opener) take(file []byte, opts vault.ImportOptions) (*casework.Imported, error) {
	o.t.Helper()
	v := o.open()
	defer v.Close()
	return v.Import(o.t.Context(), bytes.NewReader(file), opts)
}

func (o *opener) mustTake(file []byte, opts vault.ImportOptions) *casework.Imported {
	o.t.Helper()
	done, err := o.take(file, opts)
	if err != nil {
		o.t.Fatal(err)
	}
	return done
}

func as(id *cli.Identity) vault.ImportOptions {
	k := vaulttest.Key(id)
	return vault.ImportOptions{Key: &k}
}

func sort(t *testing.T, v *casework.Trustee) *casework.Cases {
	t.Helper()
	cases, err := v.Sort(t.Context(), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

func find(t *testing.T, v *casework.Trustee, id string) *casework.Case {
	t.Helper()
	c, err := sort(t, v).Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func show(t *testing.T, v *casework.Trustee, id string) *casefile.Case {
	t.Helper()
	o, err := v.Show(find(t, v, id))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// tree lists all files of a folder with their bytes.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		files[rel] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func refused(t *testing.T, name string, err error, status exit.Status, sentence string) {
	t.Helper()
	if exit.StatusOf(err) != status || !strings.Contains(fmt.Sprint(err), sentence) {
		t.Errorf("%s: status %d: %v\nwant status %d: …%s…", name, exit.StatusOf(err), err, status, sentence)
	}
}

// member is one member of a carry file: its header's block and its content's.
type member struct {
	name  string
	bytes []byte
}

// members splits a carry file. Small files have one header block each.
func members(t *testing.T, file []byte) []member {
	t.Helper()
	var list []member
	for file[0] != 0 {
		name := string(bytes.TrimRight(file[:100], "\x00"))
		var size int64
		if _, err := fmt.Sscanf(string(file[124:135]), "%o", &size); err != nil {
			t.Fatal(err)
		}
		end := 512 + (size+511)/512*512
		if prefix := string(bytes.TrimRight(file[345:500], "\x00")); prefix != "" {
			name = prefix + "/" + name
		}
		list = append(list, member{name, bytes.Clone(file[:end])})
		file = file[end:]
	}
	return list
}

// together makes a carry file of members.
func together(list []member) []byte {
	var b []byte
	for _, m := range list {
		b = append(b, m.bytes...)
	}
	return append(b, make([]byte, 1024)...)
}

// content is a member's content.
func (m member) content(t *testing.T) []byte {
	t.Helper()
	var size int64
	if _, err := fmt.Sscanf(string(m.bytes[124:135]), "%o", &size); err != nil {
		t.Fatal(err)
	}
	return m.bytes[512 : 512+size]
}

// bundleOf makes a bundle of an opened case, and returns what would be
// written.
func bundleOf(t *testing.T, v *casework.Trustee, o *casefile.Case, opts release.BundleOptions) (in bundle.Input, err error) {
	t.Helper()
	err = release.Bundle(v, find(t, v, o.ID), opts, func(made bundle.Input) error { in = made; return nil })
	return in, err
}

// resealOf returns the file of a reseal.
func resealOf(v *casework.Trustee, c *casework.Case, r release.Resealing) ([]byte, error) {
	done, err := release.Reseal(v, c, r)
	return done.File, err
}
