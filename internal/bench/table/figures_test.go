package main

import (
	"maps"
	"slices"
	"testing"
)

const printed = `goos: linux
BenchmarkProof/inclusion-2         	   20000	     41000 ns/op
BenchmarkProof/inclusion-2         	   20000	     60000 ns/op
BenchmarkProof/inclusion-2         	   20000	     43000 ns/op
BenchmarkAppend/writers=64-2       	       1	     21000 batch/s	         0.6200 ledger/file	         0.5100 ledger/file-least	         0.7000 ledger/file-most
    upload_test.go:49: 1 x 1024 MiB in 4.1s: VmHWM 51.3 MiB, at most 64
PASS
`

func TestParse(t *testing.T) {
	got := parse([]byte(printed))
	want := map[string][]float64{
		"Proof/inclusion ns/op":               {41000, 60000, 43000},
		"Append/writers=64 batch/s":           {21000},
		"Append/writers=64 ledger/file":       {0.62},
		"Append/writers=64 ledger/file-least": {0.51},
		"Append/writers=64 ledger/file-most":  {0.7},
		"VmHWM MiB":                           {51.3},
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestTable(t *testing.T) {
	found := parse([]byte(printed))
	var lines []line
	for _, w := range []want{
		{work: "a proof", figure: "Proof/inclusion ns/op", most: 50, unit: " µs", scale: 1e-3},
		{work: "an append", figure: "Append/writers=64 ledger/file", least: 0.7, unit: "x", limit: "Append/writers=64 batch/s", in: "a second", term: "barriers"},
		{work: "without a goal", figure: "Append/writers=64 batch/s"},
		{work: "gone", figure: "Gone x", least: 1},
	} {
		lines = append(lines, w.judge(found))
	}
	const want = `| Work           | Must reach    | Median  | Least to most | Its limit      | Reached      |
|----------------|---------------|---------|---------------|----------------|--------------|
| a proof        | at most 50 µs | 43.0 µs | 41.0 to 60.0  |                | yes          |
| an append      | at least 0.7x | 0.62x   | 0.51 to 0.70  | 21000 a second | NO           |
| without a goal |               | 21000   |               |                |              |
| gone           | at least 1    |         |               |                | NOT MEASURED |

Missed, by barriers: an append
`
	if got := markdown(lines); got != want {
		t.Errorf("\n%s", got)
	}
}

// A row that misses says by which term, and a ratio says to what.
func TestRowsAreWhole(t *testing.T) {
	for _, r := range runs(10_000, 10_000) {
		for _, w := range r.rows {
			if (w.least > 0 || w.most > 0) && w.term == "" {
				t.Errorf("%s has a goal, and no term by which it may miss", w.work)
			}
			if w.limit != "" && w.in == "" {
				t.Errorf("%s has a limit without a unit", w.work)
			}
		}
	}
}
