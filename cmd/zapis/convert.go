package main

import (
	"cmp"
	"context"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/export"
	"zapis/internal/trustee/release"
)

// convertCmd writes cases in formats that others read.
type convertCmd struct {
	vaultFlag
	Case   []string `arg:"" optional:"" name:"CASE" help:"The cases' ids, or as much of each as no other has."`
	Format string   `required:"" enum:"csv,uwazi,esf,case-uco" placeholder:"FORMAT" help:"csv, uwazi (a CSV that Uwazi imports), esf (JSON in the manner of HURIDOCS' Events Standard Formats) or case-uco (JSON-LD of one case's exhibits and custody)."`
	Out    string   `required:"" placeholder:"FILE" help:"The file to write; it is never overwritten."`
	To     string   `enum:",statistics,public,lawyer,police,court,un,ccf,other" default:"" placeholder:"WHOM" help:"Who gets it: statistics, public, lawyer, police, court, un, ccf, other. Where you say nothing: csv for statistics, case-uco for a lawyer, the rest for another body. Statistics and the public get codes alone."`
	Excel  bool     `help:"Begin a csv with a byte order mark, by which Excel knows that it is UTF-8."`
	All    bool     `help:"Take every case whose consent allows it, and say which were left out."`
	filterFlags
	outFlags
}

func (c *convertCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	c.Sort = cmp.Or(c.Sort, "received")
	format := export.Format(c.Format)
	if c.To == "" {
		c.To = format.Default()
	}
	to, ok := casefile.AddresseeByCode(c.To)
	if !ok {
		return exit.New(exit.Usage, "", "there is no addressee %q", c.To)
	}
	if err := c.check(format, to); err != nil {
		return err
	}
	return c.with(ctx, s, g, func(v *casework.Trustee) error {
		list, err := c.choose(ctx, s, v, to)
		if err != nil {
			return err
		}
		bar := s.Progress("reading cases", int64(len(list)))
		o := release.ExportOptions{Format: format, To: to, Identity: c.identity(), Excel: c.Excel, Leave: c.leave(), Progress: func(done, _ int) { bar.At(int64(done)) }}
		out, err := release.Export(ctx, v, list, o, func(text []byte) error {
			bar.Done()
			return writeText(s, c.Out)(text)
		})
		bar.Done()
		if err != nil {
			return unfit(s, err)
		}
		c.tell(s, to, out)
		return nil
	})
}

// check refuses what does not go together, before anything is opened.
func (c *convertCmd) check(format export.Format, to casefile.Addressee) error {
	switch {
	case len(c.Case) == 0 && !c.All:
		return exit.New(exit.Usage, "name a case, or say --all", "no case is named")
	case len(c.Case) > 0 && c.All:
		return exit.New(exit.Usage, "", "cases are named, and --all takes every one")
	case c.All && (c.Override != "" || c.Asked != ""):
		return exit.New(exit.Usage, "name the cases that it is said of", "--override-consent and --asked do not go with --all")
	case c.Excel && format != export.CSV:
		return exit.New(exit.Usage, "leave it out, or take --format csv", "--excel is for csv, and not for %s", format)
	case !c.All && c.filters():
		return exit.New(exit.Usage, "--all takes them", "cases are named: there is nothing to choose by --danger, --method and the like")
	}
	if err := c.filterFlags.check(); err != nil {
		return err
	}
	if err := export.Check(format, to, max(1, len(c.Case)), c.identity()); err != nil {
		return err
	}
	return cli.CheckFree(c.Out)
}

// filters says whether any of the flags that choose cases is given.
func (f filterFlags) filters() bool {
	return len(f.Danger)+len(f.Language)+len(f.Basis)+len(f.Consent)+len(f.Method)+len(f.Country) > 0 || f.Due != nil || f.Since != ""
}

// choose gives the cases that are named, or all that fit and may go to the addressee.
func (c *convertCmd) choose(ctx context.Context, s *cli.Streams, v *casework.Trustee, to casefile.Addressee) ([]*casework.Case, error) {
	if !c.All {
		return chosen(ctx, s, v, c.Case)
	}
	cases, err := sorted(ctx, s, v)
	if err != nil {
		return nil, err
	}
	var list []*casework.Case
	out := 0
	for _, one := range c.apply(cases.List, time.Now()) {
		if err := one.Summary().Allowed().Check(to, c.leave()); err != nil {
			if out++; out <= maxSealed {
				escape.Fprintf(s.Err, "left out: %s\n", err.Error())
			}
			continue
		}
		list = append(list, one)
	}
	if out > maxSealed {
		escape.Fprintf(s.Err, "… and %d more\n", out-maxSealed)
	}
	if len(list) == 0 {
		return nil, exit.New(exit.Failed, "", "there is no case that fits and may go to %s", to.English)
	}
	return list, nil
}

func (c *convertCmd) tell(s *cli.Streams, to casefile.Addressee, out export.Output) {
	escape.Fprintf(s.Err, "%s, for %s\n", casework.Many(out.Rows, "case", "cases"), to.English)
	if out.Alone > 0 {
		escape.Fprintf(s.Err, "WARNING: %s the only one of its year, countries and kind of person: who knows the person may recognise it\n", casework.Many(out.Alone, "row is", "rows are each"))
	}
	if to.Marked {
		escape.Fprintf(s.Err, "What goes to %s may be put before the state.\n", to.English)
	}
}
