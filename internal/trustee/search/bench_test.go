//go:build unix

package search

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/internal/bench/measure"
)

var statements = flag.Int("search.statements", 10_000, "how many statements of 200 words the benchmark indexes")

// texts makes statements of 200 words: Cyrillic, with the distribution of words that texts have, in 200,000 forms.
func texts(n int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("па лі цы я ві ль ню са бо ка ра то мі не ўз ёл ста рэ дзе го пры вод ім чы шу ля же ны")
	forms := make([]string, 200_000)
	for i := range forms {
		for range 2 + r.IntN(4) {
			forms[i] += syllables[r.IntN(len(syllables))]
		}
	}
	zipf := rand.NewZipf(r, 1.07, 8, uint64(len(forms)-1))
	out := make([]string, n)
	for i := range out {
		var b strings.Builder
		for range 200 {
			b.WriteString(forms[zipf.Uint64()])
			b.WriteByte(' ')
		}
		out[i] = b.String()
	}
	return out
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

// BenchmarkAtSize indexes, writes, loads and searches, and scans the same texts for the same words in between.
func BenchmarkAtSize(b *testing.B) {
	all := texts(*statements)
	folded := make([]string, len(all)) // what a plain scan that pays for folding once would keep
	for i, s := range all {
		folded[i] = " " + Fold(s)
	}
	for b.Loop() {
		start := measure.CPU()
		x := NewIndex()
		for i, s := range all {
			x.Add(fmt.Sprintf("c%08x", i), "statement", s)
		}
		var form bytes.Buffer
		if _, err := x.WriteTo(&form); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(ms(measure.CPU()-start), "build-cpu-ms")
		b.ReportMetric(float64(form.Len())/(1<<20), "form-MiB")
		x = nil
		kept := heap()

		start = measure.CPU()
		x, err := Load(form.Bytes())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(ms(measure.CPU()-start), "load-cpu-ms")
		b.ReportMetric(heap()-kept+float64(form.Len())/(1<<20), "loaded-MiB")

		var worst, scan time.Duration
		for _, q := range []string{"п", "па", "полицы", "вільню са", "рэ дзе го", `"` + strings.Join(strings.Fields(all[0])[3:6], " ") + `"`} {
			query := ParseQuery(q)
			start := measure.CPU()
			found := x.Search(query)
			worst = max(worst, measure.CPU()-start)
			if !strings.Contains(q, `"`) {
				start = measure.CPU()
				words := strings.Fields(Fold(q))
				hits := 0
				for _, s := range folded {
					if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(s, " "+w) }) {
						hits++
					}
				}
				scan = max(scan, measure.CPU()-start)
				if hits != len(found) {
					b.Fatalf("%s: %d found, a scan finds %d", q, len(found), hits)
				}
			}
		}
		b.ReportMetric(ms(worst), "search-cpu-ms")
		b.ReportMetric(ms(scan), "scan-cpu-ms")
	}
}

// BenchmarkTable filters, counts and sorts as many rows.
func BenchmarkTable(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 4))
	for b.Loop() {
		start := measure.CPU()
		x := NewTable()
		for i := range *statements {
			x.Put(Row{fmt.Sprintf("c%08x", i), map[string][]string{
				"state":   {fmt.Sprint("state", r.IntN(13))},
				"method":  {fmt.Sprint("T", r.IntN(54)), fmt.Sprint("A", r.IntN(54))},
				"country": {fmt.Sprint("K", r.IntN(250))},
				"owner":   {fmt.Sprint("trustee", r.IntN(9))},
			}, map[string]int64{"received": r.Int64N(1 << 30), "due": r.Int64N(1000)}})
		}
		b.ReportMetric(ms(measure.CPU()-start), "build-cpu-ms")
		start = measure.CPU()
		x.Select(View{Where: []Condition{{Column: "state", AnyOf: []string{"state1"}, Not: true}, {Column: "due", From: number(5)}}, Sort: "received", Descending: true, Limit: 50})
		b.ReportMetric(ms(measure.CPU()-start), "select-cpu-ms")
		start = measure.CPU()
		x.Counts("country", View{Where: []Condition{{Column: "owner", AnyOf: []string{"trustee1", "trustee2"}}}})
		b.ReportMetric(ms(measure.CPU()-start), "counts-cpu-ms")
	}
}
