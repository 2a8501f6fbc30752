package incident

import "time"

const (
	// earliest is the first year that an event may begin in.
	earliest = 1900
	// deadlineYears is the largest distance of a deadline from today: further
	// off, the year is a typing error.
	deadlineYears = 10
)

// layouts are the time layouts of "when", by precision.
var layouts = []struct{ precision, layout string }{
	{"day", "2006-01-02"},
	{"month", "2006-01"},
	{"year", "2006"},
}

// parseDate parses s in exactly one layout. It formats the result and
// compares, which refuses everything that time.Parse is lenient about.
func parseDate(layout, s string) (time.Time, bool) {
	t, err := time.Parse(layout, s)
	return t, err == nil && t.Format(layout) == s
}

// checkDeadline accepts a day within ten years of now, either way.
func checkDeadline(s string, now time.Time) string {
	t, ok := parseDate("2006-01-02", s)
	if !ok {
		return NotADate
	}
	now = now.UTC()
	if t.Before(now.AddDate(-deadlineYears, 0, -1)) || t.After(now.AddDate(deadlineYears, 0, 1)) {
		return OutOfRange
	}
	return ""
}

// checkWhen accepts a day, a month or a year from 1900 on that begins by
// tomorrow: in the reporter's time zone it may be tomorrow already.
func checkWhen(s string, now time.Time) string {
	for _, l := range layouts {
		t, ok := parseDate(l.layout, s)
		if !ok {
			continue
		}
		if t.Year() < earliest || t.After(now.Add(24*time.Hour)) {
			return OutOfRange
		}
		return ""
	}
	return NotADate
}

// precisionOf returns the precision of a date that checkWhen accepted.
func precisionOf(s string) string {
	for _, l := range layouts {
		if len(s) == len(l.layout) {
			return l.precision
		}
	}
	return ""
}
