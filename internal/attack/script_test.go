package attack

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"zapis/internal/cli/scripttest"
	"zapis/internal/trustee/vault/vaulttest"
)

// The attacks whose outcome is visible in the programs, as scripts over the programs.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, "PATH="+filepath.Dir(verifier)+string(os.PathListSeparator)+os.Getenv("PATH"))
			for _, name := range []string{"anna", "boris", "vera"} {
				vaulttest.KeyFile(t, e.WorkDir, name)
			}
			return os.WriteFile(filepath.Join(e.WorkDir, "pass"), []byte(vaulttest.Passphrase+"\n"), 0o600)
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]scripttest.Word{
			"answers": scripttest.Answers, "status": scripttest.Status, "mode": scripttest.Mode, "send": scriptSend, "forgotten": scriptForgotten,
		},
	})
}

// send SOCKET NAME NARRATIVE files a report with a file; NAME becomes a variable with the case's id, and a file
// with the promise.
func scriptSend(ts *testscript.TestScript, _ bool, args []string) {
	promise, refused := scripttest.Send(ts, args[0], [][2]string{{"narrative", args[2]}, {"consent", "store"}, {"consent", "lawyer"},
		{"contact", "by the well"}, {"person_agrees", "self"}}, bytes.Repeat([]byte(args[2]), 5000))
	lines := strings.Split(promise, "\n")
	if len(lines) < 4 {
		ts.Fatalf("no promise: %s", refused)
	}
	ts.Setenv(args[1], "c"+lines[2][:10])
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(promise), 0o600))
}

// forgotten DIR BEFORE AFTER: what a carry file had and a later one has not is nowhere in the folder, not 16 bytes
// of it. There must be such parts.
func scriptForgotten(ts *testscript.TestScript, neg bool, args []string) {
	before, after := partsOf(ts, args[1]), partsOf(ts, args[2])
	known := make(map[[16]byte]bool)
	gone := 0
	for name, content := range before {
		if after[name] != nil {
			continue
		}
		gone++
		for i := 0; i+16 <= len(content); i += 16 {
			known[[16]byte(content[i:])] = true
		}
	}
	for _, content := range after { // every age file begins alike
		for i := 0; i+16 <= len(content); i++ {
			delete(known, [16]byte(content[i:]))
		}
	}
	if gone == 0 || len(known) < 1000 {
		ts.Fatalf("nothing is missing in %s", args[2])
	}
	found := ""
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		for i := 0; i+16 <= len(b); i++ {
			if known[[16]byte(b[i:])] {
				found = path
				break
			}
		}
		return err
	}))
	if (found != "") != neg {
		ts.Fatalf("of %d parts that are gone, something is in %q", gone, found)
	}
}

func partsOf(ts *testscript.TestScript, name string) map[string][]byte {
	f, err := os.Open(ts.MkAbs(name))
	ts.Check(err)
	defer f.Close()
	parts := make(map[string][]byte)
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return parts
		}
		ts.Check(err)
		if strings.HasPrefix(h.Name, "parts/") {
			parts[h.Name], err = io.ReadAll(r)
			ts.Check(err)
		}
	}
}
