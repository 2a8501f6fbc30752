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
var commandLine = regexp.MustCompile(`\bzapisd? [a-z]+|(^|[^-\w])--[a-z]`)

// domainTrees know no command line (docs/architecture.md): a desk, a page and a log show their texts as they are.
var domainTrees = []string{"crypto", "store", "web", "internal/atomicfile", "internal/carry", "internal/evidence", "internal/exit", "internal/incident", "internal/server", "internal/trustee"}

// documents are the pages in a bundle, which name the programs that check it. Their texts are part of the
// bundle's format: the checker builds the pages again, and an older bundle's must stay the same.
const documents = "internal/evidence/bundle/pdf/"

func TestTheDomainNamesNoVerbsOrFlags(t *testing.T) {
	seen := 0
	for _, tree := range domainTrees {
		eachFile(t, tree, func(path string, file *ast.File) {
			seen++
			if strings.HasPrefix(path, documents) {
				return
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && commandLine.MatchString(text.Value) {
					t.Errorf("%s names a verb or a flag of a program: return a code or a value, which internal/cli or a program puts into words: %s", path, text.Value)
				}
				return true
			})
		})
	}
	if seen < 100 {
		t.Errorf("%d files of the domain were found, and there are more", seen)
	}
}

func TestCommandLinePattern(t *testing.T) {
	for text, names := range map[string]bool{
		"zapis list shows which there are": true, "zapisd key new makes others": true, "add --identity FILE": true, "(--to)": true,
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
	eachGoFile(t, tree, func(path string) bool {
		return !strings.HasSuffix(path, "_test.go") && !testSupport(filepath.Dir(path))
	}, visit)
}

// eachTestFile parses the files of tests in a tree; path is relative to the module's root.
func eachTestFile(t *testing.T, tree string, visit func(path string, file *ast.File)) {
	t.Helper()
	eachGoFile(t, tree, func(path string) bool { return strings.HasSuffix(path, "_test.go") }, visit)
}

func eachGoFile(t *testing.T, tree string, wanted func(path string) bool, visit func(path string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(tree)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || !wanted(path) {
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
