package cli

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/alecthomas/kong"
)

// programFlags are flags of every program beside its own grammar.
type programFlags struct {
	Version         versionFlag `help:"Print the version, and what the program was built from."`
	PrintManual     bool        `hidden:"" help:"Print the manual page, as roff."`
	PrintCompletion string      `hidden:"" placeholder:"SHELL" help:"Print the completion script of bash, zsh or fish."`
}

// generated returns the output of the hidden flags --print-manual and --print-completion=SHELL; ok is false where args
// are something else. Packages are built with it (docs/guides/rebuild.md).
func (p Program) generated(model *kong.Application, args []string) (text string, ok bool) {
	if len(args) != 1 {
		return "", false
	}
	if args[0] == "--print-manual" {
		return p.manual(model), true
	}
	shell, ok := strings.CutPrefix(args[0], "--print-completion=")
	write := completions[shell]
	if !ok || write == nil {
		return "", false
	}
	return write(p.Name, words(model.Node)), true
}

// manual returns the manual page of a program in the man(7) macros: one section per verb.
func (p Program) manual(model *kong.Application) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"Zapis %s\" \"User Commands\"\n", strings.ToUpper(p.Name), Release)
	about := strings.TrimSpace(p.About)
	first, _, _ := strings.Cut(about, "\n")
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(p.Name), roff(firstSentence(first)))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n%s\n", roff(p.Name), roff(strings.TrimSpace(strings.TrimPrefix(model.Summary(), p.Name))))
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n", paragraphs(about))
	b.WriteString(".SH OPTIONS\n")
	writeFlags(&b, model.Flags)
	leaves := model.Leaves(true)
	if len(model.Children) > 0 {
		b.WriteString(".SH VERBS\n")
		for _, verb := range leaves {
			fmt.Fprintf(&b, ".SS %s\n%s\n", roff(verb.Summary()), roff(verb.Help))
			for _, arg := range verb.Positional {
				fmt.Fprintf(&b, ".TP\n.I %s\n%s\n", roff(arg.Summary()), roff(arg.Help))
			}
			writeFlags(&b, verb.Flags)
		}
	} else {
		b.WriteString(".SH ARGUMENTS\n")
		for _, arg := range model.Positional {
			fmt.Fprintf(&b, ".TP\n.I %s\n%s\n", roff(arg.Summary()), roff(arg.Help))
		}
	}
	b.WriteString(".SH EXIT STATUS\n.TP\n.B 0\ndone\n.TP\n.B 1\nfailed or refused\n.TP\n.B 2\nwrong usage\n.TP\n.B 3\nthe input does not verify\n.TP\n.B 4\na key or a quorum is missing\n")
	return b.String()
}

func firstSentence(s string) string {
	if i := strings.Index(s, ". "); i >= 0 {
		s = s[:i]
	}
	return strings.TrimSuffix(strings.TrimSuffix(s, "."), ":")
}

func writeFlags(b *strings.Builder, flags []*kong.Flag) {
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		name := "--" + f.Name
		if !f.IsBool() {
			name += "=" + f.FormatPlaceHolder()
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(name), roff(f.Help))
	}
}

// roff escapes text for man(7): backslashes, hyphens of options, and a leading dot or quote.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `-`, `\-`, "\n", " ").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

var blankLines = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\n\s*\n`) })

func paragraphs(s string) string {
	var out []string
	for _, p := range blankLines().Split(s, -1) {
		out = append(out, roff(strings.TrimSpace(p)))
	}
	return strings.Join(out, "\n.PP\n")
}

// word is what can be completed at one place of a command line: the verbs and flags after a path of verbs.
type word struct {
	path  string // "", "propose", "propose trustees"
	next  []suggestion
	flags []suggestion
}

type suggestion struct{ text, help string }

// words lists the places of a command line, the program's own first, in the order of the grammar.
func words(n *kong.Node) []word {
	var list []word
	var walk func(n *kong.Node, path string)
	walk = func(n *kong.Node, path string) {
		w := word{path: path}
		for _, c := range n.Children {
			if !c.Hidden && c.Type == kong.CommandNode {
				w.next = append(w.next, suggestion{c.Name, c.Help})
			}
		}
		for _, group := range n.AllFlags(true) {
			for _, f := range group {
				w.flags = append(w.flags, suggestion{"--" + f.Name, f.Help})
			}
		}
		list = append(list, w)
		for _, c := range n.Children {
			if !c.Hidden && c.Type == kong.CommandNode {
				walk(c, strings.TrimSpace(path+" "+c.Name))
			}
		}
	}
	walk(n, "")
	return list
}
