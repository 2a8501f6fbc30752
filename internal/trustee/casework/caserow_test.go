package casework

import (
	"slices"
	"testing"
	"time"

	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/search"
)

func TestADateIsOverdueOnceItsDayHasEnded(t *testing.T) {
	due := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	kyiv := time.FixedZone("", 2*60*60)
	for now, want := range map[time.Time]bool{
		time.Date(2027, 2, 28, 23, 59, 59, 0, time.UTC): false,
		due: false,
		time.Date(2027, 3, 1, 23, 59, 59, 0, time.UTC): false,
		time.Date(2027, 3, 2, 0, 0, 0, 0, time.UTC):    true,
		time.Date(2027, 3, 2, 1, 0, 0, 0, kyiv):        false, // 23:00 UTC of the day before
		time.Date(2027, 3, 2, 2, 0, 0, 0, kyiv):        true,
	} {
		if got := Overdue(due, now); got != want {
			t.Errorf("at %s: %t, want %t", now, got, want)
		}
	}
}

func TestACaseIsReadByThoseWhoReadItsLastEntry(t *testing.T) {
	entry := func(index uint64, waits bool) placedSubmission {
		return placedSubmission{Submission: ledgercopy.Submission{Index: index, Waiting: waits}}
	}
	c := &Case{subs: []placedSubmission{entry(3, false), entry(7, false), entry(12, true)}}
	d := deskstate.Case{Read: map[string]uint64{"vera": 9, "anna": 7, "boris": 6}}
	if got := c.ReadBy(d); !slices.Equal(got, []string{"anna", "vera"}) {
		t.Errorf("read by %v", got)
	}
}

// A case that no trustee has decided about costs a Finder's table one slice, beside its summary, and no map: a search over a
// hundred thousand cases makes a row of each.
func TestRowAllocates(t *testing.T) {
	entry := &caseIndexEntry{Act: "report", Answers: keptAnswers{{"danger_now", []string{"yes"}}, {"method", []string{"T1", "A1"}}, {"country_event", []string{"PL"}}}}
	log, table, row := deskstate.NewLog(), search.NewTable(), newRow()
	put := func(id string) {
		c := &Case{ID: id, subs: []placedSubmission{{Submission: ledgercopy.Submission{Index: 3}, entry: entry}}}
		fillRow(&row, c, log)
		table.Put(row)
	}
	put("c00aa") // has the values, so that the table need not make them again
	got := testing.AllocsPerRun(100, func() { put("c00bb") })
	if keys, _ := table.Select(search.View{Where: []search.Condition{{Column: ColumnReported, AnyOf: []string{"A1"}}}}); !slices.Equal(keys, []string{"c00aa", "c00bb"}) {
		t.Errorf("found %v", keys)
	}
	if got > 4 { // the case, its submissions, what the summary lists, and the row's values
		t.Errorf("%v allocations a row", got)
	}
}
