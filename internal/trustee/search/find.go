package search

import "slices"

// Search returns the cases that contain every term, in any of their parts; a phrase must be within one part. They are
// ordered by when they were first added, the newest first.
func (x *Index) Search(q Query) []string {
	if q.Empty() {
		return nil
	}
	found := all(len(x.cases))
	for _, t := range q.terms {
		found.and(x.casesWith(t))
	}
	out := make([]string, 0, found.count())
	found.each(func(n uint32) { out = append(out, x.cases[n]) })
	slices.Reverse(out)
	return out
}

func (x *Index) casesWith(t term) bitset {
	cases := make(bitset, (len(x.cases)+63)/64)
	if t.phrase {
		for d := range x.phrase(t.words, nil) {
			cases.set(x.docs[d].of)
		}
		return cases
	}
	some := len(x.gone) > 0
	x.matching(t.words[0], true, func(l list) {
		c := l.cursor()
		for d, ok := c.doc(); ok && int(d) < len(x.docs); d, ok = c.doc() {
			if !some || !x.gone.has(d) {
				of := x.docs[d].of
				cases[of>>6] |= 1 << (of & 63)
			}
		}
	})
	return cases
}

// phrase returns, by document, the positions at which the words follow one another; in the documents of among only,
// unless that is nil.
func (x *Index) phrase(words []string, among bitset) map[uint32][]uint32 {
	var found map[uint32][]uint32
	for k, w := range words {
		here := map[uint32][]uint32{}
		x.matching(w, false, func(l list) {
			c := l.cursor()
			for d, ok := c.doc(); ok && int(d) < len(x.docs); d, ok = c.doc() {
				before, wanted := found[d]
				if x.gone.has(d) || among != nil && !among.has(d) || k > 0 && !wanted {
					continue
				}
				var starts []uint32
				for _, n := range c.places(nil) {
					if k == 0 || n >= uint32(k) && slices.Contains(before, n-uint32(k)) {
						starts = append(starts, n-uint32(k))
					}
				}
				if len(starts) > 0 {
					here[d] = append(here[d], starts...)
				}
			}
		})
		found = here
	}
	return found
}
