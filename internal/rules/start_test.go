package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// ownPrograms are the trees whose programs a trustee, a lawyer or an operator never starts.
var ownPrograms = []string{"internal/bench/", "internal/dist/", "internal/rules/", "cmd/zapis-verify/page/"}

// Every start of a program pays for what its packages compile while they are initialised, and most verbs use none of it.
func TestNoPackageCompilesAPatternOrATemplateAtStart(t *testing.T) {
	seen := 0
	for _, tree := range []string{"cmd", "crypto", "store", "web", "internal"} {
		eachFile(t, tree, func(path string, file *ast.File) {
			for _, own := range ownPrograms {
				if strings.HasPrefix(path, own) {
					return
				}
			}
			seen++
			for _, call := range compiledAtStart(file) {
				t.Errorf("%s calls %s when the program starts: put it into sync.OnceValue, so that the first use pays for it", path, call)
			}
		})
	}
	if seen < 300 {
		t.Errorf("%d files were found, and there are more", seen)
	}
}

// compiledAtStart returns the calls of regexp.Compile, regexp.MustCompile and template.Must that the initialisation of a
// file's package makes itself. What is made in functions that the file calls there is not seen.
func compiledAtStart(file *ast.File) (calls []string) {
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		if _, later := n.(*ast.FuncLit); later {
			return false
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch f := call.Fun.(type) {
		case *ast.FuncLit: // called where it stands
			ast.Inspect(f.Body, visit)
		case *ast.SelectorExpr:
			if pkg, ok := f.X.(*ast.Ident); ok {
				switch name := pkg.Name + "." + f.Sel.Name; name {
				case "regexp.Compile", "regexp.MustCompile", "template.Must":
					calls = append(calls, name)
				}
			}
		}
		return true
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			ast.Inspect(d, visit)
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				ast.Inspect(d.Body, visit)
			}
		}
	}
	return calls
}

func TestCompiledAtStart(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", `package p
var a = regexp.MustCompile("a")
var b = map[string]any{"b": template.Must(nil, nil)}
var c = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("c") })
var e = func() *regexp.Regexp { return regexp.MustCompile("e") }()
func init() { a, _ = regexp.Compile("d") }
func d() { regexp.MustCompile("d") }
`, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(compiledAtStart(file), " "); got != "regexp.MustCompile template.Must regexp.MustCompile regexp.Compile" {
		t.Errorf("found %s", got)
	}
}
