package main

import (
	"context"
	"io"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/exchange"
)

// grantCmd answers a request.
type grantCmd struct {
	vaultFlag
	Request string `arg:"" name:"REQUEST" help:"What zapis ask wrote."`
	Yes     bool   `help:"Answer yes, without being asked."`
	Out     string `required:"" placeholder:"FILE" help:"The grant to write; it is never overwritten."`
}

func (c *grantCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	file, err := cli.ReadOf(c.Request, cli.KindRequest, exchange.MaxFile)
	if err != nil {
		return err
	}
	if err := cli.CheckFree(c.Out); err != nil {
		return err
	}
	return c.withCases(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) error {
		asked, err := v.ReadRequest(cases, file)
		if err != nil {
			return err
		}
		writeAsked(s.Err, asked)
		if !c.Yes {
			if err := cli.Confirm(ctx, "Give your share to "+asked.From.Name+"?"); err != nil {
				return err
			}
		}
		grant, err := v.Grant(asked)
		if err != nil {
			return err
		}
		if err := cli.CreateFile(c.Out, grant, 0o600); err != nil {
			return err
		}
		escape.Fprintln(s.Out, c.Out)
		escape.Fprintf(s.Err, "It opens for %s alone. What is granted can't be called back.\n", asked.From.Name)
		return nil
	})
}

func writeAsked(w io.Writer, a *casework.Asked) {
	escape.Fprintf(w, "%s (%s) asks for your share of %s of the case %s.\n", a.From.Name, a.From.Fingerprint(), a.Parts, a.Request.Case)
	escape.Fprintf(w, "Why: %s\n", a.Request.Why)
	if !a.Last.IsZero() {
		escape.Fprintf(w, "It counts until %s.\n", a.Last.Format("2006-01-02"))
	}
	if a.Before {
		escape.Fprintln(w, "You have granted this before: the same grant would be written again.")
	}
}
