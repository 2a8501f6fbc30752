package casework

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"zapis/crypto/ledger"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/vault"
)

// Listing takes the cases of a vault, one by one, in the order of a list: those in danger first, then by when they were received.
type Listing interface {
	// Begin comes before the first case, with their number. It may come once more: what came before counts for nothing then.
	Begin(cases int)
	// Case takes a case. at grows in the order of Cases.List. s is valid until Case returns; its lists stay.
	Case(at uint64, s *casefile.Summary)
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
	keys := make(map[*Case]string, len(cases.List))
	for _, c := range cases.List {
		s := c.Summary()
		keys[c] = listKey(c.place(), &s)
	}
	order := slices.SortedFunc(maps.Keys(keys), func(a, b *Case) int { return strings.Compare(keys[a], keys[b]) })
	for _, c := range order {
		s := c.Summary()
		to.Case(c.place(), &s)
	}
	return cases, nil
}

// listPages gives the rows of the cache to a list; false where they are damaged, or not as many as there must be.
func listPages(pages *vault.Pages, cases int, to Listing) bool {
	to.Begin(cases)
	var s casefile.Summary
	row, n, fits := newRowReader(), 0, true
	whole := pages.Each(listPrefix, func(key, text []byte) bool {
		at, known := placeOf(key)
		if fits = known && row.read(text, &s) == nil; fits {
			to.Case(at, &s)
			n++
		}
		return fits
	})
	return whole && fits && n == cases
}

// The key of a case's row in a list is such that the order of the keys is the list's: urgency, when it was received, place in
// the order of the first reports, id.
const (
	listPrefix = "l"
	placeFrom  = len("l") + 1 + 16 + 8
	placeTo    = placeFrom + 16
)

func listKey(at uint64, s *casefile.Summary) string {
	const positive = 1 << 63 // so that times before 1970 come first
	return fmt.Sprintf("%s%d%016x%08x%016x%s", listPrefix, s.Urgency(), uint64(s.Received.Unix())+positive, s.Received.Nanosecond(), at, s.Case)
}

// placeOf reads the place in a key.
func placeOf(key []byte) (at uint64, ok bool) {
	if len(key) < placeTo {
		return 0, false
	}
	at, err := strconv.ParseUint(string(key[placeFrom:placeTo]), 16, 64)
	return at, err == nil
}

// place returns where the case stands among all: the number of its first entry, or, where all of it waits, 2^63 and the
// beginning of its first body hash, by which what waits is in order.
func (c *Case) place() uint64 {
	at := uint64(math.MaxUint64)
	for _, s := range c.subs {
		if s.Waiting {
			at = min(at, placeWaiting(s.Hash))
		} else {
			at = min(at, s.Index)
		}
	}
	return at
}

// place is that of the case of the line.
func (l caseLine) place() uint64 {
	at := uint64(math.MaxUint64)
	for _, s := range l.Subs {
		if s.Index == nil {
			at = min(at, placeWaiting(s.Entry.Body))
		} else {
			at = min(at, *s.Index)
		}
	}
	return at
}

func placeWaiting(body ledger.Hash) uint64 { return 1<<63 | binary.BigEndian.Uint64(body[:])>>1 }
