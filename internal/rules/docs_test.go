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
