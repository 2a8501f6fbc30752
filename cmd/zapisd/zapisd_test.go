package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"zapis/internal/cli"
	"zapis/internal/cli/scripttest"
	"zapis/internal/memorytest"
	"zapis/internal/shorttest"
	"zapis/store"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "perform" { // a verb that a test runs in this process has asked for it
		main()
		return
	}
	if strings.HasSuffix(os.Args[0], ".test") { // else one of the programs below is started
		memorytest.TempDirs()
	}
	testscript.Main(m, map[string]func(){"zapisd": main, "confined": confined})
}

// The command line is prose under test: testdata/*.txtar, one for each verb.
func TestScripts(t *testing.T) {
	shorttest.Skip(t, "no script of an operator's verbs is run")
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, scripttest.Prompt)
			return nil
		},
		Cmds: map[string]scripttest.Word{
			"trustee": scriptTrustee,
			"answers": scripttest.Answers,
			"send":    scriptSend,
			"get":     scriptGet,
			"flip":    scriptFlip,
			"mode":    scripttest.Mode,
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
		id, err := cli.NewIdentity(name)
		ts.Check(err)
		ts.Check(id.WriteFiles(ts.MkAbs(name+".key"), "a passphrase", 1))
	}
}

// send SOCKET NARRATIVE [FILESIZE] files a report, and prints the promise.
func scriptSend(ts *testscript.TestScript, neg bool, args []string) {
	var file []byte
	if len(args) > 2 {
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		file = bytes.Repeat([]byte("x"), n)
	}
	promise, refused := scripttest.Send(ts, args[0], [][2]string{{"narrative", args[1]}, {"consent", "store"}}, file)
	if (refused != "") != neg {
		ts.Fatalf("%s%s", promise, refused)
	}
	fmt.Fprint(ts.Stdout(), promise)
}

// get SOCKET PATH prints a page.
func scriptGet(ts *testscript.TestScript, neg bool, args []string) {
	resp, err := scripttest.Socket(ts.MkAbs(args[0])).Get("http://form" + args[1])
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
