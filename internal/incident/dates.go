package incident

import "time"

const (
	// earliest is the first year in which something reported may have begun.
	earliest = 1900
	// deadlineYears is how far from today a date that we must know can be: a
	// slip of the pen in the year is further off, a paper that ran out is not.
	deadlineYears = 10
)

// layouts are the shapes of "when", by their precision.
var layouts = []struct{ precision, layout string }{
	{"day", "2006-01-02"},
	{"month", "2006-01"},
	{"year", "2006"},
}

// parseDate reads s in exactly one layout. Comparing with what is printed back
// refuses everything that time.Parse is lenient about.
func parseDate(layout, s string) (time.Time, bool) {
	t, err := time.Parse(layout, s)
	return t, err == nil && t.Format(layout) == s
}

// checkDeadline takes a day within ten years of now, either way.
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

// checkWhen takes a day, a month or a year from 1900 on that has begun by
// tomorrow: where the reporter is, it may be tomorrow already.
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

// precisionOf returns the precision of a date that checkWhen took.
func precisionOf(s string) string {
	for _, l := range layouts {
		if len(s) == len(l.layout) {
			return l.precision
		}
	}
	return ""
}
