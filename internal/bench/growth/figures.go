package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// figure is what one verb took over a ledger of so many cases, in milliseconds: processor time of its process, and time
// by the clock. Each is the median of the rounds.
type figure struct {
	verb      string
	cases     int
	cpu, wall float64
}

const heading = "verb\tcases\tprocessor ms\tclock ms\n"

// marshal returns the figures as lines of fields between tabs.
func marshal(list []figure) string {
	var b strings.Builder
	b.WriteString(heading)
	for _, r := range table(list) {
		for _, f := range r.figures {
			fmt.Fprintf(&b, "%s\t%d\t%.1f\t%.1f\n", f.verb, f.cases, f.cpu, f.wall)
		}
	}
	return b.String()
}

// parse is the inverse of marshal.
func parse(text string) ([]figure, error) {
	var list []figure
	lines, ok := strings.CutPrefix(text, heading)
	if !ok {
		return nil, fmt.Errorf("these are no figures of growth")
	}
	for line := range strings.Lines(lines) {
		words := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(words) != 4 {
			return nil, fmt.Errorf("%q: there are 4 fields in a line", line)
		}
		f := figure{verb: words[0]}
		var err, err2, err3 error
		f.cases, err = strconv.Atoi(words[1])
		f.cpu, err2 = strconv.ParseFloat(words[2], 64)
		f.wall, err3 = strconv.ParseFloat(words[3], 64)
		if err != nil || err2 != nil || err3 != nil {
			return nil, fmt.Errorf("%q: it has no three numbers", line)
		}
		list = append(list, f)
	}
	return list, nil
}

// replace adds figures in place of those of the same verb and size.
func replace(list, with []figure) []figure {
	list = slices.DeleteFunc(list, func(f figure) bool {
		return slices.ContainsFunc(with, func(w figure) bool { return w.verb == f.verb && w.cases == f.cases })
	})
	return append(list, with...)
}

// row is a verb with its figures, by ascending size.
type row struct {
	verb    string
	figures []figure
	slope   float64 // of the last two sizes, in log-log: the power of the number of cases with which the time grows
}

// tolerated is the slope up to which growth is no worse than n log n: from 10,000 to 100,000 that has 1.10, and what is
// measured spreads.
const tolerated = 1.15

func (r row) worse() bool { return r.slope > tolerated }

// table groups the figures by verb, in their order.
func table(list []figure) []row {
	var rows []row
	for _, f := range list {
		at := slices.IndexFunc(rows, func(r row) bool { return r.verb == f.verb })
		if at < 0 {
			at, rows = len(rows), append(rows, row{verb: f.verb})
		}
		rows[at].figures = append(rows[at].figures, f)
	}
	for i := range rows {
		of := rows[i].figures
		slices.SortFunc(of, func(a, b figure) int { return a.cases - b.cases })
		if n := len(of); n > 1 {
			last, before := of[n-1], of[n-2]
			rows[i].slope = math.Log(last.cpu/before.cpu) / math.Log(float64(last.cases)/float64(before.cases))
		}
	}
	return rows
}

// markdown prints the rows as a table.
func markdown(rows []row) string {
	var sizes []int
	for _, r := range rows {
		for _, f := range r.figures {
			if !slices.Contains(sizes, f.cases) {
				sizes = append(sizes, f.cases)
			}
		}
	}
	slices.Sort(sizes)
	var b strings.Builder
	b.WriteString("| processor time, ms |")
	for _, n := range sizes {
		b.WriteString(" " + grouped(n) + " |")
	}
	b.WriteString(" power |\n|---|" + strings.Repeat("---|", len(sizes)+1) + "\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s |", r.verb)
		for _, n := range sizes {
			cell := ""
			for _, f := range r.figures {
				if f.cases == n {
					cell = grouped(int(math.Round(f.cpu)))
				}
			}
			b.WriteString(" " + cell + " |")
		}
		fmt.Fprintf(&b, " %.2f |\n", r.slope)
	}
	return b.String()
}

// grouped writes a number with a comma between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
