package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pasted reads the lines that the demo prints to be pasted: those after a line that begins with #.
func pasted(srv *service) []string {
	var lines []string
	printed := strings.Split(srv.out.String(), "\n")
	for i, line := range printed {
		if strings.HasPrefix(line, "  # ") && i+1 < len(printed) {
			lines = append(lines, strings.TrimSpace(printed[i+1]))
		}
	}
	return lines
}

func TestDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	demo := func() *service {
		t.Helper()
		srv := startIn(t, dir, nil, "demo", "--dir", "./demo", "--listen", "127.0.0.1:0")
		srv.waitFor(t, "docs/guides/ has the real thing.")
		return srv
	}
	srv := demo()
	if page := get(t, srv.at+"/en/", 200); !strings.Contains(page, `id="narrative"`) {
		t.Error("the demo shows no form")
	}
	for _, name := range trusteeNames {
		for _, end := range []string{".key", ".key.card", ".pass"} {
			if !exists(filepath.Join(dir, "demo", "trustees", name+end)) {
				t.Errorf("there is no trustees/%s%s", name, end)
			}
		}
	}
	for _, name := range []string{"anna", "dora"} { // the lines that are printed use no other key
		file := filepath.Join(dir, "demo", "trustees", name)
		quicken(t, file+".key", strings.TrimSpace(string(readFile(t, file+".pass"))))
	}
	if ignored := readFile(t, filepath.Join(dir, "demo", ".gitignore")); string(ignored) != "*\n" {
		t.Errorf("the demo's .gitignore holds %q", ignored)
	}

	lines := pasted(srv)
	if len(lines) != 12 {
		t.Fatalf("%d lines to paste, want 12:\n%s", len(lines), srv.out)
	}
	outputs := make(map[string]string)
	for _, line := range lines {
		outputs[line] = must(t, dir, "sh", "-e", "-c", line)
	}
	find := func(verb string) string {
		t.Helper()
		i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, verb) })
		if i < 0 {
			t.Fatalf("no line has %q", verb)
		}
		return lines[i]
	}
	if !strings.Contains(outputs[find("zapis-duty")], "RING: ") || !strings.Contains(outputs[find("zapis-duty")], "  YES ") {
		t.Errorf("the line for Dora does not ring: %q", outputs[find("zapis-duty")])
	}
	if !strings.Contains(outputs[find("sha256sum")], "every file is as it was") {
		t.Errorf("the last line said %q", outputs[find("sha256sum")])
	}

	if !strings.Contains(outputs[find("ssh-keygen")], `Good "zapis-bundle" signature for anna`) {
		t.Errorf("ssh-keygen said %q", outputs[find("ssh-keygen")])
	}

	for to, want := range map[string]string{"ccf": "To the Commission for the Control of INTERPOL's Files", "un": "special procedures"} {
		if text := string(readFile(t, filepath.Join(dir, "demo", "letter-"+to+".txt"))); !strings.Contains(text, want) {
			t.Errorf("the letter for %s has no %q:\n%s", to, want, text)
		}
	}

	var cases []struct {
		Methods      []string `json:"methods"`
		CountryEvent string   `json:"country_event"`
		Attachments  int      `json:"attachments"`
	}
	text := must(t, dir, "sh", "-e", "-c", find("zapis list")+" --json")
	if err := json.Unmarshal([]byte(text), &cases); err != nil {
		t.Fatal(err)
	}
	groups, countries, withFiles := map[string]bool{}, map[string]bool{}, 0
	for _, c := range cases {
		for _, m := range c.Methods {
			groups[m[:1]] = true
		}
		countries[c.CountryEvent] = true
		if c.Attachments > 0 {
			withFiles++
		}
	}
	if len(cases) != 40 || len(groups) != 8 || len(countries) < 12 || withFiles < 13 {
		t.Errorf("%d cases, %d method groups, %d countries, %d with files", len(cases), len(groups), len(countries), withFiles)
	}
	if extracted, err := os.ReadDir(filepath.Join(dir, "demo", "files")); err != nil || len(extracted) != 2 {
		t.Errorf("%d files were extracted, %v; want 2", len(extracted), err)
	}

	// A second demo accepts the folder as it is.
	card := readFile(t, filepath.Join(dir, "demo", "ledger.card"))
	srv.stop(t)
	at := srv.at
	srv = demo()
	if again := readFile(t, filepath.Join(dir, "demo", "ledger.card")); string(again) != string(card) {
		t.Error("the second demo made another ledger")
	}
	again := pasted(srv)
	if first := strings.NewReplacer(srv.at, at, "bundle-2.zip", "bundle.zip", "-ccf-2.txt", "-ccf.txt", "-un-2.txt", "-un.txt", "/files-2", "/files", "/lawyer-2", "/lawyer"); len(again) != len(lines) ||
		!slices.EqualFunc(again, lines, func(a, b string) bool { return first.Replace(a) == b }) {
		t.Errorf("the second demo prints other lines:\n%s", srv.out)
	}
	for n := range 2 { // what is printed can be pasted again
		for _, line := range again {
			if n == 1 && strings.Contains(line, "zapis letter ") {
				continue // its passphrase costs a second, and the bundle's line is of the same form
			}
			must(t, dir, "sh", "-e", "-c", line)
		}
	}
	if again := must(t, dir, "sh", "-e", "-c", find("zapis list")+" --json"); again != text {
		t.Error("the second demo added to the ledger")
	}
	must(t, dir, "zapisd", "check", "--dir", "demo")
	srv.stop(t)
	must(t, dir, "zapisd", "check", "--dir", "demo")
	theDeskStandsBesideTheForm(t, dir)
}

