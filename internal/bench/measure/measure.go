// Package measure times work and what it is compared with in turns, so that both meet the same moments of a shared
// machine, by the clock and by processor time. Other work on the machine disturbs the latter less.
package measure

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// Taken is what one run of a work took.
type Taken struct{ Wall, CPU time.Duration }

// Take runs f once.
func Take(f func()) Taken {
	cpu, start := CPU(), time.Now()
	f()
	return Taken{time.Since(start), CPU() - cpu}
}

// Way is one of the works that take turns.
type Way struct {
	Name   string
	Do     func()
	Before func() // what is not timed; nil for nothing
}

// Turns runs every way once in each round, and returns what each took, by name and round.
func Turns(rounds int, ways ...Way) map[string][]Taken {
	took := make(map[string][]Taken)
	for range rounds {
		for _, w := range ways {
			if w.Before != nil {
				w.Before()
			}
			took[w.Name] = append(took[w.Name], Take(w.Do))
		}
	}
	return took
}

// Wall and Processor select a time of Taken, in seconds.
func Wall(t Taken) float64      { return t.Wall.Seconds() }
func Processor(t Taken) float64 { return t.CPU.Seconds() }

// Seconds returns one time of each round.
func Seconds(list []Taken, of func(Taken) float64) []float64 {
	out := make([]float64, len(list))
	for i, t := range list {
		out[i] = of(t)
	}
	return out
}

// Ratios divides the times of two ways, round by round.
func Ratios(over, under []Taken, of func(Taken) float64) []float64 {
	return Quotients(Seconds(over, of), Seconds(under, of))
}

// Quotients divides the figures of two ways, round by round.
func Quotients(over, under []float64) []float64 {
	out := make([]float64, len(over))
	for i := range over {
		out[i] = over[i] / under[i]
	}
	return out
}

// Suffixes of the metrics that Report adds.
const (
	Least = "-least"
	Most  = "-most"
)

// Report reports the median of the rounds as the metric of that name, and beside it the least and the most.
func Report(b *testing.B, name string, rounds []float64) {
	b.ReportMetric(Median(rounds), name)
	b.ReportMetric(slices.Min(rounds), name+Least)
	b.ReportMetric(slices.Max(rounds), name+Most)
}

// Median returns the middle of a list that is not empty.
func Median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	n := len(list)
	if n%2 == 1 {
		return list[n/2]
	}
	return (list[n/2-1] + list[n/2]) / 2
}

// Together has callers call f at once, each so many times, and returns what each call took, in seconds.
func Together(callers, each int, f func()) []float64 {
	took := make([]float64, callers*each)
	var done sync.WaitGroup
	for c := range callers {
		done.Go(func() {
			for i := range each {
				took[c*each+i] = Take(f).Wall.Seconds()
			}
		})
	}
	done.Wait()
	return took
}
