package statistics

import (
	"cmp"
	"maps"
	"slices"
)

// table is the counts of one half-year on its lattice.
type table struct {
	*lattice
	values []int
}

// count counts some cases. Hosts that are not in list are counted in Other.
func count(cases []Case, list, worked []string) table {
	t := table{lattice: newLattice(list, worked)}
	t.values = make([]int, len(t.keys))
	add := func(table, row, column string) {
		if n, ok := t.number[Key{table, row, column}]; ok {
			t.values[n]++
		}
	}
	for _, c := range cases {
		add(TableNexus, "all", "")
		add(TableNexus, c.nexus(), "")
		for _, w := range c.worked() {
			add(TableWorked, w, "")
		}
		if c.barrier() {
			add(TableNexus, "barriers", "")
			continue
		}
		host := c.host()
		if !slices.Contains(list, host) {
			host = Other
		}
		told := c.told()
		add(TableTotal, "reports", "")
		add(TableHost, host, "")
		add(TableRole, oneOf(roleRows, c.Role), "")
		add(TableTold, told, "")
		if slices.Contains(crossTold, told) {
			add(TableResponse, oneOf(responseRows, c.Response), "")
			add(TableOutcome, told, oneOf(responseRows, c.Response))
		}
		for _, g := range c.groups() {
			add(TableMethod, g, "")
			add(TableCross, host, g)
		}
	}
	return t
}

// listedHosts selects the hosts that a release lists: those with at least least cases. While all others together have
// fewer than that, the smallest of the listed ones is moved to them, so that their sum reveals none.
func listedHosts(cases []Case, least int) []string {
	n := map[string]int{}
	total := 0
	for _, c := range cases {
		if !c.barrier() {
			n[c.host()]++
			total++
		}
	}
	order := slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
	rest := total
	var listed []string
	for _, h := range order {
		if n[h] < least || rest-n[h] < least {
			break
		}
		rest -= n[h]
		listed = append(listed, h)
	}
	slices.Sort(listed)
	return listed
}

// listedWorked returns the solutions with at least least cases.
func listedWorked(cases []Case, least int) []string {
	n := map[string]int{}
	for _, c := range cases {
		for _, w := range c.worked() {
			n[w]++
		}
	}
	maps.DeleteFunc(n, func(_ string, k int) bool { return k < least })
	return slices.Sorted(maps.Keys(n))
}
