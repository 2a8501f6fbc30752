package main

import (
	"context"
	"fmt"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/release"
)

// resealCmd hands a past case on to a trustee who came later.
type resealCmd struct {
	caseFlags
	To      string   `required:"" placeholder:"NAME" help:"The trustee who gets it."`
	Why     string   `required:"" placeholder:"TEXT" help:"Why: it stands in the custody log."`
	Include []string `enum:"identity" placeholder:"identity" help:"Hand on the identity too, and the files that show who the reporter is."`
	Out     string   `required:"" placeholder:"FILE" help:"The file to write; it is never overwritten."`
}

func (r *resealCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if err := cli.CheckFree(r.Out); err != nil {
		return err
	}
	return r.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		done, err := release.Reseal(v, c, release.Resealing{To: r.To, Why: strings.TrimSpace(r.Why), Identity: len(r.Include) > 0})
		if err != nil {
			return unfit(s, err)
		}
		if err := cli.CreateFile(r.Out, done.File, 0o600); err != nil {
			return err
		}
		fmt.Fprintln(s.Out, cli.Escape(r.Out))
		fmt.Fprintf(s.Err, "It opens for %s alone: zapis receive takes it in.\n", cli.Escape(r.To))
		for _, what := range done.Left {
			fmt.Fprintf(s.Err, "Not in it: %s\n", cli.Escape(what))
		}
		return nil
	})
}

// receiveCmd takes in what another trustee has handed on.
type receiveCmd struct {
	vaultFlag
	File string `arg:"" name:"FILE" help:"What zapis reseal wrote for you."`
}

func (r *receiveCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	file, err := cli.ReadOf(r.File, cli.KindReseal, exchange.MaxFile)
	if err != nil {
		return err
	}
	return r.with(ctx, s, g, func(v *casework.Trustee) error {
		got, err := v.Receive(file)
		if err != nil {
			return err
		}
		fmt.Fprintln(s.Out, got.Case)
		fmt.Fprintf(s.Err, "%s has handed on %s of %s. The files are those that the ledger names.\n", got.From.Name, got.Parts, got.Case)
		return nil
	})
}
