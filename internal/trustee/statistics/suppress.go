package statistics

import (
	"cmp"
	"slices"
)

// suppressed is a table with its shown cells, and the proof that the others are protected.
type suppressed struct {
	table
	shown        []bool
	certificates [][]int // whole sets of counts that fit what is shown
}

// suppress hides the small cells, and as many others as are needed to protect them. It reports false where nothing
// could be shown at all.
func suppress(t table) (suppressed, bool) {
	s := suppressed{table: t, shown: make([]bool, len(t.keys))}
	total := t.number[Key{TableTotal, "reports", ""}]
	if t.values[total] < Smallest(TableTotal) {
		return s, false
	}
	for n := range t.keys {
		s.shown[n] = !t.small(n)
	}
	for n := range t.keys {
		if !t.small(n) {
			continue
		}
		for _, target := range []int{0, Protected} {
			if !s.protect(n, target) {
				return s, false
			}
		}
	}
	return s, slices.Contains(s.shown, true)
}

// small reports whether a cell must not be shown.
func (t table) small(n int) bool { return t.values[n] < Smallest(t.keys[n].Table) }

// covered reports whether known counts fit what is shown and have the target (or more, above 0) in the cell.
func (s *suppressed) covered(n, target int) bool {
	fits := func(values []int) bool { return values[n] == 0 && target == 0 || values[n] >= target && target > 0 }
	return fits(s.values) || slices.ContainsFunc(s.certificates, fits)
}

// protect finds counts that fit what is shown and have the target in the cell, and hides as few other cells as
// possible. Where no search succeeds, it hides the cell's whole table, then everything but the total.
func (s *suppressed) protect(n, target int) bool {
	for fallback := range 4 {
		if s.covered(n, target) {
			return true
		}
		switch fallback {
		case 1:
			s.hide(func(k Key) bool { return k.Table == s.keys[n].Table })
		case 2:
			s.hide(func(k Key) bool { return k.Table != TableTotal })
		case 3:
			return false
		}
		for more := range maxHidden {
			if values := s.search(n, target, more); values != nil {
				for i, v := range values {
					if v != s.values[i] {
						s.shown[i] = false
					}
				}
				s.certificates = append(s.certificates, values)
				return true
			}
		}
	}
	return false
}

func (s *suppressed) hide(which func(Key) bool) {
	for n, k := range s.keys {
		if which(k) {
			s.shown[n] = false
		}
	}
}

const (
	maxHidden = 7     // how many shown cells one certificate may hide, plus 1
	maxSteps  = 3_000 // steps of one search
)

// search looks for such counts by changing the cell and repairing the broken relations, one after the other. It may
// hide this many cells that are shown.
func (s *suppressed) search(n, target, hide int) []int {
	r := &repair{suppressed: s, values: slices.Clone(s.values), locked: make([]bool, len(s.keys)), hide: hide}
	r.values[n], r.locked[n] = target, true
	if r.mend(slices.Clone(s.of[n])) && s.holds(r.values) {
		return r.values
	}
	return nil
}

type repair struct {
	*suppressed
	values []int
	locked []bool // cells that were changed: no later step changes them again
	hide   int
	steps  int
}

// mend makes the relations in touched hold, and all that are broken by that.
func (r *repair) mend(touched []int) bool {
	for len(touched) > 0 && r.relations[touched[0]].gap(r.values) == 0 {
		touched = touched[1:]
	}
	if len(touched) == 0 {
		return true
	}
	if r.steps++; r.steps > maxSteps {
		return false
	}
	rel := r.relations[touched[0]]
	gap := rel.gap(r.values)
	for _, c := range r.candidates(rel, gap) {
		was := r.values[c.cell]
		if r.shown[c.cell] {
			r.hide--
		}
		r.values[c.cell], r.locked[c.cell] = was+c.by, true
		if r.mend(slices.Concat(touched, r.of[c.cell])) {
			return true
		}
		r.values[c.cell], r.locked[c.cell] = was, false
		if r.shown[c.cell] {
			r.hide++
		}
		if r.steps > maxSteps {
			return false
		}
	}
	return false
}

// change is a step: this cell is changed by that amount.
type change struct{ cell, by int }

// candidates returns the cells that can close a relation's gap, or part of it: hidden ones first, then shown ones,
// those that close it wholly before others, small ones before large ones.
func (r *repair) candidates(rel relation, gap int) []change {
	var out []change
	consider := func(cells []int, by int) {
		for _, c := range cells {
			if r.locked[c] || r.shown[c] && r.hide == 0 {
				continue
			}
			if step := max(by, r.floor[c]-r.values[c]); step != 0 {
				out = append(out, change{c, step})
			}
		}
	}
	consider(rel.plus, -gap)
	consider(rel.minus, gap)
	rank := func(c change) int {
		k := 0
		if r.shown[c.cell] {
			k += 4
		}
		if c.by != gap && c.by != -gap {
			k += 2
		}
		if table := r.keys[c.cell].Table; table == TableTotal || table == TableHost {
			k += 1
		}
		return k
	}
	slices.SortFunc(out, func(a, b change) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(r.suppressed.values[a.cell], r.suppressed.values[b.cell]), cmp.Compare(a.cell, b.cell))
	})
	return out
}
