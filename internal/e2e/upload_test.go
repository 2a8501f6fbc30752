package e2e

import (
	"bytes"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// An upload of a gibibyte, or fifty at once, must not take up more memory than this, in KiB.
const (
	peakOfOne   = 64 << 10
	peakOfFifty = 256 << 10
)

// TestPeakMemory measures the peak memory of the server's process (VmHWM), which includes the program itself and the
// mapped database.
func TestPeakMemory(t *testing.T) {
	for _, c := range []struct {
		name    string
		uploads int
		size    int64
		most    int
	}{
		{"one file", 1, scaled[int64](128<<20, 1<<30), peakOfOne},
		{"fifty at once", 50, scaled[int64](2<<20, 64<<20), peakOfFifty},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			tmp := t.TempDir()
			srv := start(t, []string{"TMPDIR=" + tmp}, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0", "--max-file", "2G")
			begin := time.Now()
			var all sync.WaitGroup
			for range c.uploads {
				all.Go(func() {
					// As a person does: words first, then the file with the code.
					code := sendWords(t, srv.at)
					sendFile(t, srv.at, code, c.size)
				})
			}
			all.Wait()
			peak := srv.status(t, "VmHWM")
			t.Logf("%d x %d MiB in %v: VmHWM %.1f MiB, at most %d", c.uploads, c.size>>20, time.Since(begin).Round(time.Second/10), float64(peak)/1024, c.most>>10)
			t.Logf("now: anonymous %d MiB, files %d MiB", srv.status(t, "RssAnon")>>10, srv.status(t, "RssFile")>>10)
			if peak > c.most {
				t.Errorf("the server took up %d KiB, and %d are allowed", peak, c.most)
			}
			if found, err := filepath.Glob(filepath.Join(tmp, "*")); err != nil || len(found) > 0 {
				t.Errorf("it left temporary files: %v, %v", found, err)
			}
			if n := partsIn(t, h.ledger); n != c.uploads {
				t.Errorf("%d files are in the ledger", n)
			}
			srv.stop(t)
		})
	}
}

// partsIn counts the attachments in a ledger's folder, whole or on their way.
func partsIn(t *testing.T, ledger string) (n int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(ledger, "parts"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// post sends a body and returns the answer as JSON text.
func post(t *testing.T, where, kind string, body io.Reader) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, where, body)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("%s: %v", where, err)
	}
	return resp.StatusCode, string(text)
}

// sendWords sends a report without files and returns its code.
func sendWords(t *testing.T, at string) (code string) {
	t.Helper()
	status, answer := post(t, at+"/send", "application/x-www-form-urlencoded", strings.NewReader("narrative=They+came+at+six.&consent=store"))
	_, rest, ok := strings.Cut(answer, `"code":"`)
	if status != http.StatusCreated || !ok {
		t.Errorf("words: status %d, %s", status, answer)
		return ""
	}
	code, _, _ = strings.Cut(rest, `"`)
	return code
}

// sendFile sends a file of that size for a case.
func sendFile(t *testing.T, at, code string, size int64) {
	t.Helper()
	var head bytes.Buffer
	w := multipart.NewWriter(&head)
	err := w.WriteField("code", code)
	if err == nil {
		_, err = w.CreateFormFile("file", "film.mp4")
	}
	if err != nil {
		t.Error(err)
		return
	}
	body := io.MultiReader(&head, io.LimitReader(pattern{}, size), strings.NewReader("\r\n--"+w.Boundary()+"--\r\n"))
	if status, answer := post(t, at+"/files", w.FormDataContentType(), body); status != http.StatusCreated {
		t.Errorf("a file: status %d, %s", status, answer)
	}
}

// pattern reads as bytes that cost nothing to make.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}
