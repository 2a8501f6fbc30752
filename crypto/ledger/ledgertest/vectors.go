package ledgertest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Vector is one file of a folder under docs/spec/vectors. Its class is "ok", or
// what is wrong with it:
//
//	canonical   it is not written in the one way
//	place       it is at the wrong place, or something is missing
//	hash        its bytes are not those that something names
//	signature   a signature is missing, or does not fit
//	proof       it is not in the tree
//	right       its signers have no authority for it
//	words       what was written is not allowed there
type Vector struct {
	File    string
	Class   string
	Content []byte
}

// Judge reads a vector's content. For a valid one it returns what another
// implementation should find in it, in one line.
type Judge func(content []byte) (found string, err error)

const indexName = "index.tsv"

// CheckVectors checks every file of a folder: its index has a line for each,
// "file TAB class TAB what is found, or the words of our refusal", and for
// each line a file. A folder without valid ones, or with fewer than five
// invalid ones, is a failure, since a test without input always passes.
func CheckVectors(t *testing.T, dir string, judge Judge) {
	t.Helper()
	index, err := os.ReadFile(filepath.Join(dir, indexName))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	count := map[bool]int{}
	for _, line := range strings.Split(strings.TrimSuffix(string(index), "\n"), "\n") {
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			t.Fatalf("%s: %q", dir, line)
		}
		name, class, want := fields[0], fields[1], fields[2]
		listed[name] = true
		count[class == "ok"]++
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := judge(content)
		if err != nil {
			got = err.Error()
		}
		if (err == nil) != (class == "ok") || got != want {
			t.Errorf("%s/%s (%s):\n%s\nwant:\n%s", filepath.Base(dir), name, class, got, want)
		}
		if err != nil && !classes[class].MatchString(got) {
			t.Errorf("%s/%s: %q is not of the class %s", filepath.Base(dir), name, got, class)
		}
	}
	if count[true] == 0 || count[false] < 5 {
		t.Errorf("%s: %d good and %d bad vectors are too few", dir, count[true], count[false])
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() != indexName && !listed[f.Name()] && !strings.HasPrefix(f.Name(), "key") {
			t.Errorf("%s/%s is not in the index", filepath.Base(dir), f.Name())
		}
	}
}

var classes = map[string]*regexp.Regexp{
	"canonical": regexp.MustCompile(`line \d+: |is not DER|is of version|critical extension|without the response|not a signed note|blank line follows|two blank lines|one way to write it|bytes, and at most|as ssh-keygen writes it|it is written|follow the signature|no blank line|tlog proof|not 64 lower-case`),
	"place":     regexp.MustCompile(`missing|not before|there is none|place|stands where|comes next|first|order|twice|only plain files|not a name that we give|mode|cut off|belongs|follow the end|elsewhere|beyond|no tombstone|no entry in the file|the proposal is for|no statement is about|\.txt says`),
	"hash":      regexp.MustCompile(`hash|that carry.txt names`),
	"signature": regexp.MustCompile(`sign`),
	"proof":     regexp.MustCompile(`inclusion: |consistency: |its root is |says index|is of|is about another|first request has no proof`),
	"right":     regexp.MustCompile(`approval|announce|signatures by log keys|policy wants more|pinned root|revoked|certificate|authority refused|in force|comes after|keys|is governed|(is|are) required|key usage|exactly one is allowed`),
	"words":     regexp.MustCompile(`words|is one of|at least one of|a language is|its blank line`),
}

// WriteVectors writes a folder of vectors, and its index. The files whose
// names begin with "key" stay.
func WriteVectors(dir string, judge Judge, all ...Vector) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	var index strings.Builder
	for _, v := range all {
		found, err := judge(v.Content)
		if err != nil {
			found = err.Error()
		}
		if (err == nil) != (v.Class == "ok") || strings.ContainsAny(found, "\t\n") {
			return fmt.Errorf("%s: %s: %s", v.File, v.Class, found)
		}
		fmt.Fprintf(&index, "%s\t%s\t%s\n", v.File, v.Class, found)
		if err := os.WriteFile(filepath.Join(dir, v.File), v.Content, 0o666); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, indexName), []byte(index.String()), 0o666)
}

// Edit returns a copy of a text with one replacement, which must be possible.
func Edit(text []byte, from, to string) []byte {
	if !strings.Contains(string(text), from) {
		panic("ledgertest: nothing to replace: " + from)
	}
	return []byte(strings.Replace(string(text), from, to, 1))
}

// Seed adds every file of these folders of vectors to a fuzz target, and fails
// when there are none.
func Seed(f *testing.F, dirs ...string) {
	f.Helper()
	n := 0
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.t[xa][tr]"))
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			content, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
			n++
		}
	}
	if n == 0 {
		f.Fatalf("no seeds in %v", dirs)
	}
}

// CheckSample asserts that a page of the specification shows a vector as it is.
func CheckSample(t *testing.T, page, vector string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	sample, err := os.ReadFile(vector)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "```\n"+string(sample)+"```\n") {
		t.Errorf("%s does not show %s", filepath.Base(page), vector)
	}
}
