package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// commandLine finds a verb or a flag of a program in a text.
var commandLine = regexp.MustCompile(`\bzapis [a-z]+|(^|[^-\w])--[a-z]`)

// stillNamed are the texts of the domain that name verbs or flags of zapis today, by file. A desk can't show them as they
// are. The number of a file may only fall: words belong to cmd/zapis.
var stillNamed = map[string]int{
	"internal/evidence/bundle/repack.go":      1,
	"internal/evidence/bundle/pdf/custody.go": 1,
	"internal/trustee/casework/news.go":       2,
	"internal/trustee/paperkey/page.go":       1,
	"internal/trustee/vault/vault.go":         1,
}

// domainTrees know no command line (docs/architecture.md).
var domainTrees = []string{"internal/trustee", "internal/evidence"}

func TestTheDomainNamesNoNewVerbsOrFlags(t *testing.T) {
	found := make(map[string]int)
	for _, tree := range domainTrees {
		eachFile(t, tree, func(path string, file *ast.File) {
			ast.Inspect(file, func(n ast.Node) bool {
				if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && commandLine.MatchString(text.Value) {
					found[path]++
				}
				return true
			})
		})
	}
	for path, n := range found {
		if n > stillNamed[path] {
			t.Errorf("%s: %d texts name a verb or a flag of a program, and %d may: return what cmd/zapis can put into words", path, n, stillNamed[path])
		}
	}
	for path, n := range stillNamed {
		if found[path] < n {
			t.Errorf("%s: %d texts name a verb or a flag: lower the number from %d", path, found[path], n)
		}
	}
}

func TestCommandLinePattern(t *testing.T) {
	for text, names := range map[string]bool{
		"zapis list shows which there are": true, "add --identity FILE": true, "(--to)": true,
		"zapis/review/v1": false, "zapis-verify": false, "a -- b": false, "-----BEGIN": false, "2026-11-28": false,
	} {
		if commandLine.MatchString(text) != names {
			t.Errorf("%q: %v, want %v", text, !names, names)
		}
	}
}

// maxRun is the most lines that a verb's Run may have: flags, one call, printing.
const maxRun = 60

func TestEachVerbIsShort(t *testing.T) {
	seen := 0
	set := token.NewFileSet()
	err := filepath.WalkDir(filepath.Join(root, "cmd"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Run" {
				continue
			}
			seen++
			if lines := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1; lines >= maxRun {
				t.Errorf("%s: Run has %d lines: what it decides belongs to a package that a desk can call", path, lines)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 30 {
		t.Errorf("%d verbs were found, and there are more", seen)
	}
}

// eachFile parses the files of a tree that are no tests and serve none; path is relative to the module's root.
func eachFile(t *testing.T, tree string, visit func(path string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(tree)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || testSupport(filepath.Dir(path)) {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(rel), file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
