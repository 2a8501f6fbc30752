package desk

import (
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every label that the trustee's guide quotes stands on a page of the desk, every address leads to one, and every picture
// is there.
func TestTheGuideQuotesThePages(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "guides")
	content, err := os.ReadFile(filepath.Join(dir, "trustee.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, guide, _ := strings.Cut(string(content), "\n# At the desk\n")
	guide, _, found := strings.Cut(guide, "\n# By commands\n")
	if !found {
		t.Fatal("the guide has no part about the desk")
	}
	said := labelsOfPages(t)
	quoted := regexp.MustCompile(`(?s)\*\*(.+?)\*\*`).FindAllStringSubmatch(guide, -1)
	for _, m := range quoted {
		label := strings.Join(strings.Fields(m[1]), " ")
		if label != "bold" && !said[strings.TrimSuffix(label, ".")] {
			t.Errorf("no page has %q", label)
		}
	}
	if len(quoted) < 60 {
		t.Errorf("%d labels are quoted", len(quoted))
	}
	addresses := regexp.MustCompile("`(/[a-z/]*)`").FindAllStringSubmatch(guide, -1)
	routes := (&Server{}).routes()
	for _, m := range addresses {
		if _, ok := routes["GET "+m[1]]; !ok && m[1] != "/" {
			t.Errorf("there is no page %s", m[1])
		}
	}
	if len(addresses) < 6 {
		t.Errorf("%d addresses", len(addresses))
	}
	for _, m := range regexp.MustCompile(`\]\((\.\./screenshots/[^)]+)\)`).FindAllStringSubmatch(guide, -1) {
		if _, err := os.Stat(filepath.Join(dir, m[1])); err != nil {
			t.Error(err)
		}
	}
}

// Every test that docs/bad-input.md names is there.
func TestBadInputIsTested(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "bad-input.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		m := regexp.MustCompile("`(internal/[a-z/]+)` (`Test.*)\\|$").FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		rows++
		var tests strings.Builder
		names, err := filepath.Glob(filepath.Join(root, m[1], "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(content)
		}
		for _, name := range regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(m[2], -1) {
			if !strings.Contains(tests.String(), "func "+name[1]+"(t *testing.T)") {
				t.Errorf("%s has no %s", m[1], name[1])
			}
		}
	}
	if rows < 20 {
		t.Errorf("%d rows", rows)
	}
}

// labelsOfPages gives what stands between two tags of the templates, and the titles that come from tables.
func labelsOfPages(t *testing.T) map[string]bool {
	t.Helper()
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	marks := regexp.MustCompile(`<[^>]*>|\{\{[^}]*\}\}`)
	for _, name := range names {
		page, err := fs.ReadFile(templateFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range marks.Split(string(page), -1) {
			said[html.UnescapeString(strings.Trim(text, " (\n"))] = true // a count in brackets follows some
		}
	}
	for _, v := range views {
		said[v.Title] = true
	}
	for _, g := range groups {
		said[g.title] = true
	}
	return said
}
