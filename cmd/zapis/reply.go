package main

import (
	"context"
	"fmt"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/review"
)

// replyCmd answers a reporter.
type replyCmd struct {
	caseFlags
	wordsFlags
	Twin bool `help:"Answer the other case too that came from the same page of the form: it was sent twice."`
}

func (r *replyCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	text, err := r.read(s)
	if err != nil {
		return err
	}
	text = strings.TrimRight(text, "\n")
	if err := checkReview(review.Review{Kind: review.Reply, Text: text}); err != nil {
		return err
	}
	return r.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		to := []*casework.Case{c}
		switch twin := c.SamePage(); {
		case twin == nil:
		case r.Twin:
			to = append(to, twin)
		default:
			fmt.Fprintf(s.Err, "SENT TWICE? %s came from the same page of the form, and has a mailbox of its own: the reporter may have kept that code only. With --twin the answer goes to both.\n", twin.ID)
		}
		for _, one := range to {
			n, err := v.Reply(one, text)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.Out, "answer %d to %s\n", n, one.ID)
			if one.Summary().Withdrawn != "" {
				fmt.Fprintf(s.Err, "The reporter has withdrawn the case %s.\n", one.ID)
			}
		}
		fmt.Fprintln(s.Err, "Only the reporter's code opens it. The other trustees get a copy. zapis outbox takes both to the operator.")
		return nil
	})
}
