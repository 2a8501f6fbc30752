package casefile

import (
	"fmt"
	"slices"
	"strings"

	"zapis/internal/exit"
)

// Allowed is what a reporter allows now.
type Allowed struct {
	Case         string
	InForce      []string // consents in force
	Given        []string // as they were ticked
	PersonAgrees string   // self, yes, undecided, unasked, or empty; all but yes narrow (incident.InForce)
	Withdrawn    string   // stop or delete, where that is the newest act on consent
}

// Leave is a trustee's statement where the consents are not enough.
type Leave struct {
	Asked    string // when and how the reporter agreed to this hand-over, for those who want to be asked each time
	Override string // why it is done without consent
}

// Check refuses where the reporter has not allowed that this addressee gets the case. The error names the case and
// every missing consent.
func (s Allowed) Check(a Addressee, l Leave) error {
	if l.Override != "" {
		return nil
	}
	missing := s.missing(a)
	switch {
	case s.Withdrawn != "":
		return exit.Advise(exit.Failed, exit.AskReporter.With(), "%s: the reporter has withdrawn the case (%s), and nothing may go to %s any more", s.Case, s.Withdrawn, a.English)
	case len(missing) > 0 && s.held(missing):
		return exit.Advise(exit.Failed, exit.AskReporter.With(), "%s: the %s not in force: the person concerned has not said yes, and the case may only be kept and counted",
			s.Case, names(missing, "is", "are"))
	case len(missing) > 0:
		return exit.Advise(exit.Failed, exit.AskReporter.With(), "%s: what goes to %s needs the %s, and the reporter has not given %s",
			s.Case, a.English, names(a.Needs, "", ""), quoted(missing))
	case s.onlyKept(a):
		return exit.Advise(exit.Failed, exit.AskReporter.With(), "%s: the case may only be kept and counted, and not go to %s", s.Case, a.English)
	case s.MustAsk(a) && l.Asked == "":
		return exit.Advise(exit.Failed, exit.AskAndSayHow.With(),
			"%s: the reporter wants to be asked each time before it is given to anyone, and was not asked about %s", s.Case, a.English)
	}
	return nil
}

// keeping are the consents that release nothing but numbers; `ask` and `state` restrict how and how far.
var keeping = []string{"store", "statistics", "ask", "state"}

// onlyKept reports whether no consent in force releases anything of the case, for an addressee that has no consent of
// its own.
func (s Allowed) onlyKept(a Addressee) bool {
	return len(a.Needs) == 0 && !slices.ContainsFunc(s.InForce, func(c string) bool { return !slices.Contains(keeping, c) })
}

// MustAsk reports whether the reporter must be asked before this addressee gets the case. Counting discloses nothing
// of it.
func (s Allowed) MustAsk(a Addressee) bool {
	return slices.Contains(s.InForce, "ask") && a.Code != "statistics"
}

func (s Allowed) missing(a Addressee) []string {
	var list []string
	for _, consent := range a.Needs {
		if !slices.Contains(s.InForce, consent) {
			list = append(list, consent)
		}
	}
	return list
}

// held reports whether the reporter has ticked all of these, and the person concerned has not agreed.
func (s Allowed) held(consents []string) bool {
	return !slices.ContainsFunc(consents, func(c string) bool { return !slices.Contains(s.Given, c) })
}

// Why returns the reason in the custody log for a hand-over that needed more than the consents; empty where they were
// enough.
func (s Allowed) Why(a Addressee, l Leave) string {
	var lines []string
	if l.Override != "" && s.Check(a, Leave{Asked: l.Asked}) != nil {
		what := "without the " + names(s.missing(a), "", "")
		switch {
		case s.Withdrawn != "":
			what = fmt.Sprintf("although the case was withdrawn (%s)", s.Withdrawn)
		case s.onlyKept(a):
			what = "although it may only be kept and counted"
		case len(s.missing(a)) == 0:
			what = "without asking first"
		}
		lines = append(lines, what+": "+l.Override)
	}
	if l.Asked != "" {
		lines = append(lines, "the reporter was asked: "+l.Asked)
	}
	return strings.Join(lines, "; ")
}

// names formats `consent "un"` or `consents "un" and "state"`, followed by a verb where one is given.
func names(consents []string, one, more string) string {
	noun, verb := "consent", one
	if len(consents) > 1 {
		noun, verb = "consents", more
	}
	return strings.TrimRight(noun+" "+quoted(consents)+" "+verb, " ")
}

func quoted(list []string) string {
	marked := make([]string, len(list))
	for i, one := range list {
		marked[i] = fmt.Sprintf("%q", one)
	}
	if n := len(marked); n > 1 {
		return strings.Join(marked[:n-1], ", ") + " and " + marked[n-1]
	}
	return strings.Join(marked, "")
}
