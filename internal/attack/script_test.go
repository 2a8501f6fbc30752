package attack

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zapis/internal/vault/vaulttest"
)

// What ends well for everybody, and for whom, as scripts over the programs as they are shipped.
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
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"answers": scriptAnswers, "send": scriptSend, "forgotten": scriptForgotten, "status": scriptStatus, "mode": scriptMode,
		},
	})
}

func client(socket string) *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}}}
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

// send SOCKET NAME NARRATIVE files a report with a file; NAME becomes a variable with the case's id, and a file
// with the promise.
func scriptSend(ts *testscript.TestScript, _ bool, args []string) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range [][2]string{{"narrative", args[2]}, {"consent", "store"}, {"consent", "lawyer"}, {"contact", "by the well"}, {"person_agrees", "self"}} {
		ts.Check(form.WriteField(f[0], f[1]))
	}
	w, err := form.CreateFormFile("file", "a file")
	ts.Check(err)
	_, err = w.Write(bytes.Repeat([]byte(args[2]), 5000))
	ts.Check(err)
	ts.Check(form.Close())
	req, err := http.NewRequest(http.MethodPost, "http://form/send", &body)
	ts.Check(err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Accept", "application/json")
	resp, err := client(ts.MkAbs(args[0])).Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	var got struct{ Promise string }
	ts.Check(json.NewDecoder(resp.Body).Decode(&got))
	lines := strings.Split(got.Promise, "\n")
	if len(lines) < 4 {
		ts.Fatalf("%s: no promise", resp.Status)
	}
	ts.Setenv(args[1], "c"+lines[2][:10])
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(got.Promise), 0o600))
}

// status N PROGRAM… runs a program that must end with this status.
func scriptStatus(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	want := args[0]
	got := "0"
	if err != nil {
		if got = strings.TrimPrefix(err.Error(), "exit status "); got == err.Error() {
			ts.Check(err)
		}
	}
	if got != want {
		ts.Fatalf("status %s, want %s", got, want)
	}
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

// mode FILE MODE compares a file's permissions.
func scriptMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Lstat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}
