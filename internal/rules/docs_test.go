package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A Markdown link or picture to somewhere within the tree.
var pageLink = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	pages, links := 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || path != root && filepath.Dir(path) == root && ignored(d)) {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}
		pages++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range pageLink.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], ":") {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if pages == 0 || links == 0 {
		t.Fatalf("%d pages and %d links were found: this test would pass whatever they say", pages, links)
	}
}

// citedPage is a page of docs/ that a comment, a message or a test names.
var citedPage = regexp.MustCompile(`\bdocs/[a-z0-9/-]+\.md\b`)

func TestCitedPagesAreThere(t *testing.T) {
	cited := 0
	look := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range citedPage.FindAllString(string(text), -1) {
			cited++
			if _, err := os.Stat(filepath.Join(root, page)); err != nil {
				t.Errorf("%s cites %s, which is not there", path, page)
			}
		}
	}
	look(filepath.Join(root, "Makefile"))
	for _, tree := range []string{"cmd", "crypto", "internal", "store", "web"} {
		err := filepath.WalkDir(filepath.Join(root, tree), func(path string, d fs.DirEntry, err error) error {
			if err == nil && slices.Contains([]string{".go", ".txtar", ".html", ".service"}, filepath.Ext(path)) {
				look(path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if cited < 50 {
		t.Errorf("%d pages are cited: too few to say anything", cited)
	}
}

// Commands in a guide must not go stale: every flag that the guides name is one that a program has.
func TestGuidesNameRealFlags(t *testing.T) {
	var source strings.Builder
	files, err := filepath.Glob(filepath.Join(root, "cmd", "*", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(root, "internal", "cli", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, more...) {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	known := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^\t([A-Z]\w*)\s+\S+\s+.*(?:help|required|default|placeholder|name):"`).FindAllStringSubmatch(source.String(), -1) {
		known[dashed(m[1])] = true
	}
	for _, m := range regexp.MustCompile(`name:"([a-z-]+)"`).FindAllStringSubmatch(source.String(), -1) {
		known[m[1]] = true
	}

	for _, flag := range []string{"trustee", "identity-quorum", "no-publish", "vault", "passphrase-file", "json"} {
		if !known[flag] {
			t.Fatalf("--%s was not found in the programs: this test reads them wrongly", flag)
		}
	}
	checked := 0

	guides, err := filepath.Glob(filepath.Join(root, "docs", "guides", "*.md"))
	if err != nil || len(guides) == 0 {
		t.Fatalf("%d guides, %v", len(guides), err)
	}
	for _, g := range guides {
		text, err := os.ReadFile(g)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range ourLine.FindAllString(string(text), -1) {
			for _, m := range regexp.MustCompile(`--([a-z][a-z-]+)`).FindAllStringSubmatch(line, -1) {
				checked++
				if !known[m[1]] {
					t.Errorf("%s names --%s in %q, and no program of ours has it", g, m[1], strings.TrimSpace(line))
				}
			}
		}
	}
	if checked == 0 {
		t.Error("the guides name no flag: this test would pass whatever they say")
	}
}

// ourLine is a line in which a program of ours is called, with its continuation.
var ourLine = regexp.MustCompile(`(?m)^\s*(?:\$ )?(?:zapis|zapisd|zapis-verify) .*(?:\\\n.*)*$`)

// dashed writes a field's name as kong does its flag's: NoPublish is no-publish, JSON is json.
func dashed(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' && name[i-1] >= 'a' && name[i-1] <= 'z' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}
