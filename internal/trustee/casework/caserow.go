package casework

import (
	"slices"
	"strconv"
	"time"

	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/search"
)

// The columns of a Finder beside the fields of deskstate, which have the names that they have there.
const (
	ColumnDanger    = "danger"    // yes, unsure, no: the reporter's newest answer
	ColumnCountry   = "country"   // where it happened, as the reporter says
	ColumnLanguage  = "language"  // of the report
	ColumnReported  = "reported"  // methods that the reporter ticked
	ColumnConsent   = "consent"   // in force
	ColumnWithdrawn = "withdrawn" // stop or delete
	ColumnConflict  = "conflict"  // fields about which trustees contradict each other
	ColumnSecond    = "second"    // wanted, or pending where an act waits for a second person
	ColumnOpen      = "open"      // yes while something is to be done
	ColumnReadBy    = "read_by"   // trustees who have read all of it
	ColumnState     = "state"
	ColumnReceived  = "received" // seconds since 1970
	ColumnDue       = "due"      // days since 1970 of the nearest date that is not done
)

// settled are the states in which a case waits for nothing.
var settled = []string{"closed", "duplicate", "out_of_scope", "withdrawn", "erased", "unconfirmed", "found_false"}

// dangerRank orders the answers to whether somebody is in danger now; any other answer comes after these.
var dangerRank = map[string]int64{"yes": 0, "unsure": 1}

// newRow returns a row for fillRow.
func newRow() search.Row {
	return search.Row{Codes: make(map[string][]string), Numbers: make(map[string]int64)}
}

// fillRow puts what a Finder's table has of a case into a row, in place of what the row had.
func fillRow(r *search.Row, c *Case, log *deskstate.Log) {
	s, d := c.Summary(), log.Case(c.ID)
	r.Key = c.ID
	for column, values := range r.Codes {
		r.Codes[column] = values[:0]
	}
	clear(r.Numbers)
	r.Numbers[ColumnReceived] = s.Received.Unix()
	put := func(column string, values ...string) {
		for _, v := range values {
			if v != "" {
				r.Codes[column] = append(r.Codes[column], v)
			}
		}
	}
	put(ColumnDanger, s.Danger)
	put(ColumnCountry, s.Country)
	put(ColumnLanguage, s.Language)
	put(ColumnReported, s.Methods...)
	put(ColumnConsent, s.Consent...)
	put(ColumnWithdrawn, s.Withdrawn)
	put(ColumnState, d.State.Text)
	put(ColumnConflict, d.Conflicts()...)
	for name, value := range d.Fields {
		put(name, value.Text)
	}
	for name, values := range d.Sets {
		for _, v := range values {
			put(name, v.Text)
		}
	}
	put("reliability", reliabilityUngraded(d))
	if d.Fields["second_reader"].Text == "wanted" {
		put(ColumnSecond, "wanted")
	}
	if len(d.Pending) > 0 {
		put(ColumnSecond, "pending")
	}
	if !slices.Contains(settled, d.State.Text) {
		put(ColumnOpen, "yes")
	}
	put(ColumnReadBy, c.ReadBy(d)...)
	due, dated := c.Due(d)
	if dated {
		r.Numbers[ColumnDue] = due.Unix() / 86400
	}
	r.Numbers["rank"] = rank(s.Danger, due, dated, s.Received)
}

// reliabilityUngraded is the F of an anonymous source that no trustee has graded. Whether a case has a name is closed to
// most readers, so that every ungraded source counts as anonymous here.
func reliabilityUngraded(d deskstate.Case) string {
	if len(d.Fields["reliability"].Heads) > 0 {
		return ""
	}
	return d.Reliability(true)
}

// LastEntry is the highest number of a case's entries; 0 where all of it waits.
func (c *Case) LastEntry() uint64 {
	last := uint64(0)
	for _, s := range c.subs {
		if !s.Waiting {
			last = max(last, s.Index)
		}
	}
	return last
}

// ReadBy names the trustees who have read all of a case's entries, in ascending order.
func (c *Case) ReadBy(d deskstate.Case) []string {
	var list []string
	for by, upto := range d.Read {
		if upto >= c.LastEntry() {
			list = append(list, by)
		}
	}
	slices.Sort(list)
	return list
}

// Overdue reports whether a date that Due gave is before the day of now, in UTC.
func Overdue(due, now time.Time) bool { return due.Before(now.UTC().Truncate(24 * time.Hour)) }

// Due gives the nearest date of a case that is not done: a deadline that the reporter named, one of the desk's, or the
// next review. A date that the reporter named is done once a deadline of the desk with the same date is.
func (c *Case) Due(d deskstate.Case) (due time.Time, dated bool) {
	done := make(map[string]bool)
	var dates []string
	for _, one := range d.Sets["deadline"] {
		if one.Parts["done"] != "" {
			done[one.Parts["date"]] = true
		} else {
			dates = append(dates, one.Parts["date"])
		}
	}
	for _, one := range c.Deadlines() {
		if !done[one.Date] {
			dates = append(dates, one.Date)
		}
	}
	if next := d.Fields["next_review"].Text; next != "" {
		dates = append(dates, next)
	}
	for _, text := range dates {
		if day, err := time.Parse(time.DateOnly, text); err == nil && (!dated || day.Before(due)) {
			due, dated = day, true
		}
	}
	return due, dated
}

// rank orders a queue: danger first, then the nearest date, then the newest.
func rank(danger string, due time.Time, dated bool, received time.Time) int64 {
	const never = 1 << 20 // days
	first, known := dangerRank[danger]
	if !known {
		first = int64(len(dangerRank))
	}
	day := int64(never)
	if dated {
		day = min(max(due.Unix()/86400, 0), never)
	}
	return first<<56 | day<<34 | (1<<34 - 1 - received.Unix()&(1<<34-1))
}

// ReadMark is the act by which a trustee has read a case up to its last entry; ok is false where that is known already,
// or the case has no entry.
func ReadMark(c *Case, d deskstate.Case, by string) (act Decision, ok bool) {
	last := c.LastEntry()
	if before, read := d.Read[by]; len(c.subs) == 0 || last == 0 || read && before >= last {
		return Decision{}, false
	}
	return Decision{Case: c.ID, Kind: deskstate.KindRead, Payload: map[string]string{"upto": strconv.FormatUint(last, 10)}}, true
}