// theDeskStandsBesideTheForm runs what make demo runs, over a demo that was filed before.
func theDeskStandsBesideTheForm(t *testing.T, dir string) {
	t.Helper()
	script := filepath.Join("docs", "deploy", "demo.sh")
	if planned := must(t, filepath.Join("..", ".."), "make", "-n", "demo", "PORT=9090"); !strings.Contains(planned, "sh "+script+" bin ./demo 127.0.0.1:9090") {
		t.Errorf("make demo runs something else:\n%s", planned)
	}
	cmd := exec.Command("sh", filepath.Join(docs(t), "deploy", "demo.sh"), bin, "demo", "127.0.0.1:0")
	cmd.Dir = dir
	srv := launch(t, cmd)
	srv.waitFor(t, "/enter/")
	get(t, srv.at+"/en/", 200)
	address := regexp.MustCompile(`http://\S+/enter/\S+`).FindString(srv.out.String())
	if page := inDesk(t, address)(address); !strings.Contains(page, "40 cases") {
		t.Errorf("the desk does not show the forty cases:\n%.2000s", page)
	}
	srv.stop(t)
	must(t, dir, "zapisd", "check", "--dir", "demo")
	must(t, dir, "zapis", "check", "--vault", filepath.Join("demo", "anna-vault"), "--identity", filepath.Join("demo", "trustees", "anna.key"),
		"--passphrase-file", filepath.Join("demo", "trustees", "anna.pass"))
}

// Where the server of the demo ends by itself, the script says so, ends the desk and fails, whether the desk was open or closed
// before. Scripts stand for the three programs: what is tested is what demo.sh does when one of them ends.
func TestTheDemoEndsWithItsServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, script := range map[string]string{
		"zapisd": `case $1 in
demo) mkdir demo; echo '{"reports":40}' > demo/demo.json; echo card > demo/ledger.card; echo 'listening on nothing' >&2; echo $$ > server; exec sleep 1000 ;;
export) : > "$5" ;;
esac`,
		"zapis":      `exit 0`,
		"zapis-desk": `echo $$ > desk; echo opened; exec sleep 1000`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, closed := range []bool{false, true} {
		t.Run(fmt.Sprintf("desk closed %t", closed), func(t *testing.T) {
			in := t.TempDir()
			cmd := exec.Command("sh", filepath.Join(docs(t), "deploy", "demo.sh"), dir, "demo", "127.0.0.1:0")
			cmd.Dir = in
			srv := launch(t, cmd)
			srv.waitFor(t, "opened")
			end := func(name string) (pid int) {
				t.Helper()
				pid, err := strconv.Atoi(strings.TrimSpace(string(readFile(t, filepath.Join(in, name)))))
				if err == nil {
					err = syscall.Kill(pid, syscall.SIGKILL)
				}
				if err != nil {
					t.Fatal(err)
				}
				return pid
			}
			if closed {
				end("desk")
				srv.waitFor(t, "The desk is closed.")
			}
			end("server")
			select {
			case err := <-srv.done: // what the script has started has ended as well, or it would hold the pipes
				var failed *exec.ExitError
				if !errors.As(err, &failed) || failed.ExitCode() != 1 || !strings.Contains(srv.talk.String(), "the server of the demo has ended") {
					t.Errorf("the script ended with %v and said\n%s", err, srv.talk)
				}
			case <-time.After(patience):
				t.Errorf("the script goes on without its server:\n%s", srv.talk)
			}
			desk, err := strconv.Atoi(strings.TrimSpace(string(readFile(t, filepath.Join(in, "desk")))))
			if err == nil {
				err = syscall.Kill(desk, 0)
			}
			if !errors.Is(err, syscall.ESRCH) {
				t.Errorf("the desk still runs: %v", err)
			}
		})
	}
}
