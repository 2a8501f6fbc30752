//go:build unix

package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"testing"

	"zapis/crypto/reportcode"
	"zapis/internal/bench/measure"
	"zapis/internal/server/intake"
)

// BenchmarkPostReports measures reports of words alone through the handler, from one client and from ten, in turn with
// as many derivations of a code by as many callers and nothing else, which no report can do without:
//
//	reports/s, p50-ms    of the reports
//	of-limit             the time of the derivations, of that of the reports
//	cpu-of-limit         the same of processor time
func BenchmarkPostReports(b *testing.B) {
	const rounds = 5
	for clients, each := range map[int]int{1: 20, 10: 4} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			h := newTestServer(b, intake.Limits{}, Options{})
			deriver := reportcode.NewDeriver("example.org/ledger")
			derive := func() {
				c, err := reportcode.New(rand.Reader)
				h.must(err)
				keys, err := deriver.Derive(context.Background(), c)
				h.must(err)
				keys.Wipe()
				c.Wipe()
			}
			h.postWords()
			for b.Loop() {
				var single []float64
				took := measure.Turns(rounds,
					measure.Way{Name: "reports", Do: func() { single = append(single, measure.Together(clients, each, h.postWords)...) }},
					measure.Way{Name: "limit", Do: func() { measure.Together(clients, each, derive) }})
				var rate []float64
				for _, seconds := range measure.Seconds(took["reports"], measure.Wall) {
					rate = append(rate, float64(clients*each)/seconds)
				}
				measure.Report(b, "reports/s", rate)
				b.ReportMetric(1000*measure.Median(single), "p50-ms")
				measure.Report(b, "of-limit", measure.Ratios(took["limit"], took["reports"], measure.Wall))
				measure.Report(b, "cpu-of-limit", measure.Ratios(took["limit"], took["reports"], measure.Processor))
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// postWords sends a report of 1,400 characters to the handler, without a network in between.
func (h *testServer) postWords() {
	body, kind := multipartBody(h.t, field("narrative", string(bytes.Repeat([]byte("They came at six. "), 78))), field("consent", "store"))
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.URL+"/send", bytes.NewReader(body))
	if err != nil {
		h.t.Error(err)
		return
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Accept", "application/json")
	w := &discardResponse{header: make(http.Header)}
	h.pages.ServeHTTP(w, r)
	if w.status != http.StatusCreated {
		h.t.Errorf("status %d, %s", w.status, w.body.String())
	}
}
