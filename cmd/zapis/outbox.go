package main

import (
	"context"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
)

// outboxCmd writes what the operator is to take in.
type outboxCmd struct {
	vaultFlag
	Out string `required:"" placeholder:"outbox.tar" help:"The file to write; it is never overwritten."`
}

func (o *outboxCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if err := cli.CheckFree(o.Out); err != nil {
		return err
	}
	return o.with(ctx, s, g, func(v *casework.Trustee) error {
		out, err := v.Outbox()
		if err != nil {
			return err
		}
		for _, lost := range out.Lost {
			warn(s, "%s", lost)
		}
		if len(out.Statements) == 0 {
			return exit.New(exit.Failed, "", "there is nothing to take out: the operator has all that you signed")
		}
		if err := writeFile(o.Out, out.Write); err != nil {
			return err
		}
		escape.Fprintln(s.Out, o.Out)
		escape.Fprintf(s.Err, "%s. The operator takes it in with zapisd accept; the next carry file shows what was taken.\n", out.Words())
		return nil
	})
}
