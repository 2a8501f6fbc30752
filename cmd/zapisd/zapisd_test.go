package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zapis/internal/command"
	"zapis/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"zapisd": main, "confined": confined})
}

// The command line is prose under test: testdata/*.txtar, one for each verb.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			// Under the race detector a process sleeps for a second when it ends, unless told not to.
			e.Vars = append(e.Vars, "GORACE=atexit_sleep_ms=0")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"trustee": scriptTrustee,
			"answers": scriptAnswers,
			"send":    scriptSend,
			"get":     scriptGet,
			"flip":    scriptFlip,
			"mode":    scriptMode,
			"hold":    scriptHold,
			"forward": scriptForward,
			"slot":    scriptSlot,
			"pull":    scriptPull,

			"authority": func(ts *testscript.TestScript, _ bool, args []string) { scriptAuthority(t, ts, args) },
			"stamp":     scriptStamp,
		},
		RequireUniqueNames: true,
	})
}

// trustee NAME makes NAME.key and NAME.key.card.
func scriptTrustee(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		id, err := command.NewIdentity(name)
		ts.Check(err)
		ts.Check(id.WriteFiles(ts.MkAbs(name+".key"), "a passphrase", 1))
	}
}

// unixClient speaks HTTP over a socket.
func unixClient(socket string) *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}}
}

// answers SOCKET waits until somebody answers there.
func scriptAnswers(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("unix", ts.MkAbs(args[0]))
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("nobody answers on %s: %v", args[0], err)
		}
	}
}

// send SOCKET NARRATIVE [FILESIZE] files a report, and prints the promise.
func scriptSend(ts *testscript.TestScript, neg bool, args []string) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range [][2]string{{"narrative", args[1]}, {"consent", "store"}} {
		ts.Check(form.WriteField(f[0], f[1]))
	}
	if len(args) > 2 {
		w, err := form.CreateFormFile("file", "a file")
		ts.Check(err)
		var n int
		_, err = fmt.Sscan(args[2], &n)
		ts.Check(err)
		_, err = w.Write(bytes.Repeat([]byte("x"), n))
		ts.Check(err)
	}
	ts.Check(form.Close())
	req, err := http.NewRequest(http.MethodPost, "http://form/send", &body)
	ts.Check(err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Accept", "application/json")
	resp, err := unixClient(ts.MkAbs(args[0])).Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if (resp.StatusCode == http.StatusCreated) == neg {
		ts.Fatalf("%s\n%s", resp.Status, answer)
	}
	var got receipt
	ts.Check(json.Unmarshal(answer, &got))
	fmt.Fprint(ts.Stdout(), got.Promise)
}

// get SOCKET PATH prints a page.
func scriptGet(ts *testscript.TestScript, neg bool, args []string) {
	resp, err := unixClient(ts.MkAbs(args[0])).Get("http://form" + args[1])
	ts.Check(err)
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if (resp.StatusCode == http.StatusOK) == neg {
		ts.Fatalf("%s\n%s", resp.Status, page)
	}
	ts.Stdout().Write(page)
}

// flip FILE WORDS changes one bit of the words, at each place where they stand in the file.
func scriptFlip(ts *testscript.TestScript, _ bool, args []string) {
	names, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(names) != 1 {
		ts.Fatalf("%s names %d files", args[0], len(names))
	}
	content, err := os.ReadFile(names[0])
	ts.Check(err)
	at := []byte(args[1])
	if !bytes.Contains(content, at) {
		ts.Fatalf("%s holds no %q", args[0], args[1])
	}
	changed := bytes.Clone(at)
	changed[len(changed)-1] ^= 1
	ts.Check(os.Chmod(names[0], 0o600))
	ts.Check(os.WriteFile(names[0], bytes.ReplaceAll(content, at, changed), 0o600))
}

// mode FILE MODE compares a file's permissions.
func scriptMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Lstat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

// hold DIR opens the ledger in this process until the script ends.
func scriptHold(ts *testscript.TestScript, _ bool, args []string) {
	st, err := store.Open(ts.MkAbs(args[0]), store.Config{Verb: "a test"})
	ts.Check(err)
	ts.Defer(func() { st.Close() })
}

func TestCaseOfPromise(t *testing.T) {
	for promise, want := range map[string]string{
		"zapis/promise/v1\no\n" + strings.Repeat("0123456789abcdef", 4) + "\n2026-01-01T00:00:00Z\n": "c0123456789",
		"zapis/promise/v1\no\nshort\n2026-01-01T00:00:00Z\n":                                         "",
		"hello": "",
	} {
		got, err := caseOf(promise)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", promise, got, err)
		}
		if err != nil && err.Error() != "the form answered with something that is no promise" {
			t.Errorf("%q: %v", promise, err)
		}
	}
}

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"./demo/a-1.key": "./demo/a-1.key", "": "''", "two words": "'two words'", "it's": `'it'\''s'`, "$(x)": "'$(x)'",
	} {
		if got := quote(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}
