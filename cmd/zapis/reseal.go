package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/release"
)

// resealCmd hands past cases on to a trustee who came later.
type resealCmd struct {
	vaultFlag
	Case    []string `arg:"" name:"CASE" help:"The cases' ids, or as much of each as no other has."`
	To      string   `required:"" placeholder:"NAME" help:"The trustee who gets them."`
	Why     string   `required:"" placeholder:"TEXT" help:"Why: it stands in the custody log."`
	Include []string `enum:"identity" placeholder:"identity" help:"Hand on the identity too, and the files that show who the reporter is."`
	Out     string   `required:"" placeholder:"FILE" help:"The file to write; with several cases, the folder for a file CASE.reseal of each. A file is never overwritten."`
}

func (r *resealCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	what := release.Resealing{To: r.To, Why: strings.TrimSpace(r.Why), Identity: len(r.Include) > 0}
	place := cli.CheckFree
	if len(r.Case) > 1 {
		place = func(names ...string) error { return cli.CheckFolder(names[0]) }
	}
	if err := exit.First(what.Check(), place(r.Out)); err != nil {
		return err
	}
	return r.with(ctx, s, g, func(v *casework.Trustee) error {
		list, err := chosen(ctx, s, v, r.Case)
		if err != nil {
			return err
		}
		if len(list) == 1 {
			return r.one(s, v, list[0], what, r.Out)
		}
		if err := os.MkdirAll(r.Out, 0o700); err != nil {
			return err
		}
		for _, c := range list {
			if err := exit.First(ctx.Err(), r.one(s, v, c, what, filepath.Join(r.Out, c.ID+".reseal"))); err != nil {
				return err
			}
		}
		return nil
	})
}

// one hands on one case, into the file out.
func (r *resealCmd) one(s *cli.Streams, v *casework.Trustee, c *casework.Case, what release.Resealing, out string) error {
	if err := cli.CheckFree(out); err != nil {
		return err
	}
	done, err := release.Reseal(v, c, what)
	if err != nil {
		return unfit(s, err)
	}
	if err := cli.CreateFile(out, done.File, 0o600); err != nil {
		return err
	}
	escape.Fprintln(s.Out, out)
	escape.Fprintf(s.Err, "It opens for %s alone: zapis receive takes it in.\n", r.To)
	for _, what := range done.Left {
		escape.Fprintf(s.Err, "Not in it: %s\n", what)
	}
	return nil
}

// receiveCmd takes in what another trustee has handed on.
type receiveCmd struct {
	vaultFlag
	File []string `arg:"" name:"FILE" help:"What zapis reseal wrote for you."`
}

func (r *receiveCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	var files [][]byte
	for _, name := range r.File {
		file, err := cli.ReadOf(name, cli.KindReseal, exchange.MaxFile)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	return r.with(ctx, s, g, func(v *casework.Trustee) error {
		for _, file := range files {
			got, err := v.Receive(file)
			if err != nil {
				return err
			}
			escape.Fprintln(s.Out, got.Case)
			escape.Fprintf(s.Err, "%s has handed on %s of %s. The files are those that the ledger names.\n", got.From.Name, got.Parts, got.Case)
		}
		return nil
	})
}
