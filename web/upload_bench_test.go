package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"zapis/crypto/reportcode"
	"zapis/internal/bench/measure"
	"zapis/internal/server/intake"
)

// BenchmarkPost100MiB compares a form with a file of 100 MiB, read from a sender that costs nothing, with age alone over
// the padded size: encrypted to a file and synced. In turns, since a disk's mood changes; figures are medians of the
// rounds.
//
//	times-age       by the clock
//	cpu-times-age   by processor time: it has no part in how well the cores share the work
//	cpu-of-limit    processor time of age, of SHA-256 over the file and over its ciphertext, and of one code's
//	                derivation, divided by ours: what a report with this file can't leave out
func BenchmarkPost100MiB(b *testing.B) {
	const rounds, file, padded = 5, 100 << 20, 128 << 20
	h := newTestServer(b, intake.Limits{}, Options{})
	var recipients []age.Recipient
	for range 3 {
		id, err := age.GenerateHybridIdentity()
		h.must(err)
		recipients = append(recipients, id.Recipient())
	}
	encrypt := func() {
		f, err := os.Create(filepath.Join(b.TempDir(), "age"))
		h.must(err)
		w, err := age.Encrypt(f, recipients...)
		h.must(err)
		_, err = io.CopyBuffer(struct{ io.Writer }{w}, io.LimitReader(dotsForever{}, padded), make([]byte, 256<<10))
		h.must(err)
		h.must(w.Close())
		h.must(f.Sync())
		h.must(f.Close())
	}
	piece := make([]byte, 1<<20)
	hash := func() {
		sum := sha256.New()
		for range (file + padded) / len(piece) {
			sum.Write(piece)
		}
	}
	deriver := reportcode.NewDeriver("example.org/ledger")
	derive := func() {
		c, err := reportcode.New(rand.Reader)
		h.must(err)
		keys, err := deriver.Derive(b.Context(), c)
		h.must(err)
		keys.Wipe()
		c.Wipe()
	}
	h.postLarge(file)
	for b.Loop() {
		took := measure.Turns(rounds,
			measure.Way{Name: "ours", Do: func() { h.postLarge(file) }},
			measure.Way{Name: "age", Do: encrypt},
			measure.Way{Name: "hash", Do: hash},
			measure.Way{Name: "derive", Do: derive})
		limit := make([]measure.Taken, rounds)
		for i := range limit {
			limit[i].CPU = took["age"][i].CPU + took["hash"][i].CPU + took["derive"][i].CPU
		}
		measure.Report(b, "times-age", measure.Ratios(took["ours"], took["age"], measure.Wall))
		measure.Report(b, "cpu-times-age", measure.Ratios(took["ours"], took["age"], measure.Processor))
		measure.Report(b, "cpu-of-limit", measure.Ratios(limit, took["ours"], measure.Processor))
		b.ReportMetric(1000*measure.Median(measure.Seconds(limit, measure.Processor)), "limit-cpu-ms")
		b.ReportMetric(1000*measure.Median(measure.Seconds(took["age"], measure.Wall)), "age-ms")
		for _, way := range []string{"ours", "age", "hash", "derive"} {
			b.ReportMetric(1000*measure.Median(measure.Seconds(took[way], measure.Processor)), way+"-cpu-ms")
		}
	}
	b.ReportMetric(0, "ns/op")
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
	for n := 0; n < len(p); n += copy(p[n:], paddingDots()) {
	}
	return len(p), nil
}
