package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// walker goes through a guide as it stands: every line that somebody types is typed, in a folder of their own,
// and what is shown below it must come out. What people do with their hands stands in comments of the guide,
// `<!-- walk NAME: command -->`.
//
// Three things are not as on the page: /stick is a folder of the test's; the programs get the passphrase and the answer yes by
// flags, where a person types them (that they are asked for is tested where the terminal is); and an identity file, once it is
// made, is encrypted again at a low work factor (quicken).
type walker struct {
	t     *testing.T
	dir   string
	shims string
	env   []string
	on    *service // that goes on being served; nil where none does
	batch string   // the newest batch of signals that was seen
	steps int      // lines that were typed
}

// walkersPassphrase is that of everybody in a guide.
const walkersPassphrase = "six words drawn by lot"

// places are the folders of a walker that what is typed writes to.
var places = []string{"stick", "anna", "boris", "vera", "operator", "dora"}

// newWalker makes a walker in a folder that is empty.
func newWalker(t *testing.T, dir string) *walker {
	t.Helper()
	w := &walker{t: t, dir: dir, shims: filepath.Join(dir, "bin")}
	for _, name := range append(places, "bin") {
		if err := os.Mkdir(filepath.Join(w.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(w.dir, "pass"), walkersPassphrase+"\n")
	shim := fmt.Sprintf(`#!/bin/sh
case "$1" in
card) exec %[1]s "$@" ;;
grant|approve) exec %[1]s "$@" --yes --passphrase-file %[2]s ;;
*) exec %[1]s "$@" --passphrase-file %[2]s ;;
esac
`, filepath.Join(bin, "zapis"), filepath.Join(w.dir, "pass"))
	if err := os.WriteFile(filepath.Join(w.shims, "zapis"), []byte(shim), 0o700); err != nil {
		t.Fatal(err)
	}
	duty := fmt.Sprintf(`#!/bin/sh
case "$1" in
sentences) exec %[1]s "$@" ;;
*) exec %[1]s "$@" --passphrase-file %[2]s ;;
esac
`, filepath.Join(bin, "zapis-duty"), filepath.Join(w.dir, "pass"))
	if err := os.WriteFile(filepath.Join(w.shims, "zapis-duty"), []byte(duty), 0o700); err != nil {
		t.Fatal(err)
	}
	w.env = append(os.Environ(), "PATH="+w.shims+":"+bin+":"+os.Getenv("PATH"))
	return w
}

// run runs a line in a person's folder.
func (w *walker) run(who, line string) (out string, err error) {
	cmd := exec.CommandContext(w.t.Context(), "sh", "-c", strings.ReplaceAll(line, "/stick", filepath.Join(w.dir, "stick")))
	cmd.Dir, cmd.Env = filepath.Join(w.dir, who), w.env
	b, err := cmd.CombinedOutput()
	return strings.ReplaceAll(string(b), filepath.Join(w.dir, "stick"), "/stick"), err
}

var (
	typed    = regexp.MustCompile(`^(anna|boris|vera|operator|dora)\$ (.*)$`)
	makesKey = regexp.MustCompile(`^zapis(?:-duty)? keygen .*--out (\S+)`)
	hands    = regexp.MustCompile(`(?m)^<!-- walk (\w+): (.*) -->$`)
)

// guide returns the text of a guide.
func guide(t *testing.T, name string) string {
	t.Helper()
	return string(readFile(t, filepath.Join("..", "..", "docs", "guides", name)))
}

// walk runs a guide, or a part of it.
func (w *walker) walk(name, text string) {
	w.t.Helper()
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if m := hands.FindStringSubmatch(lines[i]); m != nil {
			w.byHand(m[1], m[2])
		}
		m := typed.FindStringSubmatch(lines[i])
		if m == nil {
			continue
		}
		var shown []string
		for i+1 < len(lines) && lines[i+1] != "```" && !typed.MatchString(lines[i+1]) {
			i++
			shown = append(shown, lines[i])
		}
		w.step(name, m[1], m[2], shown)
		w.steps++
	}
	if w.steps < 10 {
		w.t.Errorf("%s: only %d lines are typed in it", name, w.steps)
	}
}

func (w *walker) step(guide, who, line string, shown []string) {
	w.t.Helper()
	out, err := w.run(who, line)
	refused := false
	for _, s := range shown {
		refused = refused || strings.HasPrefix(s, "zapis: ") || strings.HasPrefix(s, "zapisd: ")
		pattern := "(?m)^" + strings.ReplaceAll(regexp.QuoteMeta(s), "…", ".*") + "$"
		if !regexp.MustCompile(pattern).MatchString(out) {
			w.t.Errorf("%s: %s$ %s\ndoes not show %q:\n%s", guide, who, line, s, out)
		}
	}
	if (err != nil) != refused {
		w.t.Fatalf("%s: %s$ %s\n%v\n%s", guide, who, line, err, out)
	}
	if m := makesKey.FindStringSubmatch(line); m != nil && !refused {
		quicken(w.t, filepath.Join(w.dir, who, m[1]), walkersPassphrase)
	}
}

// byHand does a manual step of the guide.
func (w *walker) byHand(who, what string) {
	w.t.Helper()
	word, rest, _ := strings.Cut(what, " ")
	switch word {
	case "serve":
		w.on = w.serve()
		w.env = append(w.env, "FORM="+w.on.at)
		w.nextBatch()
	case "batch":
		w.nextBatch()
	case "report":
		form := url.Values{}
		for _, pair := range strings.Fields(rest) {
			key, value, _ := strings.Cut(pair, "=")
			form.Add(key, value)
		}
		s := w.on
		if s == nil {
			s = w.serve()
		}
		resp, err := http.PostForm(s.at+"/send", form)
		if err != nil {
			w.t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusOK {
			w.t.Fatalf("the form: %s", resp.Status)
		}
		if w.on == nil {
			s.stop(w.t)
		} else {
			w.nextBatch()
		}
	case "slot":
		w.serve().stop(w.t) // a ledger that is served without slots makes an entry of what waits at once
	case "case":
		out, err := w.run(who, "zapis list --vault vault --identity anna.key --json | sed -n 's/.*\"case\": \"\\(c[0-9a-f]*\\)\".*/\\1/p'")
		if err != nil || !regexp.MustCompile(`(?m)^c[0-9a-f]{10}$`).MatchString(out) {
			w.t.Fatalf("the case: %v\n%s", err, out)
		}
		w.env = append(w.env, "CASE="+regexp.MustCompile(`(?m)^c[0-9a-f]{10}$`).FindString(out))
	default:
		if out, err := w.run(who, what); err != nil {
			w.t.Fatalf("%s: %s: %v\n%s", who, what, err, out)
		}
	}
}

// nextBatch waits until the server has made another batch of signals.
func (w *walker) nextBatch() {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(w.on.at + "/signals")
		if err != nil {
			w.t.Fatal(err)
		}
		file, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil && resp.StatusCode == http.StatusOK && string(file) != w.batch {
			w.batch = string(file)
			return
		}
	}
	w.t.Fatal("no batch of signals came within a minute")
}

func (w *walker) serve() *service {
	return startIn(w.t, filepath.Join(w.dir, "operator"), nil, "serve", "--dir", "ledger", "--listen", "127.0.0.1:0", "--slot", "0")
}

func TestDutyAsWritten(t *testing.T) {
	t.Parallel()
	w := newWalker(t, t.TempDir())
	w.walk("duty.md", guide(t, "duty.md"))
	w.on.stop(t)
}

// begun is a walker that has walked ceremony.md up to the opening of the trial report, once for all tests.
var begun once[*walker]

// newCeremony makes a walker for which everything is as after that part of ceremony.md, and returns the rest of the guide.
func newCeremony(t *testing.T) (w *walker, rest string) {
	t.Helper()
	const name, heading = "ceremony.md", "\n## 6. Open it together"
	first, rest, found := strings.Cut(guide(t, name), heading)
	if !found {
		t.Fatalf("%s has no heading %q", name, heading)
	}
	from := begun.get(t, func() *walker {
		dir, err := os.MkdirTemp(bin, "ceremony-")
		if err != nil {
			t.Fatal(err)
		}
		w := newWalker(t, dir)
		w.walk(name, first)
		return w
	})
	w = newWalker(t, t.TempDir())
	w.steps = from.steps
	for _, place := range places {
		must(t, from.dir, "cp", "-a", place, w.dir)
	}
	return w, rest
}

func TestCeremonyAsWritten(t *testing.T) {
	t.Parallel()
	w, rest := newCeremony(t)
	w.walk("ceremony.md", rest)
}

func TestDrillsAsWritten(t *testing.T) {
	t.Parallel()
	w, _ := newCeremony(t)
	w.steps = 0
	w.walk("drills.md", guide(t, "drills.md"))
}
