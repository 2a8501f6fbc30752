package e2e

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// The desk answers a browser on this computer, and begins no connection itself: the kernel records its calls while a case
// and its attachment are opened.
func TestTheDeskMakesNoConnection(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := serveForm(t, h)
	u := beginUpload(t, srv.at+"/send")
	u.field(t, "narrative", "words")
	u.field(t, "consent", "store")
	if _, err := u.file(t, "photo.jpg").Write(samplePhoto(t)); err != nil {
		t.Fatal(err)
	}
	u.end(t)
	must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", "carry.tar")
	srv.stop(t)
	must(t, h.dir, append([]string{"zapis", "import", "--vault", "vault", "--ledger", h.card, "carry.tar"}, h.as("anna")...)...)
	id := list(t, h, "anna")[0].Case

	record := h.path("calls")
	desk := exec.Command("strace", append([]string{"-f", "-qq", "-e", "trace=network", "-e", "signal=none", "-o", record,
		filepath.Join(bin, "zapis-desk"), "--vault", "vault"}, h.as("anna")...)...)
	desk.Dir = h.dir
	desk.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := desk.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end := func() {
		if !ended {
			ended = true
			syscall.Kill(-desk.Process.Pid, syscall.SIGTERM)
			desk.Wait()
		}
	}
	defer end()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("zapis-desk printed no address: %v", err)
	}
	address = strings.TrimSpace(address)
	origin := address[:strings.Index(address, "/enter/")]
	open := inDesk(t, address)
	for _, page := range []struct{ at, has string }{
		{address, id}, {origin + "/case/" + id, "words"}, {origin + "/case/" + id + "/file/A01?clear=1", "data:image/"},
	} {
		if body := open(page.at); !strings.Contains(body, page.has) {
			t.Fatalf("%s: no %q", strings.TrimPrefix(page.at, origin), page.has)
		}
	}
	end()

	calls := string(readFile(t, record))
	if !strings.Contains(calls, "accept4(") {
		t.Fatalf("strace did not see the browser's connection: this test would pass whatever is called\n%.2000s", calls)
	}
	if found := regexp.MustCompile(`(?m)^.*\b(?:connect|sendto|sendmsg)\(.*$`).FindString(calls); found != "" {
		t.Errorf("the desk began a connection: %s", found)
	}
	for _, bound := range regexp.MustCompile(`\bbind\(.*`).FindAllString(calls, -1) {
		// The Go runtime binds to the two IPv6 names of loopback, to learn what the system has.
		if !regexp.MustCompile(`inet_addr\("127\.0\.0\.1"\)|"::1"|"::ffff:127\.0\.0\.1"`).MatchString(bound) {
			t.Errorf("the desk listens elsewhere: %s", bound)
		}
	}
}

// inDesk returns what opens a page of a desk, in one browser; the desk's name is looked up nowhere. Any answer but 200 fails.
func inDesk(t *testing.T, address string) func(page string) string {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: patience, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+at.Port())
		}}}
	return func(page string) string {
		t.Helper()
		resp, err := browser.Get(page)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("a page of the desk: status %d, %v\n%.300s", resp.StatusCode, err, body)
		}
		return string(body)
	}
}
