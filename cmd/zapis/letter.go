package main

import (
	"context"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/letter"
	"zapis/internal/trustee/release"
)

// letterCmd drafts a letter.
type letterCmd struct {
	caseFlags
	To           string   `required:"" enum:"police,ombud,ccf,un,bank" placeholder:"WHOM" help:"police, ombud (an ombudsperson or equality body), ccf (Interpol's Commission), un (special procedures) or bank."`
	Out          string   `required:"" placeholder:"FILE.txt" help:"The draft to write; it is never overwritten."`
	Lang         string   `default:"en" placeholder:"en" help:"Of the letter: en, de, pl, lt; for ccf and un en alone (${default})."`
	Exhibit      []string `placeholder:"A01" help:"Name an exhibit as an annex, confidential. Repeat it for more."`
	Communicable []string `placeholder:"A01" help:"Name an exhibit as an annex that may be communicated, to the state too. Repeat it for more."`
	outFlags
}

func (l *letterCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	to, ok := casefile.AddresseeByCode(l.To)
	if !ok {
		return exit.New(exit.Usage, "", "there is no addressee %q", l.To)
	}
	if err := letter.Check(to, l.Lang); err != nil {
		return err
	}
	if err := cli.CheckFree(l.Out); err != nil {
		return err
	}
	return l.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		o := release.LetterOptions{To: to, Language: l.Lang, Exhibits: l.Exhibit, Communicable: l.Communicable, Identity: l.identity(), Leave: l.leave()}
		if err := release.Letter(v, c, o, writeText(s, l.Out)); err != nil {
			return unfit(s, err)
		}
		escape.Fprintln(s.Err, "A draft: read it, change it, and fill in what stands in square brackets.")
		if to.Marked {
			escape.Fprintf(s.Err, "What goes to %s may be put before the state: so may these words.\n", to.English)
		}
		escape.Fprintf(s.Err, "When it goes, write that down: zapis hand-over %s FILE --to WHOM\n", c.ID)
		return nil
	})
}
