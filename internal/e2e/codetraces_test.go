package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Five hundred people get codes, half of them as pages, half as programs. When the server is quiet, their codes are
// looked for in its memory, as they are shown and as digits alone. SECURITY.md has the figure.
func TestTracesOfCodes(t *testing.T) {
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0")
	n := scaled(60, 500)
	shown := regexp.MustCompile(`id="code">((?:<span>\d{4}</span> ){8})`)
	codes := make([]string, n)
	for i := range codes {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, srv.at+"/en/send", strings.NewReader("narrative=They+came+at+six.&consent=store"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if i%2 == 1 {
			req.Header.Set("Accept", "application/json")
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if m := shown.FindSubmatch(body); m != nil {
			codes[i] = strings.Join(regexp.MustCompile(`\d{4}`).FindAllString(string(m[1]), -1), " ")
		} else {
			var got struct{ Code string }
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatalf("%s: %v", resp.Status, err)
			}
			codes[i] = got.Code
		}
		if !codePattern.MatchString(codes[i]) {
			t.Fatalf("the code is %q", codes[i])
		}
	}
	found := func() (left int, as string) {
		seen := make(map[int]string)
		if !srv.memory(t, func(piece []byte) {
			for i, code := range codes {
				for shape, text := range map[string]string{"in groups": code, "digits": strings.ReplaceAll(code, " ", ""),
					"on a page": "<span>" + strings.ReplaceAll(code, " ", "</span> <span>")} {
					if bytes.Contains(piece, []byte(text)) {
						seen[i] = shape
					}
				}
			}
		}) {
			t.Log("only root may look into the server's memory: what is left there was not counted")
		}
		for _, shape := range seen {
			as += shape + " "
		}
		return len(seen), as
	}
	left, as := found()
	t.Logf("at once: %d of %d codes are in memory: %s", left, n, as)
	// The remains do not grow with the number of reports: 1 of 60 and 1 of 500 were counted. The bound is far below
	// the number of codes, and not zero: SECURITY.md documents it.
	bound := max(4, n/50)
	for end := time.Now().Add(13 * time.Second); left > 0 && time.Now().Before(end); time.Sleep(time.Second) {
		left, as = found()
	}
	t.Logf("when it is quiet: %d of %d codes are in memory: %s", left, n, as)
	if left > bound && os.Getuid() == 0 {
		t.Errorf("%d of %d codes are left in the server's memory: %s", left, n, as)
	}
}
