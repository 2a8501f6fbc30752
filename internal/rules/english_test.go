package rules

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zapis/internal/shorttest"
)

// notPlain maps expressions that comments, texts in code and pages must not use to what to write instead.
var notPlain = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\bwhoever\b`), "name the role: the caller, the reader, the holder"},
	{regexp.MustCompile(`(?i)\bwhom\b`), "name the role: the recipient, the trustees that"},
	{regexp.MustCompile(`(?i)\bnobody\b`), "say what does not happen: no one is rarely the fact"},
	{regexp.MustCompile(`(?i)\banew\b`), "write again, or rebuild, resign, rewrite"},
	{regexp.MustCompile(`(?i)\blikewise\b`), "repeat the fact, or write too"},
	{regexp.MustCompile(`(?i)\bought\b`), "write must or should"},
	{regexp.MustCompile(`(?i)\b(thus|hence)\b`), "write so, or two sentences"},
	{regexp.MustCompile(`(?i)\blest\b`), "write so that … not"},
	{regexp.MustCompile(`(?i)\bowns up\b`), "write names, records or reports"},
	{regexp.MustCompile(`(?i)\bof no account\b`), "write irrelevant or ignored"},
	{regexp.MustCompile(`(?i)\b(folk|fate)\b`), "use the standard term"},
}

// anyOfThem matches where one of notPlain does: most texts are read once, and not for each.
var anyOfThem = func() *regexp.Regexp {
	var all []string
	for _, n := range notPlain {
		all = append(all, n.pattern.String())
	}
	return regexp.MustCompile(strings.Join(all, "|"))
}()

// inTexts reports whether an expression is refused in texts for users and in pages too. Two of them are plain there.
func inTexts(hit string) bool {
	return !strings.EqualFold(hit, "whom") && !strings.EqualFold(hit, "nobody")
}

// keptText reports whether a text is part of a format, which does not change: a custody log's event, and the documents in a bundle.
func keptText(path, text string) bool {
	return strings.Contains(path, documents) || strings.Contains(text, "this log begins anew: ")
}

// dialect returns one sentence for each expression in a Go file that is not plain technical English: in its comments
// and, where it is no test, in its texts.
func dialect(name string, src []byte) (found []string) {
	files := token.NewFileSet()
	file := files.AddFile(name, -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, scanner.ScanComments)
	for {
		pos, tok, text := s.Scan()
		switch tok {
		case token.EOF:
			return found
		case token.COMMENT:
		case token.STRING:
			if strings.HasSuffix(name, "_test.go") || keptText(filepath.ToSlash(name), text) {
				continue
			}
		default:
			continue
		}
		if !anyOfThem.MatchString(text) {
			continue
		}
		for _, n := range notPlain {
			hit := n.pattern.FindString(text)
			if hit != "" && (tok == token.COMMENT || inTexts(hit)) {
				found = append(found, files.Position(pos).String()+": "+hit+": "+n.instead)
			}
		}
	}
}

// literal is what a page shows as it is in a program or a format.
var literal = regexp.MustCompile("(?s)```.*?```|`[^`]*`")

// pageDialect is dialect for a page of the documentation.
func pageDialect(name string, text []byte) (found []string) {
	prose := literal.ReplaceAllString(string(text), "")
	for _, n := range notPlain {
		if hit := n.pattern.FindString(prose); hit != "" && inTexts(hit) {
			found = append(found, name+": "+hit+": "+n.instead)
		}
	}
	return found
}

// Comments, texts and pages are plain technical English (docs/contributing.md). The glossary names older words.
func TestCommentsTextsAndPagesArePlainEnglish(t *testing.T) {
	shorttest.Skip(t, "the words of comments, texts and pages are not read")
	read, pages := 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" || filepath.Dir(path) == root && ignored(d) {
				return fs.SkipDir
			}
			return nil
		}
		look := map[string]func(string, []byte) []string{".go": dialect, ".md": pageDialect}[filepath.Ext(path)]
		if look == nil || d.Name() == "glossary.md" {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if read++; filepath.Ext(path) == ".md" {
			pages++
		}
		for _, fault := range look(path, src) {
			t.Error(fault)
		}
		return nil
	})
	if err != nil || read < 100 || pages < 20 {
		t.Fatalf("%d files and pages, %d pages read: %v", read, pages, err)
	}
}

func TestDialectIsFound(t *testing.T) {
	src := []byte("package p\n\n// f reads, " + "who" + "ever calls it.\nfunc f() {} // " + "an" + "ew\n\nvar s, r = \"no" + "body\", \"an" + "ew\"\n")
	if found := dialect("p.go", src); len(found) != 3 {
		t.Errorf("found %q, want three", found)
	}
	if found := dialect("p_test.go", src); len(found) != 2 {
		t.Errorf("in a test found %q, want two", found)
	}
	if found := dialect("internal/evidence/bundle/pdf/p.go", src); len(found) != 2 {
		t.Errorf("in a bundle's documents found %q, want two", found)
	}
	if found := pageDialect("p.md", []byte("Nobody, to wh"+"om. `an"+"ew` is an"+"ew.")); len(found) != 1 {
		t.Errorf("in a page found %q, want one", found)
	}
}
