package casework

import (
	"fmt"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/review"
)

// Seen is what a list of cases held: submissions by their body hash, what trustees wrote by its statement's.
type Seen map[ledger.Hash]bool

// Seen notes what the list holds, for News to compare a later one with.
func (c *Cases) Seen() Seen {
	seen := make(Seen)
	for _, one := range c.List {
		one.each(func(h ledger.Hash, _ bool) { seen[h] = true })
	}
	return seen
}

func (c *Case) each(visit func(h ledger.Hash, written bool)) {
	for _, s := range c.subs {
		visit(s.Hash, false)
	}
	for _, s := range c.reviews {
		visit(s.Statement.Hash(), true)
	}
}

// News is what an import has brought to one case.
type News struct {
	Case    string
	New     bool // the case was not there before
	Added   int  // submissions, the report of a new case among them
	Written int  // statements of trustees about it
	Summary casefile.Summary
}

// News compares the list with an earlier one, in the list's order. Cases without anything new are left out.
func (c *Cases) News(before Seen) []News {
	var list []News
	for _, one := range c.List {
		n := News{Case: one.ID, New: true}
		one.each(func(h ledger.Hash, written bool) {
			switch {
			case before[h]:
				n.New = false
			case written:
				n.Written++
			default:
				n.Added++
			}
		})
		if n.Added+n.Written > 0 {
			n.Summary = one.Summary()
			list = append(list, n)
		}
	}
	return list
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
	for _, said := range o.Statements {
		kind := said.Statement.Kind
		if kind != card.KindReview {
			count[kind]++
			continue
		}
		text, err := o.v.ownText(said)
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
		if n == 1 {
			lines = append(lines, "1 "+one)
		} else if n > 1 {
			lines = append(lines, fmt.Sprintf("%d %s", n, more))
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
