package main

import (
	"context"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/review"
)

// noteCmd writes a note on a case.
type noteCmd struct {
	caseFlags
	wordsFlags
	Private bool `help:"Keep it in this vault, for yourself alone."`
}

func (n *noteCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	text, err := n.read(s)
	if err != nil {
		return err
	}
	return n.write(ctx, s, g, n.Private, review.Review{Kind: review.Note, Text: strings.TrimRight(text, "\n")})
}

// write keeps what a trustee says about a case.
func (f caseFlags) write(ctx context.Context, s *cli.Streams, g *grammar, private bool, r review.Review) error {
	if err := checkReview(r); err != nil {
		return err
	}
	return f.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error { return say(s, v, c, r, private) })
}

// checkReview refuses what needs no key to be refused.
func checkReview(r review.Review) error {
	if err := r.Check(); err != nil {
		return exit.New(exit.Usage, "", "%w", err)
	}
	return nil
}

func say(s *cli.Streams, v *casework.Trustee, c *casework.Case, r review.Review, private bool) error {
	if err := v.Write(c, r, private); err != nil {
		return err
	}
	escape.Fprintf(s.Out, "%s on %s\n", r.Kind, c.ID)
	if private {
		escape.Fprintln(s.Err, "It is sealed to you, and leaves this vault never.")
	} else {
		escape.Fprintln(s.Err, "It is sealed to the trustees in force. zapis outbox takes it to the operator, and the ledger to them.")
	}
	return nil
}

// gradeCmd codes a case.
type gradeCmd struct {
	caseFlags
	Nexus       string `placeholder:"CODE" help:"What ties it to the state: state_agent, proxy, host_triggered, host_only, private, unknown."`
	Source      string `placeholder:"A-F" help:"How far the source is relied upon: A completely, B usually, C fairly, D not usually, E not, F it can't be judged."`
	Information string `placeholder:"1-6" help:"How far it is true: 1 confirmed by others, 2 probably, 3 possibly, 4 doubtful, 5 improbable, 6 it can't be judged."`
	wordsFlags
	Private bool `help:"Keep it in this vault, for yourself alone."`
}

func (c *gradeCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	text, err := c.optional(s)
	if err != nil {
		return err
	}
	return c.write(ctx, s, g, c.Private, review.Review{Kind: review.Grade, Nexus: c.Nexus,
		Source: strings.ToUpper(c.Source), Information: c.Information, Text: strings.TrimRight(text, "\n")})
}
