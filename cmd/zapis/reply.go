package main

import (
	"context"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/review"
)

// replyCmd answers a reporter.
type replyCmd struct {
	caseFlags
	wordsFlags
	Twin bool   `help:"Answer the other case too that came from the same page of the form: it was sent twice."`
	Ask  string `placeholder:"ADDRESSEE" help:"Ask below your words whether they may get the case: lawyer, police, court, un, ccf and so on. Words may be left out then."`
	Wait bool   `help:"Move the case to needs_info, where it may go there: it waits for the reporter."`
}

func (r *replyCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	read := r.read
	if r.Ask != "" {
		read = r.optional
	}
	text, err := read(s)
	if err != nil {
		return err
	}
	text = strings.TrimRight(text, "\n")
	if err := checkReview(review.Review{Kind: review.Reply, Text: text}); err != nil && r.Ask == "" {
		return err
	}
	return r.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		twin := c.SamePage()
		if twin != nil && !r.Twin {
			escape.Fprintf(s.Err, "SENT TWICE? %s came from the same page of the form, and has a mailbox of its own: the reporter may have kept that code only. With --twin the answer goes to both.\n", twin.ID)
		}
		done, err := v.Answer(c, casework.Answer{Text: text, AskFor: r.Ask, Both: r.Twin, Wait: r.Wait})
		for _, answered := range done.Answered {
			escape.Fprintln(s.Out, answered)
		}
		if err != nil {
			return err
		}
		for _, one := range []*casework.Case{c, twin} {
			if one != nil && (one == c || r.Twin) && one.Summary().Withdrawn != "" {
				escape.Fprintf(s.Err, "The reporter has withdrawn the case %s.\n", one.ID)
			}
		}
		for _, id := range done.Moved {
			escape.Fprintf(s.Err, "The case waits for the reporter: %s\n", id)
		}
		escape.Fprintln(s.Err, "Only the reporter's code opens it. The other trustees get a copy. zapis outbox takes both to the operator.")
		return nil
	})
}
