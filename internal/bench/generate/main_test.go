package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zapis/crypto/card"
	"zapis/internal/carry"
	"zapis/internal/cli"
	"zapis/internal/exit"
)

// trusteesIn leaves the cards of three trustees in a new folder.
func trusteesIn(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"anna", "boris", "vera"} {
		id, err := cli.NewIdentity(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".card"), id.Card.Marshal(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func generate(t *testing.T, args ...string) (status exit.Status, out, talk string) {
	t.Helper()
	var o, e bytes.Buffer
	p := cli.Program{Name: "generate", About: about, Grammar: new(grammar)}
	status = p.Run(t.Context(), args, &cli.Streams{In: strings.NewReader(""), Out: &o, Err: &e})
	return status, o.String(), e.String()
}

func TestGenerate(t *testing.T) {
	out := filepath.Join(t.TempDir(), "carry.tar")
	args := []string{"--reports", "3", "--more", "2", "--out", out, "--trustees", trusteesIn(t)}
	if status, text, talk := generate(t, args...); status != exit.Done || strings.Count(text, "zapis-ledger+example.org/ledger+") != 2 {
		t.Fatalf("%d: %s%s", status, text, talk)
	}
	var first card.LedgerCard
	for i, w := range []struct {
		name        string
		since, size uint64
		parts       int
	}{{out, 0, 4, 10}, {out + ".more", 4, 6, 6}} {
		f, err := os.Open(w.name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := carry.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = r.Header().Card()
		}
		if h := r.Header(); h.Since != w.since || h.Size != w.size || h.Card() != first {
			t.Errorf("%s: %+v", w.name, h)
		}
		parts := 0
		for {
			it, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if it.Kind == carry.Part {
				parts++
				if _, err := io.Copy(io.Discard, it.Content); err != nil {
					t.Fatal(err)
				}
			}
		}
		if parts != w.parts {
			t.Errorf("%s: %d parts, and there must be %d", w.name, parts, w.parts)
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(out), ".parts-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if status, _, talk := generate(t, args...); status != exit.Failed || !strings.Contains(talk, "file exists") {
		t.Errorf("again: %d, %s", status, talk)
	}
}

func TestGenerateRefuses(t *testing.T) {
	status, _, talk := generate(t, "--reports", "0", "--out", "x", "--trustees", t.TempDir())
	if status != exit.Usage || talk != "generate: a ledger to measure with has at least one report\n" {
		t.Errorf("%d: %q", status, talk)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.card"), []byte("no card\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := trustees(dir); err == nil || !errors.Is(err, card.ErrMismatch) {
		t.Errorf("%v", err)
	}
}
