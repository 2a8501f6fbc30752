package statistics

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Interval is what an attacker can infer about a figure that is not shown exactly: it is from Low to High. High is
// +Inf where there is no bound.
type Interval struct {
	Period    Period
	Key       Key
	Low, High float64
}

// Finding is a figure that should be protected, and is known.
type Finding struct {
	Interval
	What string // "exact", "small": below what must stay possible; "changed": two releases differ by a few
}

// Attack computes what an attacker can infer from a series of releases: from all figures of all of them and from how
// tables are made, linear programming yields the interval of each hidden figure. Figures that two releases have for
// one cell, and that differ by fewer than 5, are findings too. It uses only public information. It fails where no
// counts fit the releases at all.
func Attack(releases []Release) ([]Interval, []Finding, error) {
	var intervals []Interval
	var findings []Finding
	periods := map[Period][]Counts{}
	for _, r := range releases {
		for _, c := range r.Counts {
			periods[c.Period] = append(periods[c.Period], c)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(periods)) {
		findings = append(findings, changed(periods[p])...)
		found, err := intervalsOf(periods[p], baseOf(releases))
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %s", err, p)
		}
		intervals = append(intervals, found...)
	}
	for _, i := range intervals {
		switch {
		case i.High-i.Low < 1-1e-6:
			findings = append(findings, Finding{i, "exact"})
		case i.High < Protected-1e-6 && baseOf(releases) == 0:
			findings = append(findings, Finding{i, "small"})
		}
	}
	return intervals, findings, nil
}

func baseOf(releases []Release) int {
	if len(releases) == 0 {
		return 0
	}
	return releases[0].Mode.base()
}

// changed compares the figures of several releases for one half-year.
func changed(all []Counts) []Finding {
	var out []Finding
	first := map[Key]int{}
	for _, c := range all {
		for _, cell := range c.Cells {
			if cell.Hidden {
				continue
			}
			had, twice := first[cell.Key]
			if d := had - cell.Count; twice && d != 0 && d > -Smallest(TableTotal) && d < Smallest(TableTotal) {
				out = append(out, Finding{Interval{c.Period, cell.Key, float64(cell.Count), float64(had)}, "changed"})
			}
			first[cell.Key] = cell.Count
		}
	}
	return out
}

// intervalsOf bounds the hidden cells of one half-year, which several releases may include. A figure that one of them
// shows is known in all; hosts that one of them lists are part of the others' Other.
func intervalsOf(all []Counts, base int) ([]Interval, error) {
	a := &attacker{number: map[string]int{}, base: base}
	for _, c := range all {
		a.take(c)
	}
	for _, c := range all {
		a.relate(c)
	}
	a.refine(all)
	return a.solve(all[0].Period)
}

type attacker struct {
	base   int
	number map[string]int // of a variable
	keys   []Key
	low    []float64 // known bounds
	high   []float64
	rows   []row
}

// name distinguishes the cells of Other in releases that list different hosts.
func name(c Counts, k Key) string {
	if k.Row == Other && (k.Table == TableHost || k.Table == TableCross) {
		return fmt.Sprint(k.Table, "/", k.Column, "/other than ", c.Hosts)
	}
	return fmt.Sprint(k.Table, "/", k.Row, "/", k.Column)
}

func (a *attacker) variable(what string, k Key, low float64) int {
	n, known := a.number[what]
	if !known {
		n = len(a.keys)
		a.number[what] = n
		a.keys, a.low, a.high = append(a.keys, k), append(a.low, 0), append(a.high, math.Inf(1))
	}
	a.low[n] = max(a.low[n], low)
	return n
}

func (a *attacker) take(c Counts) {
	l := newLattice(c.Hosts, c.Worked)
	for i, k := range l.keys {
		n := a.variable(name(c, k), k, float64(l.floor[i]))
		if i >= len(c.Cells) || c.Cells[i].Hidden {
			continue
		}
		low, high := bounds(c.Cells[i].Count, a.base)
		a.low[n], a.high[n] = max(a.low[n], low), min(a.high[n], high)
		if a.low[n] > a.high[n] { // two releases contradict each other: what is newest counts
			a.low[n], a.high[n] = low, high
		}
	}
}

// bounds returns which counts are shown as this figure.
func bounds(figure, base int) (low, high float64) {
	if base == 0 {
		return float64(figure), float64(figure)
	}
	return max(0, float64(figure-base/2)), float64(figure + (base-1)/2)
}

func (a *attacker) relate(c Counts) {
	l := newLattice(c.Hosts, c.Worked)
	for _, rel := range l.relations {
		r := row{coef: map[int]float64{}, atMost: rel.atMost}
		for _, n := range rel.plus {
			r.coef[a.number[name(c, l.keys[n])]]++
		}
		for _, n := range rel.minus {
			r.coef[a.number[name(c, l.keys[n])]]--
		}
		a.rows = append(a.rows, r)
	}
}

// refine relates two releases of one half-year: the Other of the one contains the hosts which only the other lists.
func (a *attacker) refine(all []Counts) {
	for i, c := range all {
		for _, d := range all[:i] {
			for _, column := range append([]string{""}, groupRows...) {
				table := TableHost
				if column != "" {
					table = TableCross
				}
				r := row{coef: map[int]float64{}}
				complete := true
				term := func(of Counts, host string, by float64) {
					n, known := a.number[name(of, Key{table, host, column})]
					complete = complete && known
					r.coef[n] += by
				}
				for _, h := range append(slices.Clone(c.Hosts), Other) {
					term(c, h, 1)
				}
				for _, h := range append(slices.Clone(d.Hosts), Other) {
					term(d, h, -1)
				}
				if complete {
					a.rows = append(a.rows, r)
				}
			}
		}
	}
}

// solve writes each variable as its lower bound and a rest that is at least 0, fixes those that are known, and
// computes the least and the largest value of all others.
func (a *attacker) solve(p Period) ([]Interval, error) {
	column := make([]int, len(a.keys))
	var free []int
	for n := range a.keys {
		column[n] = -1
		if a.low[n] != a.high[n] {
			column[n] = len(free)
			free = append(free, n)
		}
	}
	var rows []row
	for _, r := range a.rows {
		out := row{coef: map[int]float64{}, bound: r.bound, atMost: r.atMost}
		for n, c := range r.coef {
			out.bound -= c * a.low[n]
			if column[n] >= 0 && c != 0 {
				out.coef[column[n]] = c
			}
		}
		if len(out.coef) > 0 {
			rows = append(rows, out)
		}
	}
	for _, n := range free {
		if !math.IsInf(a.high[n], 1) {
			rows = append(rows, row{coef: map[int]float64{column[n]: 1}, bound: a.high[n] - a.low[n], atMost: true})
		}
	}
	lp, err := newProgram(len(free), rows)
	if err != nil {
		return nil, err
	}
	var out []Interval
	for _, n := range free {
		objective := make([]float64, len(free))
		objective[column[n]] = 1
		high := lp.maximise(objective)
		objective[column[n]] = -1
		low := -lp.maximise(objective)
		out = append(out, Interval{p, a.keys[n], whole(low + a.low[n]), whole(high + a.low[n])})
	}
	return out, nil
}

// whole removes a solver's rounding error.
func whole(v float64) float64 {
	if r := math.Round(v); math.Abs(v-r) < 1e-5 {
		return r
	}
	return v
}
