package main

import (
	"context"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/trustee/casework"
)

// exhibitCmd brings in what a trustee obtained.
type exhibitCmd struct {
	caseFlags
	File   []string `arg:"" name:"FILE" help:"The files, sixteen at most."`
	Source string   `required:"" placeholder:"TEXT" help:"Whom or what it came from."`
	How    string   `required:"" placeholder:"TEXT" help:"How you obtained it."`
	When   string   `placeholder:"DATE" help:"When you did, as YYYY-MM-DD, YYYY-MM or YYYY."`
	Tool   string   `placeholder:"TEXT" help:"With which tool, and its version."`
}

func (e *exhibitCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	what := casework.Collected{Files: e.File, Source: e.Source, How: e.How, When: e.When, Tool: e.Tool}
	if err := what.Check(time.Now()); err != nil {
		return err
	}
	return e.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		names, err := v.Collect(c, what)
		if err != nil {
			return err
		}
		for _, name := range names {
			escape.Fprintln(s.Out, name)
		}
		escape.Fprintf(s.Err, "Collected by you for %s, sealed and signed. zapis outbox takes it to the operator; it joins the case with the next carry file.\n", c.ID)
		return nil
	})
}
