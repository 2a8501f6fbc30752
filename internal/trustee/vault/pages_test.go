package vault

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zapis/internal/cli"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/ledgercopy"
)

// paged is a folder with the key of an owner, and no ledger.
func paged(t *testing.T) *Vault {
	t.Helper()
	id, err := cli.NewIdentity("anna")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ImportsDir), 0o700); err != nil {
		t.Fatal(err)
	}
	empty, err := ledgercopy.Load(filepath.Join(dir, ImportsDir), nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Vault{dir: dir, copy: empty, key: &Key{Card: id.Card, Age: id.Opener(), Signer: id.Signer}}
}

// Each line of a paged cache is found by its key, and those of a prefix together, within a page and over several.
func TestPages(t *testing.T) {
	shorttest.Skip(t, "not tested: a cache in pages")
	v, c := paged(t), Cache{File: "paged", Header: "zapis/trial/v1 "}
	if OpenPages(v, c) != nil {
		t.Error("a missing cache was opened")
	}
	var lines []Line
	for i := range 3000 {
		lines = append(lines, Line{fmt.Sprintf("k%05d", 2*i), []byte(strings.Repeat("x", i%40) + " of " + fmt.Sprint(i))})
	}
	if err := WritePages(v, c, "all of them", lines); err != nil {
		t.Fatal(err)
	}
	p := OpenPages(v, c)
	if p == nil || p.About != "all of them" || len(p.pages) < 4 {
		t.Fatalf("%+v", p)
	}
	defer p.Close()
	for i, want := range lines {
		if got, ok := p.Find(want.Key, 2); !ok || len(got) != 1 || got[0].Key != want.Key || string(got[0].Text) != string(want.Text) {
			t.Fatalf("line %d: %v, %v", i, got, ok)
		}
	}
	for prefix, want := range map[string]int{"k0000": 5, "k00": 500, "k": 3000, "k00001": 0, "a": 0, "z": 0} {
		got, ok := p.Find(prefix, len(lines))
		if !ok || len(got) != want || !slices.IsSortedFunc(got, func(a, b Line) int { return strings.Compare(a.Key, b.Key) }) {
			t.Errorf("%s: %d lines, %v", prefix, len(got), ok)
		}
	}
	if got, ok := p.Find("k", 7); !ok || len(got) != 7 {
		t.Errorf("%d lines, %v", len(got), ok)
	}
	if OpenPages(v, Cache{File: "paged", Header: "zapis/trial/v2 "}) != nil {
		t.Error("a cache of another version was opened")
	}
}

// Anyone can seal to the owner. What another has signed, and pages that are not those that the owner wrote, are not believed.
func TestForgedPages(t *testing.T) {
	v, c := paged(t), Cache{File: "paged", Header: "zapis/trial/v1 "}
	forger := paged(t)
	forger.dir = v.dir
	forger.key.Card.Age = v.key.Card.Age
	if err := WritePages(forger, c, "", []Line{{"k", []byte("forged")}}); err != nil {
		t.Fatal(err)
	}
	if OpenPages(v, c) != nil {
		t.Error("a forged cache was opened")
	}
	if err := WritePages(v, c, "", []Line{{"k", []byte("true")}}); err != nil {
		t.Fatal(err)
	}
	p := OpenPages(v, c)
	defer p.Close()
	p.pages[0].hash[0] ^= 1
	if got, ok := p.Find("k", 1); ok {
		t.Errorf("a page with another hash gave %q", got)
	}
}
