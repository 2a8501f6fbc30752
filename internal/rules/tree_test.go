package rules

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// topLevel is all that may stand at the top of the tree (docs/architecture.md).
var topLevel = []string{
	"go.mod", "go.sum", "README.md", "SECURITY.md", "LICENSE", "Makefile", ".ci",
	"cmd", "crypto", "store", "web", "internal", "docs",
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if slices.Contains(topLevel, e.Name()) || e.Name() == ".git" || ignored(e) {
			continue
		}
		t.Errorf("%s stands at the top level, which holds only %s (and folders that ignore themselves, as bin and demo do)",
			e.Name(), strings.Join(topLevel, " "))
	}
}

// ignored reports whether a folder's own .gitignore takes all of it out, as `make` does for what it builds.
func ignored(e os.DirEntry) bool {
	if !e.IsDir() {
		return false
	}
	text, err := os.ReadFile(filepath.Join(root, e.Name(), ".gitignore"))
	return err == nil && string(bytes.TrimSpace(text)) == "*"
}

func TestNoPackageInCrypto(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(root, "crypto", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Errorf("%s: a package in crypto/ itself would shadow the standard library's name", f)
	}
}

// noSubject names what no folder and no package may be called: a package is named by its subject.
var noSubject = regexp.MustCompile(`^(utils?|commons?|helpers?|misc|shared)$`)

func TestPackagesAreNamedByTheirSubject(t *testing.T) {
	for path, p := range ours(packages(t)) {
		for _, name := range append(strings.Split(path, "/"), p.Name) {
			if noSubject.MatchString(name) {
				t.Errorf("%s: %q names no subject; what it holds belongs to the package that owns the concept", path, name)
			}
		}
	}
}

func TestNamesWithoutASubject(t *testing.T) {
	for name, banned := range map[string]bool{
		"util": true, "utils": true, "common": true, "helpers": true, "helper": true,
		"ledger": false, "commonplace": false, "cli": false,
	} {
		if noSubject.MatchString(name) != banned {
			t.Errorf("%s: banned %v, want %v", name, !banned, banned)
		}
	}
}

// A dependency is a line "- `module`: reason" of docs/dependencies.md.
var dependencyLine = regexp.MustCompile("(?m)^- `([^`]+)`: (.*)$")

// A requirement is a line of go.mod; the indirect ones say so.
var requireLine = regexp.MustCompile(`(?m)^\t(\S+) v\S+( // indirect)?$`)

func TestDependenciesHaveReasons(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}

	reasons := make(map[string]string)
	for _, m := range dependencyLine.FindAllStringSubmatch(string(page), -1) {
		if reasons[m[1]] != "" {
			t.Errorf("docs/dependencies.md names %s twice", m[1])
		}
		reasons[m[1]] = m[2]
	}
	required := make(map[string]bool)
	for _, m := range requireLine.FindAllStringSubmatch(string(mod), -1) {
		if m[2] == "" {
			required[m[1]] = true
		}
	}
	// The line of a single tool: `tool honnef.co/go/tools/cmd/staticcheck`, whose module is marked indirect.
	for _, line := range strings.Split(string(mod), "\n") {
		tool, ok := strings.CutPrefix(line, "tool ")
		if !ok {
			continue
		}
		for _, m := range requireLine.FindAllStringSubmatch(string(mod), -1) {
			if within(tool, m[1]) {
				required[m[1]] = true
			}
		}
	}
	if len(required) == 0 {
		t.Fatal("no requirement was found in go.mod: this test would pass whatever it says")
	}

	for path := range required {
		if len(reasons[path]) < 20 {
			t.Errorf("go.mod requires %s, and docs/dependencies.md gives no reason for it", path)
		}
	}
	for path := range reasons {
		if !required[path] {
			t.Errorf("docs/dependencies.md names %s, which go.mod does not require", path)
		}
	}
}

// A corpus of seeds belongs to a fuzz test of its package: go test reads none under a name that no fuzz test has.
func TestEverySeedHasItsFuzzTest(t *testing.T) {
	seen := 0
	for _, tree := range []string{"cmd", "crypto", "internal", "store", "web"} {
		err := filepath.WalkDir(filepath.Join(root, tree), func(path string, d os.DirEntry, err error) error {
			corpus := filepath.Dir(path)
			if err != nil || !d.IsDir() || filepath.Base(corpus) != "fuzz" || filepath.Base(filepath.Dir(corpus)) != "testdata" {
				return err
			}
			seen++
			tests, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(corpus)), "*_test.go"))
			if err != nil {
				return err
			}
			for _, name := range tests {
				text, err := os.ReadFile(name)
				if err != nil || bytes.Contains(text, []byte("\nfunc "+d.Name()+"(f *testing.F)")) {
					return err
				}
			}
			t.Errorf("%s: its package has no such fuzz test", path)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 20 {
		t.Errorf("%d corpora were found, and there are more", seen)
	}
}
