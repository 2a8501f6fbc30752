//go:build unix

package casework_test

import (
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"zapis/internal/bench/measure"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/search"
)

// BenchmarkFinder measures what the desk waits for: its first opening of a vault, which reads every statement, the next
// one, which reads the caches, a search and a filter. Times are on the wall, in processor time where the name says so.
func BenchmarkFinder(b *testing.B) {
	m := newMany(b, *manyReports)
	dir := filepath.Join(b.TempDir(), "vault")
	v := benchVault(b, dir)
	m.take(b, v, filepath.Join(m.dir, "carry"))
	ok(b, v.Close())
	start := func(name string) *casework.Finder {
		runtime.GC()
		at, cpu := time.Now(), measure.CPU()
		v := benchVault(b, dir)
		defer v.Close()
		ok(b, v.Use(m.anna))
		cases, err := v.Sort(b.Context(), func(int, int) {})
		ok(b, err)
		f, err := v.Finder(b.Context(), cases, func(int, int) {})
		ok(b, err)
		b.ReportMetric(1000*time.Since(at).Seconds(), name+"-ms")
		b.ReportMetric(1000*(measure.CPU()-cpu).Seconds(), name+"-cpu-ms")
		if _, total := f.Find(casework.Sought{}); total != m.reports {
			b.Fatalf("%d cases of %d", total, m.reports)
		}
		return f
	}
	for b.Loop() {
		start("first")
		f := start("cached")
		worst := func(name string, all ...casework.Sought) {
			var most time.Duration
			for _, s := range all {
				cpu := measure.CPU()
				s.Limit = 50
				f.Find(s)
				most = max(most, measure.CPU()-cpu)
			}
			b.ReportMetric(1000*most.Seconds(), name+"-cpu-ms")
		}
		worst("search", casework.Sought{Words: "a"}, casework.Sought{Words: "th"}, casework.Sought{Words: "п"}, casework.Sought{Words: "the they"})
		worst("filter", casework.Sought{Where: []search.Condition{{Column: casework.ColumnDanger, AnyOf: []string{"yes", "unsure"}}}},
			casework.Sought{Where: []search.Condition{{Column: casework.ColumnConflict, Empty: true, Not: true}}}, casework.Sought{Sort: casework.ColumnReceived, Down: true})
		runtime.GC()
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		b.ReportMetric(float64(mem.HeapAlloc)/(1<<20), "heap-MiB")
		runtime.KeepAlive(f)
	}
	b.ReportMetric(0, "ns/op")
}
