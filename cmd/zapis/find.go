package main

import (
	"context"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
)

// findCmd searches for words, as the desk's queue does.
type findCmd struct {
	vaultFlag
	Words []string `arg:"" name:"WORDS" help:"Beginnings of words, all of which a case has; in \"quotes\", words that follow each other. Your shell may remember them."`
	Limit int      `default:"50" placeholder:"50" help:"Show at most so many (${default})."`
}

func (f *findCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if f.Limit < 1 {
		return exit.New(exit.Usage, "", "--limit is at least 1")
	}
	return f.withCases(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) error {
		bar := s.Progress("opening statements", int64(len(cases.List)))
		find, err := v.Finder(ctx, cases, func(done, _ int) { bar.At(int64(done)) })
		bar.Done()
		if err != nil {
			return err
		}
		ids, total := find.Find(casework.Sought{Words: strings.Join(f.Words, " "), Limit: f.Limit})
		if err := v.RecordListing(len(ids)); err != nil {
			return err
		}
		for _, id := range ids {
			escape.Fprintf(s.Out, "%s  %s\n", id, find.Begin(id))
		}
		if total > len(ids) {
			escape.Fprintf(s.Err, "… and %d more\n", total-len(ids))
		}
		return nil
	})
}
