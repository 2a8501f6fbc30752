package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestTheGrammarIsBuiltOfTheVerbsThatAreNamed(t *testing.T) {
	for args, want := range map[string]string{
		"bundle c1":                "bundle",
		"--identity bundle fail 3": "bundle fail", // as its fields stand
		"fail 3":                   "fail",
		"--version":                "",
		"bundles":                  "",
		"":                         "",
	} {
		p := Program{Name: "sample", Grammar: new(sample)}
		var leave []kong.Option
		if others := otherVerbs(p.Grammar, strings.Fields(args)); others != "" {
			leave = append(leave, kong.IgnoreFields(others))
		}
		parser, _, err := p.parser(t.Context(), &Streams{Out: new(bytes.Buffer)}, leave...)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range parser.Model.Children {
			got = append(got, c.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q builds %q", args, got)
		}
	}
}

// The words of a verb may be an argument or a flag's value of another one.
func TestAVerbsNameAsAnArgument(t *testing.T) {
	for args, want := range map[string]string{
		"bundle fail":                    `fail [] map[] ""` + "\n",
		"--identity fail bundle c1":      `c1 [] map[] "fail"` + "\n",
		"bundle bundle --identity=fail":  `bundle [] map[] "fail"` + "\n",
		"bundle --withhold bundle fail":  `fail ["bundle"] map[] ""` + "\n",
		"bundle c1 --withhold --version": "",
	} {
		if status, out, talk := runSample(t, t.Context(), strings.Fields(args)...); out != want || (status == 0) != (want != "") {
			t.Errorf("%q: status %d, %q, %q", args, status, out, talk)
		}
	}
}

// What the grammar of one verb refuses, or would have to explain, is answered by the whole one, which knows all verbs.
func TestHelpAndWrongUsageKnowAllVerbs(t *testing.T) {
	for args, want := range map[string]string{
		"bundle --help --frob": "sample: unknown flag --frob",
		"--help":               "\n  bundle    Write a bundle.\n  fail      Go wrong.\n",
		"bundle -h":            "Usage: sample bundle <case>",
		"bundl c1":             `did you mean "bundle"?`,
		"--identity fail":      `sample: expected one of "bundle", "fail"`,
		"fail bundle":          "sample: <status>",
	} {
		if _, out, talk := runSample(t, t.Context(), strings.Fields(args)...); !strings.Contains(out+talk, want) {
			t.Errorf("%q: %q, %q", args, out, talk)
		}
	}
}

func TestVersionAndHelpAreBothAnswered(t *testing.T) {
	for _, args := range []string{"--version --help", "--help --version", "--version bundle --help"} {
		status, out, _ := runSample(t, t.Context(), strings.Fields(args)...)
		if status != 0 || strings.Count(out, "Usage: sample") != 1 || strings.Count(out, "sample "+Release) != 1 {
			t.Errorf("%q: status %d, %q", args, status, out)
		}
	}
}

func TestVerbName(t *testing.T) {
	for field, want := range map[string]string{"List": "list", "HandOver": "hand-over", "RotateDuty": "rotate-duty"} {
		if got := verbName(field); got != want {
			t.Errorf("%s: %s", field, got)
		}
	}
}
