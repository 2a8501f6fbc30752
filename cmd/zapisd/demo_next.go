package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"zapis/internal/escape"
)

// step is a suggested command: a sentence, and a line to paste.
type step struct{ why, line string }

// steps are tested: the end-to-end test runs these very lines. Each can be pasted again: what zapis would not overwrite is
// removed first.
func (d *demo) steps() []step {
	bin := programs()
	dir := filepath.ToSlash(filepath.Clean(d.dir))
	if !filepath.IsAbs(dir) {
		dir = "./" + dir
	}
	in := func(name string) string { return quote(dir + "/" + name) }
	vault := in("anna-vault")
	card := `"$(cat ` + in(cardFile) + `)"`
	files, zip, lawyer := d.free("files", ""), d.free("bundle", ".zip"), d.free("lawyer", "")
	as := " --identity " + in("trustees/anna.key") + " --passphrase-file " + in("trustees/anna.pass")
	return slices.Concat(d.dutySteps(bin, in, card), []step{
		{"Write what the trustees carry to their offline machine", bin + "zapisd export --dir " + quote(dir) + " --out " + in("carry.tar")},
		{"As Anna: verify all of it, then take it in",
			bin + "zapis import --vault " + vault + " --ledger " + card + as + " " + in("carry.tar")},
		{"List the cases", bin + "zapis list --vault " + vault + as},
		{"Read one", bin + "zapis show --vault " + vault + as + " " + d.filed.Case},
		{"Take its files out", "rm -rf " + in(files) + " && " + bin + "zapis extract --vault " + vault + as + " " + d.filed.Case + " --out " + in(files)},
		{"Make the bundle for a lawyer", "rm -f " + in(zip) + " && " + bin + "zapis bundle --vault " + vault + as + " " + d.filed.Case + " --out " + in(zip)},
		{"As the lawyer: check it", bin + "zapis-verify --trust " + card + " " + in(zip)},
		{"And without any tool of ours",
			"unzip -q -o " + in(zip) + " -d " + in(lawyer) + " && (cd " + in(lawyer+"/zapis-bundle") + " && sha256sum -c --quiet manifest-sha256.txt && echo every file is as it was)"},
		{"Who signed it", "(cd " + in(lawyer+"/zapis-bundle") + " && ssh-keygen -Y verify -f trust/allowed_signers -I anna -n zapis-bundle " +
			"-s signatures/tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt)"},
	}, d.letterSteps(bin+"zapis letter --vault "+vault+as+" ", in))
}

// letterSteps draft a letter of each kind for which a case was filed.
func (d *demo) letterSteps(command string, in func(string) string) (steps []step) {
	for _, l := range demoLetters {
		if id := d.filed.Letters[l.to]; id != "" {
			out := in(d.free("letter-"+l.to, ".txt"))
			steps = append(steps, step{l.why, "rm -f " + out + " && " + command + id + " --to " + l.to + " --out " + out})
		}
	}
	return steps
}

// dutySteps ring for the reports in danger that were filed. Without --once it goes on, and rings for what you send by the form.
func (d *demo) dutySteps(bin string, in func(string) string, card string) []step {
	if !d.duty {
		return nil
	}
	return []step{{"As Dora, who is on duty: look for reports that ask for attention, and ring (without --once: each minute)",
		bin + "zapis-duty --once --from " + d.at + " --ledger " + card + " --identity " + in("trustees/"+demoDuty+".key") + " --passphrase-file " +
			in("trustees/"+demoDuty+".pass")}}
}

// free returns a name that no file of the demo's folder has yet: zapis overwrites no file, and the lines of a second
// demo must work too.
func (d *demo) free(name, end string) string {
	for n := 1; ; n++ {
		free := name + end
		if n > 1 {
			free = fmt.Sprintf("%s-%d%s", name, n, end)
		}
		if _, err := os.Lstat(filepath.Join(d.dir, free)); err != nil {
			return free
		}
	}
}

// whatNext returns the text that the demo prints at its end.
func (d *demo) whatNext() string {
	var b strings.Builder
	escape.Fprintf(&b, "\nOpen the form in a browser: %s\n", d.at)
	b.WriteString("\nThen, in another terminal, line by line (Ctrl-C stops the demo):\n")
	for _, s := range d.steps() {
		escape.Fprintf(&b, "\n  # %s\n  %s\n", s.why, s.line)
	}
	b.WriteString("\nThe trustees, their keys and everything they know are in this folder: it is a toy. docs/guides/ has the real thing.\n")
	return b.String()
}

// programs returns the folder of our programs with a slash, relative where possible, or nothing where they are on the
// PATH.
func programs() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	dir := filepath.Dir(self)
	if here, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(here, dir); err == nil && filepath.IsLocal(rel) {
			dir = rel
		}
	}
	return quote(filepath.ToSlash(dir) + "/")
}

var plainWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9/._+:=@%,-]+$`) })

// quote returns the word quoted for a shell.
func quote(word string) string {
	if plainWord().MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
