package main

import (
	"context"
	"strings"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
)

// askCmd writes a request to the other trustees.
type askCmd struct {
	caseFlags
	Why  string   `required:"" placeholder:"TEXT" help:"Why you ask: the others decide by it, and it stands in their custody logs and in yours."`
	Part []string `enum:"statement,identity,attachment" placeholder:"KIND" help:"Ask for the statement, the identity or the attachments only. Repeat it for more."`
	Last string   `name:"until" placeholder:"YYYY-MM-DD" help:"The last day on which it may be granted; in two weeks where you say nothing."`
	Out  string   `required:"" placeholder:"FILE" help:"The request to write; it is never overwritten."`
}

// askedFor is the default validity of a request.
const askedFor = 14 * 24 * time.Hour

func (a *askCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	last, err := lastDay(a.Last, time.Now())
	if err != nil {
		return err
	}
	asking := casework.Asking{Why: strings.TrimSpace(a.Why), Kinds: a.Part, Expires: last}
	if err := exit.First(asking.Check(), cli.CheckFree(a.Out)); err != nil {
		return err
	}
	return a.withCases(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) error {
		id, err := cases.ID(a.Case)
		if err != nil {
			return err
		}
		file, q, err := v.Ask(cases, id, asking)
		if err != nil {
			return err
		}
		if err := cli.CreateFile(a.Out, file, 0o600); err != nil {
			return err
		}
		escape.Fprintln(s.Out, a.Out)
		escape.Fprintf(s.Err, "It asks for %s of %s, until %s. Take it to the other trustees: zapis grant shows it to them.\n",
			casework.PartsText(q.Parts), q.Case, last.Format("2006-01-02"))
		return nil
	})
}

func lastDay(given string, now time.Time) (time.Time, error) {
	if given == "" {
		return now.UTC().Add(askedFor).Truncate(24 * time.Hour), nil
	}
	t, err := time.Parse("2006-01-02", given)
	switch {
	case err != nil:
		return t, exit.New(exit.Usage, "", "--until %q: a date is written YYYY-MM-DD", given)
	case now.UTC().Truncate(24 * time.Hour).After(t):
		return t, exit.New(exit.Usage, "", "--until %s: that day has passed", given)
	}
	return t, nil
}
