package store

import (
	"fmt"
	"testing"
	"time"

	"zapis/internal/bench/measure"
)

// slowed makes the barriers of BenchmarkAppend's ways slower than the disk's, and counts. One committer at a time uses
// it; a delay of zero is the disk as it is.
var slowed slowDisk

type slowDisk struct {
	delay           time.Duration
	waits           int
	waited          time.Duration
	groups, entries int
}

// barriers waits as if so many barriers had been slow, once the real ones are done: to wait for two together holds the
// committer as long as to wait after each.
func (s *slowDisk) barriers(n int) {
	if s.delay == 0 {
		return
	}
	start := time.Now()
	for range n {
		time.Sleep(s.delay)
	}
	s.waits, s.waited = s.waits+n, s.waited+time.Since(start)
}

// slowRun is one way's rate at one delay, in one round.
type slowRun struct {
	rate  float64 // appends a second
	group float64 // entries, mean
	wait  float64 // seconds a barrier was delayed, mean
}

// predict returns the appends a second by the model of docs/performance.md, of a way with so many barriers a group and
// a rate of its own without delay.
func (r slowRun) predict(barriers int, undelayed float64) float64 {
	return r.group / (float64(barriers)*r.wait + r.group/undelayed)
}

// BenchmarkBarriers appends as BenchmarkAppend does, with barriers that are made slower by a delay in this process, and
// reports the ratios to the bare file beside what the model predicts of them: from the rates without a delay, the delay
// as the clock measured it, and the groups as they were formed. TMPDIR on a file system in memory leaves the delay as
// the only barrier. Medians of five rounds; all delays and ways take turns.
func BenchmarkBarriers(b *testing.B) {
	delays := []time.Duration{0, 50 * time.Microsecond, 500 * time.Microsecond, 2 * time.Millisecond}
	ways := []struct {
		name     string
		barriers int
		run      func(testing.TB, int) float64
	}{{"file", 1, appendFile}, {"ledger", 2, appendLedger}, {"guarded", 3, appendGuarded}}
	defer func() { slowed = slowDisk{} }()
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			type at struct {
				way   string
				delay time.Duration
			}
			rates, predicted, waits := make(map[at][]float64), make(map[at][]float64), make(map[at][]float64)
			for b.Loop() {
				for range 5 {
					undelayed := make(map[string]float64)
					for _, delay := range delays {
						for _, way := range ways {
							slowed = slowDisk{delay: delay}
							r := slowRun{rate: way.run(b, writers)}
							r.group, r.wait = float64(slowed.entries)/float64(slowed.groups), slowed.waited.Seconds()/float64(max(slowed.waits, 1))
							if delay == 0 {
								undelayed[way.name] = r.rate
							}
							k := at{way.name, delay}
							rates[k], waits[k] = append(rates[k], r.rate), append(waits[k], 1e6*r.wait)
							predicted[k] = append(predicted[k], r.predict(way.barriers, undelayed[way.name]))
						}
					}
				}
			}
			for _, delay := range delays {
				file := at{"file", delay}
				b.ReportMetric(measure.Median(rates[file]), fmt.Sprintf("%s/file/s", delay))
				b.ReportMetric(measure.Median(waits[file]), fmt.Sprintf("%s/waited-us", delay))
				for _, way := range []string{"ledger", "guarded"} {
					k := at{way, delay}
					measure.Report(b, fmt.Sprintf("%s/%s/file", delay, way), measure.Quotients(rates[k], rates[file]))
					if delay > 0 {
						b.ReportMetric(measure.Median(measure.Quotients(predicted[k], predicted[file])), fmt.Sprintf("%s/%s/predicted", delay, way))
					}
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
