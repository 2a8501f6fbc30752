package e2e

import (
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// A thousand people send words. Afterwards none of the words is on the disk, and what is left of them in the server's
// memory is counted: SECURITY.md has the numbers.
func TestTraces(t *testing.T) {
	h := newHouse(t)
	tmp := h.path("tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	srv := start(t, []string{"TMPDIR=" + tmp}, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0")
	notDumpable(t, srv)
	m := newMarkers()
	n := scaled(200, 1000)
	for i := range n {
		sendMarked(t, srv.at, m.word(i), i)
	}

	for _, found := range (canary{word: m.stem, shapes: map[string][]byte{"in the clear": []byte(m.stem)}}).find(t, h.ledger, tmp) {
		t.Errorf("on the disk: %s", found)
	}
	at := func(when string) int {
		t.Helper()
		found := make(map[string]int)
		if !srv.memory(t, func(piece []byte) { m.note(piece, found) }) {
			t.Log("only root may look into the server's memory: what is left there was not counted")
			return 0
		}
		copies := 0
		for _, c := range found {
			copies += c
		}
		t.Logf("%s: %d of %d words are in memory, %d copies", when, len(found), n, copies)
		return len(found)
	}
	first := at("at once")
	// The server returns its memory to the system two seconds after the last of them.
	left := first
	for end := time.Now().Add(patience); left > n/100 && time.Now().Before(end); {
		time.Sleep(500 * time.Millisecond)
		left = at("when it is quiet")
	}
	if left > n/100 {
		t.Errorf("%d of %d words are left in the server's memory", left, n)
	}
	for range 50 {
		sendMarked(t, srv.at, "nothing of interest", 0)
	}
	time.Sleep(100 * time.Millisecond)
	at("after 50 more")
}

// notDumpable checks a process without core dumps: its files in /proc belong to root, and no core is ever written.
func notDumpable(t *testing.T, srv *service) {
	t.Helper()
	limits := string(readFile(t, fmt.Sprintf("/proc/%d/limits", srv.pid())))
	i := strings.Index(limits, "Max core file size")
	if fields := strings.Fields(limits[i:]); !slices.Equal(fields[4:6], []string{"0", "0"}) {
		t.Errorf("core dumps: %.80s", limits[i:])
	}
	_, err := os.ReadFile(fmt.Sprintf("/proc/%d/mem", srv.pid()))
	if os.Getuid() != 0 && !os.IsPermission(err) {
		t.Errorf("another process of the same user may read the server's memory: %v", err)
	}
}

// sendMarked sends a word in every text field, as one of three kinds of client, and a file every tenth time.
func sendMarked(t *testing.T, at, word string, i int) {
	t.Helper()
	fields := [][2]string{{"narrative", "It was " + word + "\r\nand " + strings.Repeat(word+" ", 20)}, {"contact", word}, {"name", word}, {"consent", "store"}}
	var body strings.Builder
	kind := "application/x-www-form-urlencoded"
	if i%3 == 0 {
		for j, f := range fields {
			if j > 0 {
				body.WriteString("&")
			}
			body.WriteString(f[0] + "=" + strings.NewReplacer(" ", "+", "\r", "%0D", "\n", "%0A").Replace(f[1]))
		}
	} else {
		w := multipart.NewWriter(&body)
		for _, f := range fields {
			if err := w.WriteField(f[0], f[1]); err != nil {
				t.Fatal(err)
			}
		}
		if i%10 == 1 {
			f, err := w.CreateFormFile("file", "letter.txt")
			if err == nil {
				_, err = io.WriteString(f, strings.Repeat(word+"\n", 2000))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		kind = w.FormDataContentType()
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/en/send", strings.NewReader(body.String()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if page, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v\n%.2000s", resp.Status, err, page)
	}
}
