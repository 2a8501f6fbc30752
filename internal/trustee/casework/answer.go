package casework

import (
	"fmt"
	"slices"
	"strings"

	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/deskstate"
)

// Answer is what a trustee writes to a reporter.
type Answer struct {
	Text   string
	AskFor string // an addressee's code: the question whether they may get the case is put below the text
	Both   bool   // answer the case's twin too
	Wait   bool   // the case waits for the reporter then, where it may
}

// Answered says what an answer did.
type Answered struct {
	Answered []string // "answer 2 to c0123456789"
	Moved    []string // the IDs of the events that moved cases to needs_info
}

// Answer writes to a case's reporter. What was done before an error is in the result.
func (v *Trustee) Answer(c *Case, a Answer) (done Answered, err error) {
	text := a.Text
	if a.AskFor != "" {
		to, ok := casefile.AddresseeByCode(a.AskFor)
		if !ok {
			return done, exit.New(exit.Usage, "", "there is no addressee %q", a.AskFor)
		}
		text = strings.TrimSpace(text + "\n\n" + question(to))
	}
	if text == "" {
		return done, exit.New(exit.Usage, "", "there is nothing in the answer")
	}
	to := []*Case{c}
	if a.Both && c.samePage != nil {
		to = append(to, c.samePage)
	}
	for _, one := range to {
		n, err := v.Reply(one, text)
		if err != nil {
			return done, err
		}
		done.Answered = append(done.Answered, fmt.Sprintf("answer %d to %s", n, one.ID))
	}
	if !a.Wait {
		return done, nil
	}
	log, err := v.Desk()
	if err != nil {
		return done, err
	}
	for _, one := range to {
		const waiting = "needs_info"
		if !slices.Contains(deskstate.Moves(log.Case(one.ID).State.Text), waiting) {
			continue
		}
		events, err := v.Decide(Decision{Case: one.ID, Kind: deskstate.KindState, Payload: map[string]string{"to": waiting}, Why: "the reporter was asked"})
		if err != nil {
			return done, err
		}
		done.Moved = append(done.Moved, events[0].ID())
	}
	return done, nil
}

// question asks a reporter whether an addressee may get the case.
func question(to casefile.Addressee) string {
	return "We would like to give what you sent us to " + to.English + ". You have not allowed that yet, or you asked us to ask each time. " +
		"May we? Answer here, in your mailbox, with yes or no. You can also change there what you allow. If you do not answer, we do not give it."
}
