// Package e2e holds only tests: the whole way of a report, from a browser's form to a bundle that stock
// tools verify, with the programs as they are built and shipped.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"zapis/internal/buildtest"
	"zapis/internal/cli"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/media"
	"zapis/internal/trustee/vault/vaulttest"
)

// bin is where the programs are, built once, and the trustees' keys.
var bin string

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == media.Verb {
		os.Exit(media.WorkerMain()) // of a desk in this process
	}
	if file := os.Getenv(bareEnv); file != "" {
		fmt.Fprintln(os.Stderr, bare(file))
		os.Exit(1)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if status, short := shorttest.None(m, "no whole program and no browser is tested: the programs are built first, and started"); short {
		return status
	}
	dir, err := os.MkdirTemp("", "zapis-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = dir
	// Most tests wait, for a browser, a server or a disk: twice as many run at once as there are processors, unless -parallel says otherwise.
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0)))
	}
	if err := buildtest.Programs(bin, "zapisd", "zapis", "zapis-verify", "zapis-duty", "zapis-desk"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// patience is how long anything here may take. It is only ever used up by a failure.
const patience = 3 * time.Minute

// outcome is what a command did.
type outcome struct {
	out, err string
	status   int
}

// command runs a program of ours, or one of the system's where its name has no folder and is not ours.
func command(t *testing.T, dir string, words ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	name := words[0]
	if ours := filepath.Join(bin, name); filepath.Base(name) == name && exists(ours) {
		name = ours
	}
	cmd := exec.CommandContext(ctx, name, words[1:]...)
	cmd.Dir = dir
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatalf("%s: %v", strings.Join(words, " "), err)
	}
	return outcome{out.String(), talk.String(), cmd.ProcessState.ExitCode()}
}

// must runs a command that has to succeed, and returns its stdout.
func must(t *testing.T, dir string, words ...string) string {
	t.Helper()
	o := command(t, dir, words...)
	if o.status != 0 {
		t.Fatalf("%s: status %d\n%s%s", strings.Join(words, " "), o.status, o.out, o.err)
	}
	return o.out
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// service is a running zapisd.
type service struct {
	cmd  *exec.Cmd
	at   string // http://…
	talk *safeBuffer
	out  *safeBuffer
	done chan error
}

// start runs zapisd with these words until the test ends, and waits until it listens.
func start(t *testing.T, env []string, words ...string) *service {
	t.Helper()
	return startIn(t, "", env, words...)
}

// startIn is start in a folder.
func startIn(t *testing.T, dir string, env []string, words ...string) *service {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "zapisd"), words...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	return launch(t, cmd)
}

// startUnder is start by way of a command that becomes zapisd.
func startUnder(t *testing.T, command []string, words ...string) *service {
	t.Helper()
	return launch(t, exec.Command(command[0], slices.Concat(command[1:], []string{filepath.Join(bin, "zapisd")}, words)...))
}

func launch(t *testing.T, cmd *exec.Cmd) *service {
	t.Helper()
	s := &service{cmd: cmd, out: new(safeBuffer), talk: new(safeBuffer), done: make(chan error, 1)}
	s.cmd.Stdout = s.out
	talk, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(talk)
		for lines.Scan() {
			fmt.Fprintln(s.talk, lines.Text())
			if at, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
				ready <- at
			}
		}
		s.done <- s.cmd.Wait()
	}()
	t.Cleanup(func() { s.cmd.Process.Kill() })
	select {
	case s.at = <-ready:
	case err := <-s.done:
		t.Fatalf("%s ended before it listened: %v\n%s", cmd, err, s.talk)
	case <-time.After(patience):
		t.Fatalf("%s does not listen\n%s", cmd, s.talk)
	}
	return s
}

// stop asks for an end and expects a clean one.
func (s *service) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.done:
		if err != nil {
			t.Errorf("zapisd ended with %v\n%s", err, s.talk)
		}
	case <-time.After(patience):
		t.Error("zapisd did not stop")
	}
}

// waitFor waits until the service has printed words on stdout.
func (s *service) waitFor(t *testing.T, words string) {
	t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(s.out.String(), words); {
		select {
		case err := <-s.done:
			t.Fatalf("zapisd ended with %v before it printed %q\n%s%s", err, words, s.out, s.talk)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatalf("zapisd never printed %q\n%s%s", words, s.out, s.talk)
		}
	}
}

// safeBuffer is a buffer that one goroutine fills while another looks.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// house is a ledger with its trustees, as an operator and three people would make it.
type house struct {
	dir    string // all of it
	ledger string
	card   string
}

var trusteeNames = []string{"anna", "boris", "vera"}

// once is a value that the first test to need it makes, and that the others take.
type once[T any] struct {
	sync.Once
	value T
	made  bool
}

// get fails where the test that was to make the value has failed at it.
func (o *once[T]) get(t *testing.T, make func() T) T {
	t.Helper()
	o.Do(func() { o.value = make(); o.made = true })
	if !o.made {
		t.Fatal("an earlier test failed to make what this one needs")
	}
	return o.value
}

// The same three people hold every house.
var keys once[struct{}]

func makeKeys(t *testing.T) (none struct{}) {
	t.Helper()
	for _, name := range trusteeNames {
		vaulttest.KeyFile(t, bin, name)
		writeFile(t, filepath.Join(bin, name+".pass"), vaulttest.Passphrase+"\n")
	}
	return none
}

// quicken encrypts an identity file that a program has made again, at the low work factor of vaulttest.KeyFile: at its own, each
// command that opens it takes a second of a processor and 256 MiB.
func quicken(t *testing.T, file, passphrase string) {
	t.Helper()
	id, err := cli.OpenIdentity(readFile(t, file), passphrase)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := id.Seal(passphrase, vaulttest.WorkFactor)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, string(sealed))
}

func newHouse(t *testing.T, flags ...string) house {
	t.Helper()
	keys.get(t, func() struct{} { return makeKeys(t) })
	h := house{dir: t.TempDir()}
	h.ledger = filepath.Join(h.dir, "ledger")
	words := []string{"zapisd", "init", "--dir", h.ledger, "--origin", "test.example/ledger"}
	for _, name := range trusteeNames {
		words = append(words, "--trustee", filepath.Join(bin, name+".key.card"))
	}
	h.card = strings.TrimSpace(must(t, h.dir, append(words, flags...)...))
	return h
}

// as returns the flags by which a trustee is known.
func (house) as(name string) []string {
	return []string{"--identity", filepath.Join(bin, name+".key"), "--passphrase-file", filepath.Join(bin, name+".pass")}
}

func (h house) path(name string) string { return filepath.Join(h.dir, name) }

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// get fetches a page and expects a status.
func get(t *testing.T, where string, status int) string {
	t.Helper()
	resp, err := http.Get(where)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("GET %s: %s\n%s", where, resp.Status, page)
	}
	return string(page)
}
