package statistics

import "slices"

// Other is the row of all host countries that are not listed.
const Other = "other"

// The tables of a release.
const (
	TableTotal    = "total"         // reports: every counted case but barriers
	TableMethod   = "method"        // group of methods; a case may be in several
	TableHost     = "host"          // host country
	TableCross    = "host_method"   // host country x group of methods
	TableRole     = "role"          // role of the person
	TableTold     = "told"          // which office was told
	TableResponse = "response"      // what the authority did, of those told
	TableOutcome  = "told_response" // police or another office x what it did
	TableNexus    = "nexus"         // what ties it to the state; barriers apart
	TableWorked   = "worked"        // office, rule, outcome that helped
)

// Tables returns all tables in the order of a release.
func Tables() []string {
	return []string{TableTotal, TableMethod, TableHost, TableCross, TableRole, TableTold, TableResponse, TableOutcome, TableNexus, TableWorked}
}

// Key names a cell. Column is empty in tables of one dimension.
type Key struct{ Table, Row, Column string }

// Smallest returns the least count that a table shows.
func Smallest(table string) int {
	switch table {
	case TableCross, TableOutcome, TableWorked:
		return 10
	}
	return 5
}

// Protected is the upper end of the interval that stays possible for each small cell, from 0.
const Protected = 4

// relation is a public fact about the cells: the sum of plus, less the sum of minus, is 0, or at most 0.
type relation struct {
	plus, minus []int // numbers of cells
	atMost      bool
}

// lattice is the cells of one half-year and all relations between them, whatever the counts are. It follows from
// public facts: the listed hosts and solutions.
type lattice struct {
	keys      []Key
	number    map[Key]int
	floor     []int // what a cell has at least, because its row is listed
	relations []relation
	of        [][]int // by cell: its relations
}

// newLattice returns the cells for these hosts (ascending, without Other) and solutions. Without a listed host the
// cross table would repeat the table of methods, and is left out.
func newLattice(hosts, worked []string) *lattice {
	l := &lattice{number: map[Key]int{}}
	l.one(TableTotal, "reports")
	l.rows(TableMethod, groupRows)
	for _, h := range hosts {
		l.floor[l.add(Key{TableHost, h, ""})] = Smallest(TableHost)
	}
	listed := append(slices.Clone(hosts), Other)
	l.one(TableHost, Other)
	if len(hosts) > 0 {
		l.cross(TableCross, listed, groupRows)
	}
	l.rows(TableRole, roleRows)
	l.rows(TableTold, toldRows)
	l.rows(TableResponse, responseRows)
	l.cross(TableOutcome, crossTold, responseRows)
	l.rows(TableNexus, slices.Concat(tiesRows, barrierRows, []string{"barriers", "all"}))
	for _, w := range worked {
		l.floor[l.add(Key{TableWorked, w, ""})] = Smallest(TableWorked)
	}
	l.relate(listed, len(hosts) > 0, worked)
	l.of = make([][]int, len(l.keys))
	for r, rel := range l.relations {
		for _, n := range slices.Concat(rel.plus, rel.minus) {
			l.of[n] = append(l.of[n], r)
		}
	}
	return l
}

func (l *lattice) relate(listed []string, cross bool, worked []string) {
	total := l.cells(TableTotal, []string{"reports"}, "")
	barriers, everything := l.cells(TableNexus, []string{"barriers"}, ""), l.cells(TableNexus, []string{"all"}, "")
	l.equal(l.cells(TableHost, listed, ""), total)
	l.equal(l.cells(TableRole, roleRows, ""), total)
	l.equal(l.cells(TableTold, toldRows, ""), total)
	l.equal(l.cells(TableNexus, tiesRows, ""), total)
	l.equal(l.cells(TableNexus, barrierRows, ""), barriers)
	l.equal(slices.Concat(total, barriers), everything)
	l.several(total[0], func(g string) int { return l.number[Key{TableMethod, g, ""}] })
	if cross {
		for _, g := range groupRows {
			l.equal(l.cells(TableCross, listed, g), l.cells(TableMethod, []string{g}, ""))
		}
		for _, h := range listed {
			l.several(l.number[Key{TableHost, h, ""}], func(g string) int { return l.number[Key{TableCross, h, g}] })
		}
	}
	for _, t := range crossTold {
		var parts []int
		for _, r := range responseRows {
			parts = append(parts, l.number[Key{TableOutcome, t, r}])
		}
		l.equal(parts, l.cells(TableTold, []string{t}, ""))
	}
	for _, r := range responseRows {
		l.equal(l.cells(TableOutcome, crossTold, r), l.cells(TableResponse, []string{r}, ""))
	}
	for _, w := range worked {
		l.atMost(l.cells(TableWorked, []string{w}, ""), everything)
	}
}

// several relates the groups of methods to the cases that they are counted of. A case is in at least one group, or in
// None alone: so no group has more cases than there are with any, and all groups together have no fewer.
func (l *lattice) several(whole int, group func(string) int) {
	none := group(None)
	minus := []int{none}
	for _, g := range groupRows[:len(groupRows)-1] {
		l.atMost([]int{group(g), none}, []int{whole})
		minus = append(minus, group(g))
	}
	l.atMost([]int{whole}, minus)
}

func (l *lattice) add(k Key) int {
	n := len(l.keys)
	l.keys, l.floor, l.number[k] = append(l.keys, k), append(l.floor, 0), n
	return n
}

func (l *lattice) one(table, row string) { l.add(Key{table, row, ""}) }

func (l *lattice) rows(table string, rows []string) {
	for _, r := range rows {
		l.one(table, r)
	}
}

func (l *lattice) cross(table string, rows, columns []string) {
	for _, r := range rows {
		for _, c := range columns {
			l.add(Key{table, r, c})
		}
	}
}

func (l *lattice) cells(table string, rows []string, column string) []int {
	out := make([]int, len(rows))
	for i, r := range rows {
		out[i] = l.number[Key{table, r, column}]
	}
	return out
}

func (l *lattice) equal(plus, minus []int) {
	l.relations = append(l.relations, relation{plus, minus, false})
}
func (l *lattice) atMost(plus, minus []int) {
	l.relations = append(l.relations, relation{plus, minus, true})
}

// gap returns by how much a relation is broken: above 0 where plus is too large, below 0 where it is too small.
func (r relation) gap(values []int) int {
	sum := 0
	for _, n := range r.plus {
		sum += values[n]
	}
	for _, n := range r.minus {
		sum -= values[n]
	}
	if r.atMost && sum < 0 {
		return 0
	}
	return sum
}

// holds reports whether values could be counts: none is below its floor, and every relation holds.
func (l *lattice) holds(values []int) bool {
	for n, v := range values {
		if v < l.floor[n] {
			return false
		}
	}
	return !slices.ContainsFunc(l.relations, func(r relation) bool { return r.gap(values) != 0 })
}
