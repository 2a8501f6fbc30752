package main

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"zapis/internal/bench/measure"
)

// procs is the number of cores that go test puts behind a benchmark's name.
var procs = regexp.MustCompile(`-\d+$`)

// peak is what the test of the server's memory logs.
var peak = regexp.MustCompile(`VmHWM ([0-9.]+) MiB`)

// parse returns all figures in what go test printed, by benchmark and metric: "Check of-sha256".
func parse(out []byte) map[string][]float64 {
	found := make(map[string][]float64)
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if m := peak.FindStringSubmatch(lines.Text()); m != nil {
			if v, err := strconv.ParseFloat(m[1], 64); err == nil {
				found["VmHWM MiB"] = append(found["VmHWM MiB"], v)
			}
		}
		words := strings.Fields(lines.Text())
		if len(words) < 4 || len(words)%2 != 0 {
			continue
		}
		name, ok := strings.CutPrefix(procs.ReplaceAllString(words[0], ""), "Benchmark")
		if !ok {
			continue
		}
		for i := 2; i < len(words); i += 2 {
			if v, err := strconv.ParseFloat(words[i], 64); err == nil {
				key := name + " " + words[i+1]
				found[key] = append(found[key], v)
			}
		}
	}
	return found
}

// What is said of a row.
const (
	reaches = "yes"
	misses  = "NO"
	absent  = "NOT MEASURED"
	noGoal  = ""
)

// line is a row of the table, as it is printed.
type line struct{ work, goal, measured, spread, limit, verdict, term string }

func (w want) judge(found map[string][]float64) line {
	l := line{work: w.work, verdict: noGoal}
	switch {
	case w.least > 0:
		l.goal = fmt.Sprintf("at least %g%s", w.least, w.unit)
	case w.most > 0:
		l.goal = fmt.Sprintf("at most %g%s", w.most, w.unit)
	}
	list := found[w.figure]
	if len(list) == 0 {
		l.verdict = absent
		return l
	}
	scale := w.scale
	if scale == 0 {
		scale = 1
	}
	v := measure.Median(list) * scale
	l.measured = figure(v) + w.unit
	least, most := slices.Min(list), slices.Max(list)
	if rounds := found[w.figure+measure.Least]; len(rounds) > 0 { // the benchmark has taken the median itself
		least, most = slices.Min(rounds), slices.Max(found[w.figure+measure.Most])
	}
	if limit := found[w.limit]; len(limit) > 0 {
		l.limit = figure(measure.Median(limit)) + " " + w.in
	}
	if least < most {
		l.spread = spread(least*scale, most*scale)
	}
	switch {
	case w.least > 0 && v < w.least, w.most > 0 && v > w.most:
		l.verdict, l.term = misses, w.term
	case l.goal != "":
		l.verdict = reaches
	}
	return l
}

// decimals leaves three digits that mean something, and none behind the point of a large number.
func decimals(v float64) int {
	switch {
	case v >= 100:
		return 0
	case v >= 10:
		return 1
	}
	return 2
}

func figure(v float64) string { return strconv.FormatFloat(v, 'f', decimals(v), 64) }

// markdown prints the table, and of what misses, by which term of the model in docs/performance.md.
func markdown(lines []line) string {
	rows := [][]string{{"Work", "Must reach", "Median", "Least to most", "Its limit", "Reached"}}
	var why strings.Builder
	for _, l := range lines {
		rows = append(rows, []string{l.work, l.goal, l.measured, l.spread, l.limit, l.verdict})
		if l.term != "" {
			fmt.Fprintf(&why, "\nMissed, by %s: %s\n", l.term, l.work)
		}
	}
	return aligned(rows) + why.String()
}
