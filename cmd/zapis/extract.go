package main

import (
	"context"
	"path/filepath"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
)

// extractCmd writes attachments out of a case.
type extractCmd struct {
	caseFlags
	Out string `required:"" placeholder:"DIR" help:"The folder to write to; it is made where it is missing."`
}

func (e *extractCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if err := cli.CheckFolder(e.Out); err != nil {
		return err
	}
	return e.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		o, err := openedCase(s, v, c)
		if err != nil {
			return err
		}
		var total int64
		var closed []casefile.Exhibit
		for _, x := range o.Exhibits {
			if x.Closed != "" {
				closed = append(closed, x)
				continue
			}
			total += x.Size
		}
		bar := s.Progress("extracting", total)
		names, err := release.Extract(ctx, v, o, e.Out, bar.Add)
		bar.Done()
		for _, name := range names {
			escape.Fprintln(s.Out, filepath.Join(e.Out, name))
		}
		if err != nil {
			return err
		}
		for _, x := range closed {
			escape.Fprintf(s.Err, "%s stays closed: %s\n", x.Name, x.Closed)
		}
		if len(names) == 0 && len(closed) > 0 {
			return exit.New(exit.KeyMissing, "zapis ask "+o.ID+" --why TEXT --out FILE asks the others", "no attachment of %s can be opened by you alone", o.ID)
		}
		if len(names) == 0 {
			escape.Fprintln(s.Err, "This case has no attachments.")
		}
		if len(o.Faults) > 0 {
			return exit.New(exit.Mismatch, "", "the case does not fit its entries, as said above")
		}
		return nil
	})
}
