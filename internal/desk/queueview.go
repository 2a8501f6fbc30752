package desk

import (
	"net/url"
	"slices"
	"time"

	"zapis/internal/incident"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/search"
)

// query is what is asked of the queue: a saved view, narrowed by codes and words.
type query struct {
	View   string
	Words  string
	Where  map[string]string // a code for each column that is filtered
	Sort   string
	Chosen []string // cases that a bulk act is about
}

// view is a saved view of the queue.
type view struct {
	Code, Title, Key, Empty string
	where                   func(me string, now time.Time) []search.Condition
}

var isOpen = search.Condition{Column: casework.ColumnOpen, AnyOf: []string{"yes"}}

// dueWithin is how far ahead the view of what is due looks, in days.
const dueWithin = 14

func has(column string, values ...string) search.Condition {
	return search.Condition{Column: column, AnyOf: values}
}

var views = []view{
	{"all", "All cases", "g q", "Nothing waits. Bring a carry file.", func(string, time.Time) []search.Condition { return nil }},
	{"danger", "Danger", "g d", "No reporter says that somebody is in danger.", func(string, time.Time) []search.Condition {
		return []search.Condition{isOpen, has(casework.ColumnDanger, "yes", "unsure")}
	}},
	{"due", "Due", "g t", "No date in the next 14 days.", func(_ string, now time.Time) []search.Condition {
		to := now.Unix()/86400 + dueWithin
		return []search.Condition{isOpen, {Column: casework.ColumnDue, To: &to}}
	}},
	{"untriaged", "Untriaged", "g u", "Each case has been triaged.", func(string, time.Time) []search.Condition {
		return []search.Condition{has(casework.ColumnState, deskstate.Received)}
	}},
	{"mine", "Mine", "g m", "You own no open case.", func(me string, _ time.Time) []search.Condition {
		return []search.Condition{isOpen, has("owner", me)}
	}},
	{"second", "Second reader wanted", "g s", "Nothing waits for a second person.", func(string, time.Time) []search.Condition {
		return []search.Condition{has(casework.ColumnSecond, "wanted", "pending")}
	}},
	{"waiting", "Waiting for the reporter", "g w", "No reporter was asked for more.", func(string, time.Time) []search.Condition {
		return []search.Condition{has(casework.ColumnState, "needs_info")}
	}},
	{"conflicts", "Conflicts", "g c", "Trustees contradict each other nowhere.", func(string, time.Time) []search.Condition {
		return []search.Condition{{Column: casework.ColumnConflict, Empty: true, Not: true}}
	}},
}

func viewByCode(code string) view {
	if i := slices.IndexFunc(views, func(v view) bool { return v.Code == code }); i >= 0 {
		return views[i]
	}
	return views[0]
}

// column is a code by which the queue is filtered.
type column struct{ Name, Label string }

// columns gives every code by which the queue can be filtered: what the reporter said, then each field of the desk that
// has codes.
func columns() []column {
	list := []column{
		{casework.ColumnState, "State"}, {casework.ColumnDanger, "In danger"}, {casework.ColumnCountry, "Country"},
		{casework.ColumnLanguage, "Language"}, {casework.ColumnReported, "Method (theirs)"}, {casework.ColumnConsent, "Consent in force"},
		{casework.ColumnWithdrawn, "Withdrawn"}, {casework.ColumnReadBy, "Read by"},
	}
	for _, f := range deskstate.Fields() {
		if f.Shape != deskstate.ShapeRecord && f.Shape != deskstate.ShapeDate {
			list = append(list, column{f.Name, fieldLabel(f.Name)})
		}
	}
	return list
}

// sorts are the orders of the queue, beside its own.
var sorts = []option{{"", "Danger, date, newest"}, {casework.ColumnReceived, "Received"}, {casework.ColumnDue, "Due"}}

// sought translates a query for the Finder.
func (q query) sought(me string, now time.Time, offset, limit int) casework.Sought {
	s := casework.Sought{Words: q.Words, Where: viewByCode(q.View).where(me, now), Offset: offset, Limit: limit}
	for name, code := range q.Where {
		s.Where = append(s.Where, has(name, code))
	}
	if slices.ContainsFunc(sorts, func(o option) bool { return o.Code == q.Sort }) {
		s.Sort, s.Down = q.Sort, q.Sort == casework.ColumnReceived
	}
	return s
}

// queryOf reads the form of the queue. Columns that there are not are left out.
func queryOf(form url.Values) query {
	q := query{View: viewByCode(form.Get("view")).Code, Words: form.Get("words"), Sort: form.Get("sort"), Where: map[string]string{}}
	for _, c := range columns() {
		if code := form.Get("c." + c.Name); code != "" {
			q.Where[c.Name] = code
		}
	}
	return q
}

// codeText puts a column's code into words.
func codeText(column, code string) string {
	switch column {
	case casework.ColumnCountry, "act_country", "effect_country":
		return code + " " + incident.CountryName(code)
	case casework.ColumnReported, "method":
		return code + " " + methodWords(code)
	}
	return codeWords(column, code)
}
