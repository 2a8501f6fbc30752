package web

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"zapis/internal/server/intake"
)

// BenchmarkPost100MiB compares a form with a file of 100 MiB, read from a sender that costs nothing, with age alone over
// the padded size: encrypted to a file and synced. In turns, since a disk's mood changes. times-age must stay at or
// below 2.
func BenchmarkPost100MiB(b *testing.B) {
	h := newTestServer(b, intake.Limits{}, Options{})
	var recipients []age.Recipient
	for range 3 {
		id, err := age.GenerateHybridIdentity()
		h.must(err)
		recipients = append(recipients, id.Recipient())
	}
	var ours, ages time.Duration
	for b.Loop() {
		start := time.Now()
		h.postLarge(100 << 20)
		ours += time.Since(start)

		start = time.Now()
		f, err := os.Create(filepath.Join(b.TempDir(), "age"))
		h.must(err)
		w, err := age.Encrypt(f, recipients...)
		h.must(err)
		_, err = io.CopyBuffer(struct{ io.Writer }{w}, io.LimitReader(dotsForever{}, 128<<20), make([]byte, 256<<10))
		h.must(err)
		h.must(w.Close())
		h.must(f.Sync())
		h.must(f.Close())
		ages += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(ages), "times-age")
}

// postLarge has the handler read a form with one large file, without a network in between.
func (h *testServer) postLarge(size int64) {
	h.t.Helper()
	body := io.MultiReader(
		strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"narrative\"\r\n\r\nwords\r\n--b\r\nContent-Disposition: form-data; name=\"consent\"\r\n\r\nstore\r\n"+
			"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"film.mp4\"\r\n\r\n"),
		io.LimitReader(dotsForever{}, size), strings.NewReader("\r\n--b--\r\n"))
	r := h.request(http.MethodPost, "/send", io.NopCloser(body), "Content-Type", "multipart/form-data; boundary=b", "Accept", "application/json")
	w := &discardResponse{header: make(http.Header)}
	h.pages.ServeHTTP(w, r)
	if w.status != http.StatusCreated {
		h.t.Fatalf("status %d, %s", w.status, w.body.String())
	}
}

type discardResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *discardResponse) Header() http.Header         { return r.header }
func (r *discardResponse) WriteHeader(status int)      { r.status = status }
func (r *discardResponse) Write(p []byte) (int, error) { return r.body.Write(p) }

type dotsForever struct{}

func (dotsForever) Read(p []byte) (int, error) {
	for n := 0; n < len(p); n += copy(p[n:], paddingDots) {
	}
	return len(p), nil
}
