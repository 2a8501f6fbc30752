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

// notPlain maps expressions that comments must not use to what to write instead.
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

// dialect returns one sentence for each expression in a Go file's comments that is not plain technical English.
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
			for _, n := range notPlain {
				if hit := n.pattern.FindString(text); hit != "" {
					found = append(found, files.Position(pos).String()+": "+hit+": "+n.instead)
				}
			}
		}
	}
}

// Comments are plain technical English (docs/contributing.md).
func TestCommentsArePlainEnglish(t *testing.T) {
	shorttest.Skip(t, "the words of comments are not read")
	read := 0
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
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read++
		for _, fault := range dialect(path, src) {
			t.Error(fault)
		}
		return nil
	})
	if err != nil || read < 100 {
		t.Fatalf("%d files read: %v", read, err)
	}
}

func TestDialectIsFound(t *testing.T) {
	src := "package p\n\n// f reads, " + "who" + "ever calls it.\nfunc f() {} // " + "an" + "ew\n\nvar s = \"no" + "body\"\n"
	if found := dialect("p.go", []byte(src)); len(found) != 2 {
		t.Errorf("found %q, want two", found)
	}
}
