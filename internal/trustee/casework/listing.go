package casework

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/vault"
)

// Listing takes the cases of a vault, one by one, in the order of a list: those in danger first, then by when they were received.
type Listing interface {
	// Begin comes before the first case, with their number. It may come once more: what came before counts for nothing then.
	Begin(cases int)
	// Case takes a case. at is its place in the order of the first reports, from 0. s is valid until Case returns; its lists stay.
	Case(at int, s *casefile.Summary)
}

// List gives all cases to a list. Where the vault is as it was when its cases were sorted last, they come from the cache, and
// what it returns says what stands in the way of some, without the cases.
func (v *Trustee) List(ctx context.Context, progress func(done, of int), to Listing) (*Cases, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	state, err := v.state()
	if err != nil {
		return nil, err
	}
	if pages, about := v.openCases(state); pages != nil {
		defer pages.Close()
		if listPages(pages, about.Cases, to) {
			return &Cases{Closed: about.Closed, Erased: about.Erased}, nil
		}
	}
	cases, err := v.sortAndKeep(ctx, progress)
	if err != nil {
		return nil, err
	}
	to.Begin(len(cases.List))
	order := make([]int, len(cases.List))
	keys := make([]string, len(cases.List))
	for i, c := range cases.List {
		s := c.Summary()
		order[i], keys[i] = i, listKey(i, &s)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
	for _, i := range order {
		s := cases.List[i].Summary()
		to.Case(i, &s)
	}
	return cases, nil
}

// listPages gives the rows of the cache to a list; false where they are damaged, or not as many as there must be.
func listPages(pages *vault.Pages, cases int, to Listing) bool {
	to.Begin(cases)
	var s casefile.Summary
	row, n, fits := newRowReader(), 0, true
	whole := pages.Each(listPrefix, func(key, text []byte) bool {
		at, err := strconv.ParseUint(string(key[max(len(key)-placeDigits, 0):]), 16, 32)
		if fits = err == nil && row.read(text, &s) == nil; fits {
			to.Case(int(at), &s)
			n++
		}
		return fits
	})
	return whole && fits && n == cases
}

// The key of a case's row in a list is such that the order of the keys is the list's: urgency, when it was received, place in
// the order of the first reports.
const (
	listPrefix  = "l"
	placeDigits = 8
)

func listKey(at int, s *casefile.Summary) string {
	const positive = 1 << 63 // so that times before 1970 come first
	return fmt.Sprintf("%s%d%016x%08x%0*x", listPrefix, s.Urgency(), uint64(s.Received.Unix())+positive, s.Received.Nanosecond(), placeDigits, at)
}

// listLine returns the line of a case in the cache.
func listLine(at int, c *Case) (vault.Line, error) {
	s := c.Summary()
	text, err := appendRow(nil, &s)
	return vault.Line{Key: listKey(at, &s), Text: text}, err
}
