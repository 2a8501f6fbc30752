package casework

import (
	"cmp"
	"slices"

	"zapis/internal/incident"
)

// Arrival is what has come of one case.
type Arrival struct {
	Case      *Case
	First     bool // the case itself is new
	FollowUps int  // the reporter's submissions after the first report
	Exhibits  int  // submissions of trustees
	Withdrawn bool // one of the follow-ups withdraws it
}

// ArrivedSince lists the cases with submissions at the entry from or later: those in danger first, then new cases, then the
// others, each in the order of their first reports.
func (c *Cases) ArrivedSince(from uint64) []Arrival {
	var list []Arrival
	for _, one := range c.List {
		n := Arrival{Case: one}
		for _, s := range one.subs {
			if s.Waiting || s.Index < from {
				continue
			}
			switch act := incident.Act(s.entry.Act); {
			case act == incident.ActReport:
				n.First = true
			case act == actExhibit:
				n.Exhibits++
			default:
				n.FollowUps++
				n.Withdrawn = n.Withdrawn || act == incident.ActStop || act == incident.ActDelete
			}
		}
		if n.First || n.FollowUps+n.Exhibits > 0 {
			list = append(list, n)
		}
	}
	old := func(n Arrival) int {
		if n.First {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list, func(a, b Arrival) int {
		return cmp.Or(cmp.Compare(a.Case.Summary().Urgency(), b.Case.Summary().Urgency()), cmp.Compare(old(a), old(b)))
	})
	return list
}
