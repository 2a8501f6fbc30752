//go:build unix

package links

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"zapis/internal/bench/measure"
)

// BenchmarkSuggest takes 100,000 cases with texts of 200 words, a picture each and what real ones share.
func BenchmarkSuggest(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	cases := make([]Case, 100_000)
	for i := range cases {
		var text strings.Builder
		for range 200 {
			fmt.Fprintf(&text, "w%d ", r.IntN(50_000))
		}
		if r.IntN(100) == 0 {
			text.WriteString(phrase)
		}
		cases[i] = Case{Key: fmt.Sprintf("c%08x", i), Text: text.String(), Files: []File{{fmt.Sprint(r.IntN(1 << 30)), r.Uint64()}},
			Actors: []string{fmt.Sprint("actor ", r.IntN(20_000))}, When: fmt.Sprintf("20%02d-%02d", 20+r.IntN(7), 1+r.IntN(12)), Place: fmt.Sprint("K", r.IntN(100))}
	}
	b.ResetTimer()
	for b.Loop() {
		start := measure.CPU()
		list, _ := Suggest(cases, Known{})
		b.ReportMetric(float64(measure.CPU()-start)/float64(time.Millisecond), "cpu-ms")
		b.ReportMetric(float64(len(list)), "suggestions")
	}
}
