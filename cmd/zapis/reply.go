package main

import (
	"context"
	"fmt"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/trustee/casework"
)

// replyCmd answers a reporter.
type replyCmd struct {
	caseFlags
	wordsFlags
}

func (r *replyCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	text, err := r.read(s)
	if err != nil {
		return err
	}
	return r.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		n, err := v.Reply(c, strings.TrimRight(text, "\n"))
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Out, "answer %d to %s\n", n, c.ID)
		fmt.Fprintln(s.Err, "Only the reporter's code opens it. The other trustees get a copy. zapis outbox takes both to the operator.")
		if c.Summary().Withdrawn != "" {
			fmt.Fprintln(s.Err, "The reporter has withdrawn this case.")
		}
		return nil
	})
}
