package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// The custody log refuses, in Record, every act by which something of a case leaves a vault; RecordRelease takes them.
// Only the release gate may call that: consent, erased parts, fit and identity are checked there.
const gateMethod = "RecordRelease"

var gateRooms = []string{"internal/trustee/release", "internal/evidence/custody"}

func TestOnlyTheReleaseGateRecordsThatSomethingLeaves(t *testing.T) {
	calls := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if !names(file, gateMethod) {
			return nil
		}
		calls++
		if room := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(path, root+string(filepath.Separator)))); room != gateRooms[0] && room != gateRooms[1] {
			t.Errorf("%s names %s: what leaves a vault passes through package release", path, gateMethod)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if calls != 2 {
		t.Errorf("%d files name %s, and two must: the log that has it and the gate that calls it", calls, gateMethod)
	}
}

// A cheap derivation of a code's keys is for tests alone: beside them, only the package that has it names it.
func TestOnlyTestsDeriveKeysCheaply(t *testing.T) {
	const cheap = "NewTestDeriver"
	found := 0
	for _, tree := range []string{"cmd", "crypto", "internal", "store", "web"} {
		eachFile(t, tree, func(path string, file *ast.File) {
			if !names(file, cheap) {
				return
			}
			found++
			if path != "crypto/reportcode/derive.go" {
				t.Errorf("%s names %s, which only tests may", path, cheap)
			}
		})
	}
	if found == 0 {
		t.Errorf("no file has %s", cheap)
	}
}

// names reports whether a file has an identifier.
func names(file *ast.File, name string) (found bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			found = true
		}
		return !found
	})
	return found
}
