package e2e

import (
	"bytes"
	"html"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// answered posts a code to the mailbox and returns the page.
func answered(t *testing.T, at, code string) string {
	t.Helper()
	resp, err := http.PostForm(at+"/en/mailbox", url.Values{"code": {code}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the mailbox: %s, %v\n%s", resp.Status, err, page)
	}
	return html.UnescapeString(string(page))
}

// An answer, from the trustee's laptop to the reporter's mailbox, while the ledger is being served: at once, and after
// the slot; with the resulting follow-up back in the case.
func TestAnswerReachesTheReporter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "24h")
	u := beginUpload(t, srv.at+"/send")
	u.field(t, "narrative", "They came at six.")
	u.field(t, "consent", "store")
	code := u.end(t)
	if strings.Contains(answered(t, srv.at, code), "Are you safe") {
		t.Fatal("an answer is there before it was written")
	}

	carry := func(name string) {
		t.Helper()
		must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", name)
		must(t, h.dir, append([]string{"zapis", "import", "--vault", "vault", "--ledger", h.card, name}, h.as("anna")...)...)
	}
	carry("one.tar")
	id := list(t, h, "anna")[0].Case
	must(t, h.dir, append([]string{"zapis", "reply", "--vault", "vault", id, "--text", `Are you safe, "now" & here?`}, h.as("anna")...)...)
	must(t, h.dir, append([]string{"zapis", "outbox", "--vault", "vault", "--out", "outbox.tar"}, h.as("anna")...)...)
	for _, want := range []string{"taken: it waits for its slot", "known already"} {
		if out := must(t, h.dir, "zapisd", "accept", "--dir", h.ledger, "outbox.tar"); strings.Count(out, want) != 3 {
			t.Errorf("accept said, not three times %q:\n%s", want, out)
		}
	}
	const words = `Are you safe, "now" & here?`
	if page := answered(t, srv.at, code); !strings.Contains(page, words) {
		t.Errorf("while it waits for its slot, the mailbox shows\n%s", page)
	}
	if left, _ := filepath.Glob(filepath.Join(h.ledger, "inbox", "*")); len(left) != 0 {
		t.Errorf("copies of the outbox are left: %v", left)
	}
	srv.stop(t)

	// Without a server the verb takes the lock, and a head that came since goes in.
	carry("two.tar")
	must(t, h.dir, append([]string{"zapis", "outbox", "--vault", "vault", "--out", "more.tar"}, h.as("anna")...)...)
	box := readFile(t, h.path("more.tar"))
	box[bytes.Index(box, []byte("-----BEGIN SSH SIGNATURE-----"))+280] ^= 1
	writeFile(t, h.path("forged.tar"), string(box))
	forged := command(t, h.dir, "zapisd", "accept", "--dir", h.ledger, "forged.tar")
	if forged.status != 3 {
		t.Errorf("a forged outbox: status %d\n%s%s", forged.status, forged.out, forged.err)
	}
	if out := must(t, h.dir, "zapisd", "accept", "--dir", h.ledger, "more.tar"); !strings.Contains(out, "custody 4 of anna: taken: it waits for its slot") {
		t.Errorf("accept said\n%s", out)
	}

	srv = start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "1s")
	for end := time.Now().Add(patience); strings.HasPrefix(strings.SplitN(get(t, srv.at+"/checkpoint", http.StatusOK), "\n", 3)[1], "1"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the slot never came")
		}
	}
	if page := answered(t, srv.at, code); !strings.Contains(page, words) {
		t.Errorf("after the slot, the mailbox shows\n%s", page)
	}
	carry("three.tar")
	show := must(t, h.dir, append([]string{"zapis", "show", "--vault", "vault", id}, h.as("anna")...)...)
	if !strings.Contains(show, "ANSWER TO THE REPORTER") || strings.Contains(show, "waiting") {
		t.Errorf("show\n%s", show)
	}
	must(t, h.dir, append([]string{"zapis", "check", "--vault", "vault"}, h.as("anna")...)...)
	must(t, h.dir, "zapisd", "check", "--dir", h.ledger)
	srv.stop(t)
}
