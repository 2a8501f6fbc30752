package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
)

// leaveFlags are what a trustee says where the reporter's ticks are not enough.
type leaveFlags struct {
	Asked    string `placeholder:"TEXT" help:"When and how the reporter said yes to this, where they want to be asked each time. It stands in the custody log."`
	Override string `name:"override-consent" placeholder:"REASON" help:"Do it without the reporter's consent. The reason stands in the custody log."`
}

func (l leaveFlags) leave() casefile.Leave {
	return casefile.Leave{Asked: strings.TrimSpace(l.Asked), Override: strings.TrimSpace(l.Override)}
}

// outFlags are what everything that is made of a case for somebody takes, but for a bundle.
type outFlags struct {
	Include []string `enum:"identity" placeholder:"identity" help:"Put the contact and the name in, and what shows who the reporter is."`
	leaveFlags
}

func (l outFlags) identity() bool { return len(l.Include) > 0 }

// writeText writes what was made of cases, and names the file.
func writeText(s *cli.Streams, out string) func(text []byte) error {
	return func(text []byte) error {
		if err := writeFile(out, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
			return err
		}
		escape.Fprintln(s.Out, out)
		return nil
	}
}

// unfit says what does not fit of a case that was refused for it.
func unfit(s *cli.Streams, err error) error {
	if u, ok := errors.AsType[*release.UnfitError](err); ok {
		for _, f := range u.Faults {
			warn(s, "%v", f)
		}
	}
	return err
}

// chosen finds the cases that are named, each once.
func chosen(ctx context.Context, s *cli.Streams, v *casework.Trustee, ids []string) ([]*casework.Case, error) {
	cases, err := sorted(ctx, s, v)
	if err != nil {
		return nil, err
	}
	var list []*casework.Case
	seen := make(map[string]bool)
	for _, id := range ids {
		c, err := cases.Find(id)
		if err != nil {
			return nil, err
		}
		if seen[c.ID] {
			return nil, exit.New(exit.Usage, "", "%s is named twice", c.ID)
		}
		seen[c.ID] = true
		list = append(list, c)
	}
	return list, nil
}
