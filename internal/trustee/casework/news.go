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
			words = append(words, Many(one.n, one.one, one.more))
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

// Thing is a kind of what an outbox takes along.
type Thing int

// The things, in the order in which they are told.
const (
	OutReply       Thing = iota // an answer to a reporter
	OutDecision                 // an event of the desk
	OutRead                     // the mark that its owner has read a case
	OutNote                     // a note about a case
	OutGrade                    // a grade of a case
	OutTranslation              // of a submission
	OutCopy                     // of an answer, for the other trustees
	OutExhibit                  // a statement about an exhibit
	OutUnknown                  // a text of a format that this program does not know
	OutApproval                 // of a proposal
	OutHead                     // of the custody log

	things
)

// ofKind gives the things whose statements are told by their kind alone.
var ofKind = map[string]Thing{card.KindReply: OutReply, card.KindExhibit: OutExhibit, card.KindApproval: OutApproval, card.KindCustody: OutHead}

// ofReview gives the things that are texts about a case, by the text's kind.
var ofReview = map[review.Kind]Thing{review.Note: OutNote, review.Grade: OutGrade, review.Translation: OutTranslation,
	review.Reply: OutCopy, review.Exhibit: OutExhibit}

// Counted is how many of one thing an outbox takes along, at least one.
type Counted struct {
	Thing Thing
	N     int
}

// Count counts what an outbox takes along, in the order of the things. Statements of a kind that is not told, such as
// a withdrawal, are not counted.
func (o *Outgoing) Count() ([]Counted, error) {
	var count [things]int
	for _, statement := range o.Statements {
		if thing, ok := ofKind[statement.Statement.Kind]; ok {
			count[thing]++
		}
		if statement.Statement.Kind != card.KindReview {
			continue
		}
		text, err := o.v.ownText(statement)
		if err != nil {
			return nil, err
		}
		r, err := review.Parse(text)
		clear(text)
		thing, known := ofReview[r.Kind]
		switch {
		case err != nil:
			count[OutUnknown]++
		case known:
			count[thing]++
		case r.Kind == review.Desk:
			for line := range strings.SplitSeq(r.Text, "\n") {
				if e, err := deskstate.Parse([]byte(line)); err == nil && e.Kind == deskstate.KindRead {
					count[OutRead]++
				} else {
					count[OutDecision]++
				}
			}
		}
	}
	var list []Counted
	for thing, n := range count {
		if n > 0 {
			list = append(list, Counted{Thing(thing), n})
		}
	}
	return list, nil
}
