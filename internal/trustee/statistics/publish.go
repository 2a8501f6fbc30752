package statistics

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"zapis/crypto/canonical"
)

// Refusal is the reason why nothing is released. Its code is stable; the desk's locales have the sentences.
type Refusal struct{ Code, English string }

func (r *Refusal) Error() string { return r.English }

// Why nothing is released.
var (
	ErrFewerThan5 = &Refusal{"fewer_than_5", "Fewer than 5 in every cell: nothing can be published"}
	ErrTooEarly   = &Refusal{"too_early", "No half-year that is not released yet ended three months ago or earlier"}
	ErrMixed      = &Refusal{"mode_mixed", "Suppression and rounding are never mixed: earlier releases were made the other way"}
	ErrRecovered  = &Refusal{"recovered", "The figures as rounded give counts away: use suppression or a coarser rounding"}
	ErrOrder      = &Refusal{"clock", "The last release is of a later day than today: the clock is wrong"}
)

// Draft computes the next release of all half-years that are due and not released yet. Earlier releases are in order,
// as Verify returns them. A half-year of which nothing can be shown is left out, and can be in a later release. An
// error is a *Refusal.
func Draft(cases []Case, earlier []Release, now time.Time, mode Mode) (Release, error) {
	r := Release{Number: len(earlier) + 1, Day: now.UTC().Truncate(24 * time.Hour), Mode: mode}
	told := map[Period]bool{}
	for _, e := range earlier {
		if e.Mode != mode {
			return Release{}, ErrMixed
		}
		if r.Day.Before(e.Day) {
			return Release{}, ErrOrder
		}
		r.Previous = e.Hash()
		for _, c := range e.Counts {
			told[c.Period] = true
		}
	}
	due := map[Period][]Case{}
	for _, c := range cases {
		if p := PeriodOf(c.Received); c.counts() && !told[p] && p.valid() && !now.Before(p.Due()) {
			due[p] = append(due[p], c)
		}
	}
	if len(due) == 0 {
		return Release{}, ErrTooEarly
	}
	for _, p := range slices.Sorted(maps.Keys(due)) {
		c, ok := counts(p, due[p], mode)
		if !ok {
			continue
		}
		// The certificates and the rounding should leave nothing to be found; the attack is run all the same.
		if _, findings, err := Attack([]Release{{Mode: mode, Counts: []Counts{c}}}); err != nil || len(findings) > 0 {
			return Release{}, ErrRecovered
		}
		r.Counts = append(r.Counts, c)
	}
	if len(r.Counts) == 0 {
		return Release{}, ErrFewerThan5
	}
	return r, r.check()
}

// counts computes one half-year's tables; false where nothing can be shown.
func counts(p Period, cases []Case, mode Mode) (Counts, bool) {
	least, leastWorked := Smallest(TableHost), Smallest(TableWorked)
	c := Counts{Period: p, Hosts: listedHosts(cases, least), Worked: listedWorked(cases, leastWorked)}
	t := count(cases, c.Hosts, c.Worked)
	if mode != Suppress {
		some := false
		for n, k := range t.keys {
			cell := Cell{Key: k, Count: round(t.values[n], mode.base())}
			some = some || cell.Count > 0
			c.Cells = append(c.Cells, cell)
		}
		return c, some
	}
	s, ok := suppress(t)
	for n, k := range t.keys {
		cell := Cell{Key: k, Hidden: !s.shown[n]}
		if s.shown[n] {
			cell.Count = t.values[n]
		}
		c.Cells = append(c.Cells, cell)
	}
	return c, ok
}

// round returns the nearest multiple of the base; halfway goes up.
func round(n, base int) int { return (n + base/2) / base * base }

// Record is a release in the ledger of releases: its text, and an SSH signature over it.
type Record struct{ Text, Signature []byte }

// Sign returns the record of a release. sign returns an SSH signature under Namespace.
func Sign(r Release, sign func(text []byte) ([]byte, error)) (Record, error) {
	text := r.Marshal()
	if _, err := Parse(text); err != nil {
		return Record{}, err
	}
	signature, err := sign(text)
	return Record{text, signature}, err
}

// Verify reads a ledger of releases, oldest first, and verifies every text and signature, the chain of hashes, one
// mode, no half-year twice, no day before the last. The error names the release that does not fit. An error of a text
// or of the chain is a canonical.ErrMismatch.
func Verify(records []Record, check func(text, signature []byte) error) ([]Release, error) {
	var out []Release
	told := map[Period]int{}
	for i, rec := range records {
		refuse := func(err error) ([]Release, error) { return nil, fmt.Errorf("release %d: %w", i+1, err) }
		if err := check(rec.Text, rec.Signature); err != nil {
			return refuse(err)
		}
		r, err := Parse(rec.Text)
		if err != nil {
			return refuse(err)
		}
		if r.Number != i+1 {
			return refuse(canonical.Refuse("it has the number %d", r.Number))
		}
		if i > 0 {
			last := out[i-1]
			switch {
			case r.Previous != last.Hash():
				return refuse(canonical.Refuse("it does not follow the release before it"))
			case r.Mode != last.Mode:
				return refuse(canonical.Refuse("suppression and rounding are mixed"))
			case r.Day.Before(last.Day):
				return refuse(canonical.Refuse("it is older than the release before it"))
			}
		}
		for _, c := range r.Counts {
			if n := told[c.Period]; n > 0 {
				return refuse(canonical.Refuse("%s was released with number %d already", c.Period, n))
			}
			told[c.Period] = r.Number
		}
		out = append(out, r)
	}
	return out, nil
}
