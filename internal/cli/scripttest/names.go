package scripttest

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"zapis/internal/cli"
)

// forged is what a hostile name says on a line of its own, if it is shown as it is.
const forged = "hint: FORGED"

// Hostile is a file's name with what forges a line, moves the cursor, or turns a text around. It is read as a path inside of the
// current folder.
const Hostile = "a\n" + forged + "\n\r\x1b[2J\u202e\u2028\u0085.zip"

// Forges reports whether an output shows Hostile as it is.
func Forges(output string) bool {
	return strings.ContainsAny(output, "\r\x1b\u202e\u2028\u0085") || slices.ContainsFunc(strings.Split(output, "\n"), func(line string) bool {
		return strings.HasPrefix(strings.TrimSpace(line), forged)
	})
}

// HostileNames runs each verb of a program with names that a stranger may have chosen, in place of each argument and of each flag
// that takes a text: of a file that is nothing that Zapis writes, and in what a verb needs also of one that is not there and of a
// folder. None of them may begin a line of the output or reach it unescaped. It works in a folder of its own. Verbs are left out by
// their path, as "witness serve", with those below.
func HostileNames(t *testing.T, program func() cli.Program, without ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	names := []string{"none" + Hostile, "file" + Hostile, "folder" + Hostile}
	if err := os.WriteFile(names[1], []byte("nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(names[2], 0o700); err != nil {
		t.Fatal(err)
	}
	p := program()
	model, err := kong.New(p.Grammar, kong.Name(p.Name))
	if err != nil {
		t.Fatal(err)
	}
	lines, shown := 0, 0
	for _, leaf := range model.Model.Leaves(false) {
		path := strings.TrimPrefix(leaf.FullPath(), p.Name+" ")
		if slices.ContainsFunc(without, func(one string) bool { return path == one || strings.HasPrefix(path, one+" ") }) {
			continue
		}
		list := commandLines(leaf, path, names[1])
		for _, name := range []string{names[0], names[2]} {
			list = append(list, commandLines(leaf, path, name)[0])
		}
		for _, args := range list {
			var out, talk bytes.Buffer
			_ = program().Run(t.Context(), args, &cli.Streams{In: strings.NewReader(""), Out: &out, Err: &talk})
			lines++
			said := out.String() + talk.String()
			if Forges(said) {
				t.Errorf("%q says %q", args, said)
			}
			if strings.Contains(said, forged) {
				shown++
			}
		}
	}
	if lines < 10 || shown < lines/4 { // else the names do not come as far as a message
		t.Errorf("%d command lines were run, and the name was shown by %d", lines, shown)
	}
}

// commandLines are those of one verb: with what it needs, and in turn with each other flag.
func commandLines(leaf *kong.Node, path, name string) [][]string {
	least := strings.Fields(path)
	for _, arg := range leaf.Positional {
		if arg.Required {
			least = append(least, name)
		}
	}
	var more []string
	for _, group := range leaf.AllFlags(true) {
		for _, f := range group {
			switch {
			case f.IsBool() || f.IsCounter():
			case f.Required:
				least = append(least, "--"+f.Name+"="+name)
			default:
				more = append(more, "--"+f.Name+"="+name)
			}
		}
	}
	all := [][]string{least}
	for _, flag := range more {
		all = append(all, append(slices.Clone(least), flag))
	}
	return all
}
