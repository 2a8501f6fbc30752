package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The offline programs of trustees and lawyers make no network calls: the kernel records them. A control shows that
// the recording works.
func TestOfflineProgramsMakeNoNetworkCalls(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0")
	u := beginUpload(t, srv.at+"/send")
	for name, values := range (url.Values{"narrative": {"words"}, "consent": {"store", "lawyer"}, "person_agrees": {"self"}}) {
		for _, v := range values {
			u.field(t, name, v)
		}
	}
	if _, err := u.file(t, "note.txt").Write([]byte("a note\n")); err != nil {
		t.Fatal(err)
	}
	u.end(t)

	calls := func(words ...string) string {
		t.Helper()
		record := h.path("calls")
		os.Remove(record)
		program := filepath.Join(bin, words[0])
		traced := append([]string{"strace", "-f", "-qq", "-e", "trace=network", "-e", "signal=none", "-o", record, program}, words[1:]...)
		if o := command(t, h.dir, traced...); o.status != 0 {
			t.Fatalf("%s: status %d\n%s%s", strings.Join(words, " "), o.status, o.out, o.err)
		}
		// A thread that ended before strace had seen it call anything leaves a line that names no call.
		return noCall.ReplaceAllString(string(readFile(t, record)), "")
	}
	if calls("zapisd", "export", "--dir", h.ledger, "--out", "carry.tar") == "" {
		t.Fatal("the control socket was used, and strace saw nothing: this test would pass whatever is called")
	}
	srv.stop(t)

	var cases string
	for _, words := range [][]string{
		{"zapis", "import", "--vault", "vault", "--ledger", h.card, "carry.tar"},
		{"zapis", "list", "--vault", "vault"},
		{"zapis", "show", "--vault", "vault", "CASE"},
		{"zapis", "extract", "--vault", "vault", "CASE", "--out", "files"},
		{"zapis", "bundle", "--vault", "vault", "CASE", "--out", "bundle.zip"},
		{"zapis-verify", "bundle.zip", "--trust", h.card},
	} {
		if words[0] == "zapis" {
			words = append(words, h.as("anna")...)
		}
		for i, w := range words {
			if w == "CASE" {
				if cases == "" {
					cases = list(t, h, "anna")[0].Case
				}
				words[i] = cases
			}
		}
		if made := calls(words...); made != "" {
			t.Errorf("%s made network calls:\n%s", strings.Join(words[:2], " "), made)
		}
	}
}

var noCall = regexp.MustCompile(`(?m)^[0-9]+ +\?\?\?\( <detached \.\.\.>?\n`)
