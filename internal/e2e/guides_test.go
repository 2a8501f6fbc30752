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
}

// walkersPassphrase is that of everybody in a guide.
const walkersPassphrase = "six words drawn by lot"

func newWalker(t *testing.T) *walker {
	t.Helper()
	w := &walker{t: t, dir: t.TempDir()}
	w.shims = filepath.Join(w.dir, "bin")
	for _, name := range []string{"bin", "stick", "anna", "boris", "vera", "operator", "dora"} {
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

// walk runs a guide, or, where upTo is not empty, its part up to that heading.
func (w *walker) walk(name, upTo string) {
	w.t.Helper()
	text := string(readFile(w.t, filepath.Join("..", "..", "docs", "guides", name)))
	if upTo != "" {
		var found bool
		if text, _, found = strings.Cut(text, "\n## "+upTo); !found {
			w.t.Fatalf("%s has no heading %q", name, upTo)
		}
	}
	lines := strings.Split(text, "\n")
	steps := 0
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
		steps++
	}
	if steps < 10 {
		w.t.Errorf("%s: only %d lines are typed in it", name, steps)
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
	w := newWalker(t)
	w.walk("duty.md", "")
	w.on.stop(t)
}

func TestCeremonyAsWritten(t *testing.T) {
	t.Parallel()
	newWalker(t).walk("ceremony.md", "")
}

func TestDrillsAsWritten(t *testing.T) {
	t.Parallel()
	w := newWalker(t)
	w.walk("ceremony.md", "6. Open it together")
	w.walk("drills.md", "")
}
