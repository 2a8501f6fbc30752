package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/statistics"
)

// numbersCmd publishes numbers, as the desk's page of the same name does (docs/spec/statistics.md).
type numbersCmd struct {
	Draft   numbersDraftCmd   `cmd:"" help:"Count all cases, and show what the next release would say. Nothing is published."`
	Publish numbersPublishCmd `cmd:"" help:"Count all cases, and sign the next release. It can't be called back."`
	List    numbersListCmd    `cmd:"" help:"List the releases that you have published."`
	Save    numbersSaveCmd    `cmd:"" help:"Write what is published to a file: figures, a chart, the map."`
}

// numbersFlags are what a draft takes.
type numbersFlags struct {
	vaultFlag
	Mode string `default:"suppress" placeholder:"MODE" help:"What becomes of small figures: suppress, round-5 or round-10. It holds for all later releases too."`
	languageFlag
}

type languageFlag struct {
	Lang string `default:"en" placeholder:"xx" help:"In which language: be, ru, uk, pl, lt, de or en (${default})."`
}

func (f languageFlag) words() (*statistics.Words, error) {
	if !slices.Contains(statistics.Languages(), f.Lang) {
		return nil, exit.New(exit.Usage, "one of: "+strings.Join(statistics.Languages(), ", "), "there are no numbers in %.20q", f.Lang)
	}
	return statistics.NewWords(f.Lang)
}

// draft makes the next release and writes it as CSV.
func (f numbersFlags) draft(ctx context.Context, s *cli.Streams, g *grammar, then func(*casework.Trustee, statistics.Release) error) error {
	words, err := f.words()
	if err != nil {
		return err
	}
	return f.withCases(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) error {
		next, err := release.DraftNumbers(ctx, v, cases, statistics.Mode(f.Mode))
		if err != nil {
			return err
		}
		table, err := statistics.CSV([]statistics.Release{next}, words, statistics.Separator{})
		if err != nil {
			return err
		}
		if _, err := s.Out.Write(table); err != nil {
			return err
		}
		return then(v, next)
	})
}

type numbersDraftCmd struct{ numbersFlags }

func (d *numbersDraftCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return d.draft(ctx, s, g, func(*casework.Trustee, statistics.Release) error {
		escape.Fprintln(s.Err, "Nothing is published.")
		return nil
	})
}

type numbersPublishCmd struct {
	numbersFlags
	Yes bool `help:"Do it, without being asked."`
}

func (p *numbersPublishCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return p.draft(ctx, s, g, func(v *casework.Trustee, next statistics.Release) error {
		if !p.Yes {
			if err := cli.Confirm(ctx, fmt.Sprintf("Sign release %d? It can't be called back, and no later release can say anything about these half-years.", next.Number)); err != nil {
				return err
			}
		}
		if err := release.PublishNumbers(v, next); err != nil {
			return err
		}
		escape.Fprintf(s.Err, "Release %d is signed, and kept in the vault.\n", next.Number)
		return nil
	})
}

type numbersListCmd struct {
	vaultFlag
	languageFlag
}

func (l *numbersListCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	words, err := l.words()
	if err != nil {
		return err
	}
	return l.with(ctx, s, g, func(v *casework.Trustee) error {
		list, err := release.Numbers(v)
		for _, r := range list {
			var periods []string
			for _, c := range r.Counts {
				periods = append(periods, words.Period(c.Period))
			}
			escape.Fprintf(s.Out, "release %d of %s: %s\n", r.Number, r.Day.Format(time.DateOnly), strings.Join(periods, ", "))
		}
		return err
	})
}

type numbersSaveCmd struct {
	vaultFlag
	languageFlag
	What  string `arg:"" name:"WHAT" help:"numbers.csv, map.svg, map.png, chart.svg or chart.png."`
	Table string `default:"method" placeholder:"TABLE" help:"Of which table the chart is (${default}); numbers.csv names them all."`
	Out   string `required:"" placeholder:"FILE" help:"The file to write."`
}

func (n *numbersSaveCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	words, err := n.words()
	if err != nil {
		return err
	}
	return n.with(ctx, s, g, func(v *casework.Trustee) error {
		content, err := release.NumbersFile(v, n.What, n.Table, words)
		if err != nil {
			return err
		}
		return writeFile(n.Out, func(w io.Writer) error { _, err := w.Write(content); return err })
	})
}
