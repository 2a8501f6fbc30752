package statistics

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zapis/crypto/canonical"
)

// Mode is how small counts are protected. A ledger of releases has one.
type Mode string

const (
	Suppress Mode = "suppress" // small counts, and cells that would reveal them, are not shown
	Round5   Mode = "round-5"  // every figure is rounded to the nearest multiple of 5, independently of all others
	Round10  Mode = "round-10" // to a multiple of 10
)

// base returns the rounding base; 0 where nothing is rounded.
func (m Mode) base() int {
	switch m {
	case Round5:
		return 5
	case Round10:
		return 10
	}
	return 0
}

// Release is one set of tables, as it is published.
type Release struct {
	Number   int       // from 1
	Previous string    // SHA-256 of the text of the release before, in hexadecimal; empty for the first
	Day      time.Time // the day of the release, UTC
	Mode     Mode
	Counts   []Counts // by period
}

// Counts is the content of a release for one half-year.
type Counts struct {
	Period Period
	Hosts  []string // the listed host countries, ascending, without Other
	Worked []string // the listed solutions
	Cells  []Cell   // in the order of the lattice
}

// Cell is one figure.
type Cell struct {
	Key
	Count  int
	Hidden bool
}

// Of returns the figure of a cell; shown is false where it is hidden or missing.
func (c Counts) Of(k Key) (n int, shown bool) {
	i := slices.IndexFunc(c.Cells, func(cell Cell) bool { return cell.Key == k })
	if i < 0 || c.Cells[i].Hidden {
		return 0, false
	}
	return c.Cells[i].Count, true
}

const (
	releaseHeader = "zapis/statistics/v1"
	maxRelease    = 16 << 20
	hiddenMark    = ":"

	// Namespace is the SSH namespace under which releases are signed.
	Namespace = "zapis-statistics"
)

// Marshal writes the release's text:
//
//	zapis/statistics/v1
//	number 1
//	previous -
//	day 2026-10-01
//	mode suppress
//	period 2026-H1
//	cell total reports - 31
//	cell method D - :
//	…
func (r Release) Marshal() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nnumber %d\nprevious %s\nday %s\nmode %s\n", releaseHeader, r.Number, canonical.Dash(r.Previous), r.Day.UTC().Format(time.DateOnly), r.Mode)
	for _, c := range r.Counts {
		fmt.Fprintf(&b, "period %s\n", c.Period)
		for _, cell := range c.Cells {
			figure := hiddenMark
			if !cell.Hidden {
				figure = strconv.Itoa(cell.Count)
			}
			fmt.Fprintf(&b, "cell %s %s %s %s\n", cell.Table, cell.Row, canonical.Dash(cell.Column), figure)
		}
	}
	return []byte(b.String())
}

// Hash returns the SHA-256 of the release's text, in lower-case hexadecimal, which the next release names.
func (r Release) Hash() string {
	sum := sha256.Sum256(r.Marshal())
	return hex.EncodeToString(sum[:])
}

// Parse parses a release and refuses any that this package would not have made: cells missing or out of order, a small
// count that is shown, a release before its time. An error is a canonical.ErrMismatch.
func Parse(text []byte) (Release, error) {
	c := canonical.Begin(text, maxRelease, releaseHeader)
	r := Release{Number: int(c.Decimal(c.Word("number"), 1_000_000)), Previous: canonical.Undash(c.Word("previous"))}
	if r.Previous != "" {
		c.Hash(r.Previous)
	}
	day := c.Word("day")
	var err error
	if r.Day, err = time.Parse(time.DateOnly, day); err != nil {
		c.Fail("not a day, as in 2026-10-01")
	}
	r.Mode = Mode(c.Word("mode"))
	if r.Mode != Suppress && r.Mode.base() == 0 {
		c.Fail("there is no such mode")
	}
	for c.More() {
		r.Counts = append(r.Counts, readCounts(c))
	}
	if err := c.End(); err != nil {
		return Release{}, canonical.Refuse("statistics: %w", err)
	}
	if err := r.check(); err != nil {
		return Release{}, canonical.Refuse("statistics: %w", err)
	}
	return r, nil
}

func readCounts(c *canonical.Reader) Counts {
	out := Counts{Period: Period(c.Word("period"))}
	for c.Has("cell") {
		w := c.Words("cell", 4)
		cell := Cell{Key: Key{w[0], w[1], canonical.Undash(w[2])}, Hidden: w[3] == hiddenMark}
		if !cell.Hidden {
			cell.Count = int(c.Decimal(w[3], 1_000_000_000))
		}
		switch {
		case cell.Table == TableHost && cell.Row != Other:
			out.Hosts = append(out.Hosts, cell.Row)
		case cell.Table == TableWorked:
			out.Worked = append(out.Worked, cell.Row)
		}
		out.Cells = append(out.Cells, cell)
	}
	return out
}

// check refuses a release that can't result from any counts.
func (r Release) check() error {
	switch {
	case r.Number < 1 || (r.Number == 1) != (r.Previous == ""):
		return errors.New("the first release, and no other, has the number 1 and none before it")
	case len(r.Counts) == 0:
		return errors.New("a release says something of one half-year at least")
	}
	for i, c := range r.Counts {
		switch {
		case !c.Period.valid():
			return fmt.Errorf("%.20s is no half-year", c.Period)
		case i > 0 && c.Period <= r.Counts[i-1].Period:
			return errors.New("half-years are out of order")
		case r.Day.Before(c.Period.Due()):
			return fmt.Errorf("%s is not released before %s", c.Period, c.Period.Due().Format(time.DateOnly))
		}
		if err := c.check(r.Mode); err != nil {
			return fmt.Errorf("%s: %w", c.Period, err)
		}
	}
	return nil
}

func (c Counts) check(m Mode) error {
	if !slices.IsSorted(c.Hosts) || !slices.IsSorted(c.Worked) {
		return errors.New("hosts or solutions are out of order")
	}
	l := newLattice(c.Hosts, c.Worked)
	if len(l.number) != len(l.keys) || len(l.keys) != len(c.Cells) {
		return fmt.Errorf("it has %d cells, and %d belong there", len(c.Cells), len(l.number))
	}
	for i, cell := range c.Cells {
		switch {
		case cell.Key != l.keys[i]:
			return fmt.Errorf("the cell %s %s %s is not in its place", cell.Table, cell.Row, canonical.Dash(cell.Column))
		case m == Suppress && !cell.Hidden && cell.Count < Smallest(cell.Table):
			return fmt.Errorf("the cell %s %s %s shows a count below %d", cell.Table, cell.Row, canonical.Dash(cell.Column), Smallest(cell.Table))
		case m != Suppress && (cell.Hidden || cell.Count%m.base() != 0):
			return fmt.Errorf("the cell %s %s %s is not rounded", cell.Table, cell.Row, canonical.Dash(cell.Column))
		}
	}
	return nil
}
