package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zapis/internal/cli/scripttest"
	pages "zapis/internal/desk"
	"zapis/internal/incident"
	"zapis/internal/memorytest"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/media"
	"zapis/internal/trustee/mediaproxy"
	"zapis/internal/trustee/vault/vaulttest"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == media.Verb {
		os.Exit(media.WorkerMain())
	}
	if strings.HasSuffix(os.Args[0], ".test") { // else one of the programs below is started
		memorytest.TempDirs()
	}
	testscript.Main(m, map[string]func(){"zapis": quick, "zapis-desk": proxy, "age-plugin-trial": trialPlugin})
}

// quick is zapis, but what its new passphrases open is opened within a millisecond, unless FULLCOST is in its environment.
func quick() {
	if os.Getenv("FULLCOST") == "" {
		workFactor = vaulttest.WorkFactor
	}
	main()
}

// proxy is the part of zapis-desk that zapis starts.
func proxy() {
	program, err := os.Executable()
	if err != nil || len(os.Args) != 2 || os.Args[1] != mediaproxy.Verb {
		os.Exit(1)
	}
	worker := media.NewClient(program, media.Verb)
	err = mediaproxy.Serve(os.Stdin, os.Stdout, pages.AnswerMedia(worker))
	_ = worker.Close()
	if err != nil {
		os.Exit(1)
	}
}

// TestScripts runs the scripts under testdata/script. Each begins in a folder with what prepare makes.
func TestScripts(t *testing.T) {
	shorttest.Skip(t, "no script of a trustee's verbs is run")
	t.Parallel()
	made := t.TempDir()
	words := map[string]scripttest.Word{"flip": flip, "cut": cut, "picture": picture, "black": black}
	maps.Copy(words, deskCommands(t))
	scripts(t, "script", made, prepare(t, made), words, func(e *testscript.Env) { e.Values[deskKey{}] = new(desk) })
}

// scripts runs those of a folder under testdata. Each begins in a folder of its own with what was made for all.
func scripts(t *testing.T, dir, made string, env []string, words map[string]scripttest.Word, setup func(*testscript.Env)) {
	dir = filepath.Join("testdata", dir)
	list, err := os.ReadDir(dir)
	if err != nil || len(list) == 0 {
		t.Fatalf("there are no scripts to run: %v", err)
	}
	all := map[string]scripttest.Word{"json": jsonCmd, "status": scripttest.Status}
	maps.Copy(all, words)
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(append(e.Vars, scripttest.Prompt), env...)
			if setup != nil {
				setup(e)
			}
			return os.CopyFS(e.WorkDir, os.DirFS(made))
		},
		Cmds: all,
	})
}

// Two photos' worth of bytes.
const (
	jpeg      = "\xff\xd8\xff\xe0\x00\x10JFIF\x00 a photo"
	pdfLetter = "%PDF-1.7\na letter\n"
)

// prepare makes a ledger of anna, boris and vera with two cases (carry.tar), the same with a follow-up, a
// withdrawal and a waiting report (more.tar), one of anna alone (alone.tar), and identities for all of them
// and a stranger, with the passphrase in pass. It gives the names of the cases for the scripts.
func prepare(t *testing.T, dir string) (env []string) {
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"anna", "boris", "stranger"} {
		vaulttest.KeyFile(t, dir, name)
	}
	write := func(name, content string) {
		if err := os.WriteFile(at(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("pass", vaulttest.Passphrase+"\n")
	write("wrong", "sakret\n")
	write("photo.jpg", jpeg)
	write("letter.pdf", pdfLetter)

	h := vaulttest.New(t, vaulttest.Options{})
	write("ledger.card", h.Card().String()+"\n")
	first := h.Report([]vaulttest.File{{Name: "../up\u202egpj.exe", Content: jpeg}, {Name: "letter.pdf", Content: pdfLetter}},
		"narrative", "They came at six.\n\u202eTwice\u200b.", "danger_now", "yes", "deadline", "2026-12-01", "deadline_what", "hearing",
		"method", "H1", "method", "T1", "country_event", "PL", "contact", "tomorrow at the fountain", "language", "be",
		"consent", "store", "consent", "lawyer", "person_agrees", "self")
	second := h.Report(nil, "narrative", "Адзін званок.", "consent", "store", "consent", "statistics")
	env = append(env, "CASE1="+first.Case, "CASE2="+second.Case, "CARD="+h.Card().String())
	h.CarryFile(at("carry.tar"), 0)
	h.Pass(time.Hour)
	h.FollowUp(first, incident.ActFollowUp, []vaulttest.File{{Name: "me.txt", Content: "it is me\n"}}, "narrative", "One more thing.", "files_identify", "yes")
	h.FollowUp(second, incident.ActStop, nil)
	h.CarryFile(at("more.tar"), 3)
	h.CarryFile(at("gap.tar"), 4)

	alone := vaulttest.New(t, vaulttest.Options{Trustees: []string{"anna"}, Slot: 24 * time.Hour})
	waits := alone.Report(nil, "contact", "by the bridge", "name", "Y.", "consent", "store", "person_agrees", "unasked", "consent", "lawyer")
	alone.CarryFile(at("alone.tar"), 0)
	return append(env, "WAITS="+waits.Case, "OTHER="+alone.Card().String())
}

// flip changes one bit of a file: flip FILE BYTE, where a negative BYTE counts from the end.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	change(ts, neg, args, func(b []byte, n int) []byte { b[n] ^= 4; return b })
}

// cut shortens a file: cut FILE BYTES, where a negative number is how many go.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	change(ts, neg, args, func(b []byte, n int) []byte { return b[:n] })
}

func change(ts *testscript.TestScript, neg bool, args []string, how func([]byte, int) []byte) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: FILE NUMBER")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	content, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	if n < 0 {
		n += len(content)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), how(content, n), 0o600))
}

// jsonCmd compares a value of the last command's JSON: json PATH VALUE, where PATH is like 0.attachments and
// VALUE is JSON.
func jsonCmd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: json PATH VALUE")
	}
	var at any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &at))
	for _, step := range strings.Split(args[0], ".") {
		switch v := at.(type) {
		case map[string]any:
			next, ok := v[step]
			if !ok {
				ts.Fatalf("there is no %q", step)
			}
			at = next
		case []any:
			n, err := strconv.Atoi(step)
			ts.Check(err)
			if n >= len(v) {
				ts.Fatalf("there is no %q among %d", step, len(v))
			}
			at = v[n]
		default:
			ts.Fatalf("nothing lies under %q", step)
		}
	}
	got, err := json.Marshal(at)
	ts.Check(err)
	if (string(got) == args[1]) == neg {
		ts.Fatalf("%s is %s", args[0], got)
	}
}
