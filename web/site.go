package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Site holds the operator's statements about themselves, which reporters read on the pages. New fails where something
// is missing (Check).
type Site struct {
	Organisation string   // the operator of the form
	Contact      string   // how to reach them otherwise
	CheckAt      []string // two places or more where the form's address can be compared
	Readers      int      // how many trained people open reports
	Quorum       int      // how many of them must agree before contact and name open
	ReadingDays  []time.Weekday
	Duty         *Duty  // nil where urgent reports are not looked for in between
	Years        int    // for how long a report is kept, at most
	Support      string // where a reporter finds support
	Onion        string // "http://….onion", or empty
	Exit         string // where "Leave now" leads; a weather page where empty

	// In holds the operator's texts in other languages, by the language's code: "be". An empty text falls back to the
	// one above.
	In map[string]Texts
}

// Texts are the operator's texts in one language.
type Texts struct {
	Organisation, Contact, Support, DutyZone string
	CheckAt                                  []string
}

// in returns the site with its texts in one language.
func (s Site) in(lang string) Site {
	t := s.In[lang]
	s.Organisation = cmp.Or(t.Organisation, s.Organisation)
	s.Contact = cmp.Or(t.Contact, s.Contact)
	s.Support = cmp.Or(t.Support, s.Support)
	if len(t.CheckAt) > 0 {
		s.CheckAt = t.CheckAt
	}
	if t.DutyZone != "" && s.Duty != nil {
		duty := *s.Duty
		duty.Zone = t.DutyZone
		s.Duty = &duty
	}
	return s
}

// Duty is when a duty person looks for urgent reports.
type Duty struct {
	Days     []time.Weekday
	From, To string // "08:00", "22:00"
	Zone     string // as people say it: "Warsaw time", "CET"

	// Clock is the zone in which From and To are read; nil where the operator's file names none, and the times of duty are
	// then shown and not compared with the clock.
	Clock *time.Location
}

// at reports whether a moment lies in the times of duty. A night from 22:00 to 06:00 belongs to the day on which it began.
func (d *Duty) at(now time.Time) bool {
	if d.Clock == nil {
		return true
	}
	t := now.In(d.Clock)
	clock, day := t.Format("15:04"), t.Weekday()
	switch {
	case d.From <= d.To:
		return clock >= d.From && clock <= d.To && slices.Contains(d.Days, day)
	case clock >= d.From:
		return slices.Contains(d.Days, day)
	}
	return clock <= d.To && slices.Contains(d.Days, (day+6)%7)
}

const defaultLeaveURL = "https://www.yr.no/"

// Check reports every text that is missing or wrong, one line each.
func (s Site) Check() error {
	var faults []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	need(strings.TrimSpace(s.Organisation) != "", "organisation: reporters must read who runs this form")
	need(strings.TrimSpace(s.Contact) != "", "contact: reporters must be able to reach you otherwise")
	need(len(s.CheckAt) >= 2, "check-at: name at least two places where the form's address can be compared")
	need(s.Readers >= 1, "readers: say how many trained people open reports")
	need(s.Quorum >= 1 && s.Quorum <= max(s.Readers, 1), "quorum: must lie between 1 and the number of readers, and is %d", s.Quorum)
	need(goodDays(s.ReadingDays), "reading-days: name each weekday on which reports are read, once")
	need(s.Years >= 1 && s.Years <= 100, "years: say for how many years a report is kept, from 1 to 100")
	need(strings.TrimSpace(s.Support) != "", "support: name somebody whom a reporter can turn to")
	if s.Duty != nil {
		need(goodDays(s.Duty.Days), "duty-days: name each weekday of duty, once")
		need(hourMinute(s.Duty.From) && hourMinute(s.Duty.To), "duty-hours: from and to are hours and minutes, as 08:00")
		need(strings.TrimSpace(s.Duty.Zone) != "", "duty-zone: say whose clock it is")
	}
	for lang, t := range s.In {
		need(slices.Contains(languages, lang), "%s: the form does not speak it", lang)
		need(len(t.CheckAt) == 0 || len(t.CheckAt) >= 2, "check-at.%s: name at least two places, or none", lang)
	}
	if s.Onion != "" {
		u, err := url.Parse(s.Onion)
		need(err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.HasSuffix(u.Host, ".onion") && (u.Path == "" || u.Path == "/"),
			"onion: must be http:// and a .onion name, and nothing after it")
	}
	if s.Exit != "" {
		u, err := url.Parse(s.Exit)
		need(err == nil && u.Scheme == "https" && u.Host != "", "exit: must be an https:// address")
	}
	return errors.Join(faults...)
}

func hourMinute(s string) bool {
	t, err := time.Parse("15:04", s)
	return err == nil && t.Format("15:04") == s
}

func goodDays(days []time.Weekday) bool {
	for i, d := range days {
		if d < time.Sunday || d > time.Saturday || slices.Contains(days[:i], d) {
			return false
		}
	}
	return len(days) > 0
}

// week returns weekdays in the order of a week that starts on Monday, as 1 to 7.
func week(days []time.Weekday) []int {
	numbers := make([]int, len(days))
	for i, d := range days {
		numbers[i] = (int(d)+6)%7 + 1
	}
	slices.Sort(numbers)
	return numbers
}
