package main

import (
	"context"
	"strings"

	"zapis/internal/atomicfile"
	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
)

// handOverCmd writes down that something left the trustee's hands.
type handOverCmd struct {
	caseFlags
	File string `arg:"" name:"FILE" help:"What is handed over: the bundle, or another file. It is read, for its hash."`
	To   string `required:"" placeholder:"WHOM" help:"Who gets it, in one line."`
	Why  string `placeholder:"TEXT" help:"What for, in one line."`
	leaveFlags
}

func (h *handOverCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	f, err := atomicfile.Open(h.File)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := release.CheckHandOver(strings.TrimSpace(h.To), strings.TrimSpace(h.Why)); err != nil {
		return err
	}
	return h.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		e, err := release.HandOver(v, c, f, strings.TrimSpace(h.To), strings.TrimSpace(h.Why), h.leave())
		if err != nil {
			return err
		}
		escape.Fprintf(s.Out, "event %d  %s\n", e.Number, e.SHA256)
		escape.Fprintln(s.Err, "It is written down. Now hand it over: what was handed over can't be called back.")
		return nil
	})
}
