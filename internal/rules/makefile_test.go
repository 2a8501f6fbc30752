package rules

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// makeList returns the words of a variable of the Makefile.
func makeList(t *testing.T, makefile, name string) []string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + ` := ((?:.*\\\n)*.*)$`).FindStringSubmatch(makefile)
	if m == nil {
		t.Fatalf("the Makefile has no list %s", name)
	}
	return strings.Fields(strings.ReplaceAll(m[1], "\\\n", " "))
}

// go test checks nothing by itself in make test, so go vet must have run before.
func TestMakeTestVetsAllPackagesOnce(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"\ntest: test-tools format vet staticcheck ", "\nvet:\n\t$(PLAIN) go vet ./...\n"} {
		if strings.Count(string(text), part) != 1 {
			t.Errorf("the Makefile has %q %d times, want once", part, strings.Count(string(text), part))
		}
	}
}

// make test runs some tests in a second run, without the race detector. A test that the first run skips and the second has
// not would never run: each of them is in one package only, and in one of the second run's.
func TestWhatTheRaceDetectorDoesNotWatchRunsWithoutIt(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	tests, in := makeList(t, string(text), "repeating"), makeList(t, string(text), "repeatingIn")
	for _, part := range []string{" -skip '$(pattern)' ", " -run '$(pattern)' $(repeatingIn)"} {
		if strings.Count(string(text), part) != 1 {
			t.Errorf("the Makefile runs go test with %q %d times, want once", part, strings.Count(string(text), part))
		}
	}
	found := make(map[string][]string)
	for _, tree := range []string{"cmd", "crypto", "internal", "store", "web"} {
		eachTestFile(t, tree, func(path string, file *ast.File) {
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && slices.Contains(tests, f.Name.Name) {
					found[f.Name.Name] = append(found[f.Name.Name], "./"+filepath.ToSlash(filepath.Dir(path)))
				}
			}
		})
	}
	for _, name := range tests {
		if dirs := found[name]; len(dirs) != 1 || !slices.Contains(in, dirs[0]) {
			t.Errorf("%s is in %v, want one of %v", name, dirs, in)
		}
	}
	for _, dir := range in {
		if !slices.ContainsFunc(tests, func(name string) bool { return slices.Contains(found[name], dir) }) {
			t.Errorf("the second run has no test of %s", dir)
		}
	}
}
