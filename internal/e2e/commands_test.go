package e2e

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// grammarOf maps each place of a program's command line ("", "propose", "propose trustees") to its verbs and flags, as the
// program's own completion script lists them.
func grammarOf(t *testing.T, program string) map[string][]string {
	t.Helper()
	places := make(map[string][]string)
	for _, m := range completionCase.FindAllStringSubmatch(must(t, "", program, "--print-completion=bash"), -1) {
		var parts []string
		for _, quoted := range m[1:] {
			text, err := strconv.Unquote(quoted)
			if err != nil {
				t.Fatalf("%s: %s: %v", program, quoted, err)
			}
			parts = append(parts, text)
		}
		places[parts[0]] = append(strings.Fields(parts[1]), strings.Fields(parts[2])...)
	}
	return places
}

// completionCase is a line of a bash completion script: a place, its verbs, its flags.
var completionCase = regexp.MustCompile(`(?m)^    ("[^"]*")\) next=("[^"]*") flags=("[^"]*") ;;$`)

// hiddenVerbs are those that programs start themselves, and that the documents name all the same.
var hiddenVerbs = []string{"zapis hold"}

// The documents name only verbs that a program has, and only flags that the verb has: in code blocks and code spans of every
// page.
func TestDocumentedCommandsExist(t *testing.T) {
	t.Parallel()
	grammars := make(map[string]map[string][]string)
	for _, program := range []string{"zapisd", "zapis", "zapis-verify", "zapis-desk", "zapis-duty"} {
		grammars[program] = grammarOf(t, program)
	}
	if !slices.Contains(grammars["zapis"]["propose trustees"], "--add-duty") {
		t.Fatalf("the grammar of zapis was read wrongly: %q", grammars["zapis"])
	}
	root, commands, flags := filepath.Join("..", ".."), 0, 0
	for _, page := range pagesOf(t, root) {
		for _, line := range codeOf(string(readFile(t, page))) {
			for _, words := range calls(line, grammars) {
				commands++
				program, place, rest := words[0], "", words[1:]
				places := grammars[program]
				for len(rest) > 0 && slices.Contains(places[place], rest[0]) && !strings.HasPrefix(rest[0], "-") {
					place = strings.TrimSpace(place + " " + rest[0])
					rest = rest[1:]
				}
				if verbs := takesVerb(places, place); verbs && len(rest) > 0 && verbWord.MatchString(rest[0]) && !slices.Contains(hiddenVerbs, program+" "+rest[0]) {
					t.Errorf("%s: %q: %s has no verb %s", page, line, strings.TrimSpace(program+" "+place), rest[0])
				}
				for _, word := range rest {
					name, _, _ := strings.Cut(strings.Trim(word, ".,:'[]"), "=")
					if !flagWord.MatchString(name) {
						continue
					}
					flags++
					if !hasFlag(program, places, place, name) {
						t.Errorf("%s: %q: %s has no flag %s", page, line, strings.TrimSpace(program+" "+place), name)
					}
				}
			}
		}
	}
	if commands < 300 || flags < 300 {
		t.Errorf("the documents hold %d commands with %d flags: too few to say anything", commands, flags)
	}
}

var (
	verbWord = regexp.MustCompile(`^[a-z][a-z-]+$`)
	flagWord = regexp.MustCompile(`^--[a-z][a-z-]+$`)
)

// takesVerb reports whether a verb may follow at a place.
func takesVerb(places map[string][]string, place string) bool {
	return slices.ContainsFunc(places[place], func(word string) bool { return !strings.HasPrefix(word, "-") })
}

// defaultVerbs are the verbs that may be left out.
var defaultVerbs = map[string]string{"zapis-duty": "watch", "zapisd anchor": "ask"}

// hasFlag looks for a flag at a place, and at the verb that may be left out there.
func hasFlag(program string, places map[string][]string, place, flag string) bool {
	verb := defaultVerbs[strings.TrimSpace(program+" "+place)]
	return slices.Contains(places[place], flag) || verb != "" && slices.Contains(places[strings.TrimSpace(place+" "+verb)], flag)
}

// pagesOf lists README.md, SECURITY.md and the pages of docs/.
func pagesOf(t *testing.T, root string) []string {
	t.Helper()
	pages := []string{filepath.Join(root, "README.md"), filepath.Join(root, "SECURITY.md")}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

var (
	codeBlock = regexp.MustCompile("(?ms)^```.*?^```$")
	codeSpan  = regexp.MustCompile("`[^`]+`")
)

// codeOf lists the lines of a page's code blocks, with their continuations, and its code spans.
func codeOf(text string) []string {
	var code []string
	for _, block := range codeBlock.FindAllString(text, -1) {
		code = append(code, strings.Split(strings.ReplaceAll(block, "\\\n", " "), "\n")...)
	}
	for _, span := range codeSpan.FindAllString(codeBlock.ReplaceAllString(text, ""), -1) {
		code = append(code, strings.ReplaceAll(strings.Trim(span, "`"), "\n", " "))
	}
	return code
}

// between are the characters and operators that part the commands of a shell's line.
var between = regexp.MustCompile(`\|+|&&|;|\$\(|\)|#| > | < `)

// calls splits a line of code into the calls of our programs, each as its words, the program's name first.
func calls(line string, programs map[string]map[string][]string) (all [][]string) {
	for _, part := range between.Split(line, -1) {
		words := strings.Fields(part)
		for i, word := range words {
			name := word[strings.LastIndexAny(word, `/\`)+1:]
			// A user or a group is called zapis, too, and so is the folder of a package.
			if programs[name] == nil || word == "cmd/"+name || i > 0 && strings.HasPrefix(words[i-1], "-") && words[i-1] != "--" {
				continue
			}
			all = append(all, append([]string{name}, words[i+1:]...))
			break
		}
	}
	return all
}
