package rules

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// prints are the places of programs that print by fmt something else than a text of their own, and why that holds nothing foreign.
var prints = map[string]string{
	"cmd/zapis/keygen.go keygenCmd.Run":     "words and digits of a card's hash",
	"cmd/zapis/paper.go cardCmd.Run":        "the same",
	"cmd/zapisd/serve.go startServing":      "a line that this program made",
	"cmd/zapisd/serve.go sayBroken":         "functions and lines of this program",
	"cmd/zapisd/demo.go demoVerb.Run":       "lines that this program made, for names of its own",
	"cmd/zapisd/setup.go writeConfig":       "a file, with its values as they are",
	"cmd/zapis-verify/check/filing.go Page": "escaped for a page",
	"cmd/zapis-verify/page/main.go main":    "a program of the build",
}

// TestProgramsPrintForeignTextsEscaped: a program prints values through internal/escape (or as JSON), so that no name of a file, no
// value of one and no answer of a server begins a line of its output or moves the cursor.
func TestProgramsPrintForeignTextsEscaped(t *testing.T) {
	found := map[string]bool{}
	eachFile(t, "cmd", func(path string, file *ast.File) {
		for _, function := range printers(file) {
			place := strings.TrimPrefix(strings.ReplaceAll(path, "\\", "/"), "../../") + " " + function
			if found[place] = true; prints[place] == "" {
				t.Errorf("%s prints a value by package fmt: escape.Fprintf and escape.Fprintln print it so that it forges no line", place)
			}
		}
	})
	for place := range prints {
		if !found[place] {
			t.Errorf("%s prints nothing by package fmt (any more)", place)
		}
	}
}

// printers lists the functions that call a function of fmt's which prints, with something else than literals.
func printers(file *ast.File) (names []string) {
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		name := f.Name.Name
		if f.Recv != nil {
			kind := f.Recv.List[0].Type
			if star, ok := kind.(*ast.StarExpr); ok {
				kind = star.X
			}
			name = kind.(*ast.Ident).Name + "." + name
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			s, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !strings.HasPrefix(s.Sel.Name, "Fprint") && !strings.HasPrefix(s.Sel.Name, "Print") {
				return true
			}
			args := call.Args
			if strings.HasPrefix(s.Sel.Name, "F") && len(args) > 0 {
				args = args[1:]
			}
			own := func(e ast.Expr) bool { _, ok := e.(*ast.BasicLit); return ok }
			if of, ok := s.X.(*ast.Ident); ok && of.Name == "fmt" && !slices.Contains(names, name) &&
				slices.ContainsFunc(args, func(e ast.Expr) bool { return !own(e) }) {
				names = append(names, name)
			}
			return true
		})
	}
	return names
}
