package casework

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/review"
)

// News is what an import has brought to one case.
type News struct {
	Summary   casefile.Summary
	First     bool // nothing of the case was there before
	FollowUps int  // the reporter's submissions after the first report
	Exhibits  int  // submissions of trustees
	Withdrawn bool // one of the follow-ups withdraws the case
	Written   int  // statements of other trustees about it
}

// News lists the cases to which an import has brought something: those in danger first, then new cases, then the others,
// each in the order of their first reports. What waited for its slot before the import, and has its entry now, is no
// news.
func (c *Cases) News(done *Imported) []News {
	var list []News
	for _, one := range c.List {
		if n := one.news(done); n.First || n.FollowUps+n.Exhibits+n.Written > 0 {
			n.Summary = one.Summary()
			list = append(list, n)
		}
	}
	old := func(n News) int {
		if n.First {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list, func(a, b News) int {
		return cmp.Or(cmp.Compare(a.Summary.Urgency(), b.Summary.Urgency()), cmp.Compare(old(a), old(b)))
	})
	return list
}

func (c *Case) news(done *Imported) News {
	n := News{First: true}
	for _, s := range c.subs {
		if !done.fresh[s.Hash] {
			n.First = false
			continue
		}
		switch act := incident.Act(s.entry.Act); act {
		case incident.ActReport:
		case actExhibit:
			n.Exhibits++
		default:
			n.FollowUps++
			n.Withdrawn = n.Withdrawn || act == incident.ActStop || act == incident.ActDelete
		}
	}
	for _, s := range c.reviews {
		if done.brought(s) {
			n.Written++
		}
	}
	return n
}

// Words says what came: "new, 1 follow-up, 2 texts by trustees".
func (n News) Words() string {
	var words []string
	if n.First {
		words = append(words, "new")
	}
	for _, one := range []struct {
		n         int
		one, more string
	}{
		{n.FollowUps, "follow-up", "follow-ups"}, {n.Exhibits, "exhibit", "exhibits"}, {n.Written, "text by a trustee", "texts by trustees"},
	} {
		if one.n > 0 {
			words = append(words, many(one.n, one.one, one.more))
		}
	}
	if n.Withdrawn {
		words = append(words, "WITHDRAWN")
	}
	return strings.Join(words, ", ")
}

// SentOut says what went out to the operator in all outboxes.
type SentOut struct {
	Last       time.Time // when the newest outbox was written; zero where there was none
	Statements int       // that went out
	LeftOut    []string  // that the operator has not taken in, as sentences without full stop
}

// SentOut gives it, as the vault knows it by its newest carry file.
func (v *Trustee) SentOut() (SentOut, error) {
	var out SentOut
	numbers := make(map[uint64]bool)
	err := v.eachSent(func(s sentOut) {
		out.Last = s.at
		for _, n := range s.statements {
			numbers[n] = true
		}
	})
	if err != nil {
		return out, err
	}
	out.Statements = len(numbers)
	out.LeftOut, err = v.PendingAtOperator()
	return out, err
}

// Lines says in plain numbers what an outbox takes along: one line for each kind of thing.
func (o *Outgoing) Lines() ([]string, error) {
	count := make(map[string]int)
	events, reads := 0, 0
	for _, statement := range o.Statements {
		kind := statement.Statement.Kind
		if kind != card.KindReview {
			count[kind]++
			continue
		}
		text, err := o.v.ownText(statement)
		if err != nil {
			return nil, err
		}
		r, err := review.Parse(text)
		clear(text)
		switch {
		case err != nil:
			count[kind]++
		case r.Kind == review.Desk:
			for line := range strings.SplitSeq(r.Text, "\n") {
				if e, err := deskstate.Parse([]byte(line)); err == nil && e.Kind == deskstate.KindRead {
					reads++
				} else {
					events++
				}
			}
		default:
			count["review "+string(r.Kind)]++
		}
	}
	var lines []string
	say := func(n int, one, more string) {
		if n > 0 {
			lines = append(lines, many(n, one, more))
		}
	}
	say(count[card.KindReply], "answer to a reporter", "answers to reporters")
	say(events, "decision at the desk", "decisions at the desk")
	say(reads, "mark that you have read a case", "marks that you have read a case")
	say(count["review note"], "note", "notes")
	say(count["review grade"], "grade", "grades")
	say(count["review translation"], "translation", "translations")
	say(count["review reply"], "copy of an answer for the other trustees", "copies of answers for the other trustees")
	say(count["review exhibit"]+count[card.KindExhibit], "statement about an exhibit", "statements about exhibits")
	say(count[card.KindReview], "text that a newer zapis wrote", "texts that a newer zapis wrote")
	say(count[card.KindApproval], "approval", "approvals")
	say(count[card.KindCustody], "head of your custody log", "heads of your custody log")
	return lines, nil
}
