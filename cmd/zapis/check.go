package main

import (
	"context"
	"fmt"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
)

// checkCmd verifies a vault.
type checkCmd struct {
	vaultFlag
}

func (c *checkCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return c.withKey(ctx, s, g, false, func(v *casework.Trustee) error { return c.check(ctx, s, v) })
}

func (c *checkCmd) check(ctx context.Context, s *cli.Streams, v *casework.Trustee) error {
	bar := s.Progress("reading", v.TotalBytes())
	done, err := v.Check(ctx, bar.Add)
	bar.Done()
	if err != nil {
		return err
	}
	escape.Fprintf(s.Out, "ledger   %s, %s of parts\n", casework.Many(int(done.Entries), "entry", "entries"), casework.Many(done.Parts, "file", "files"))
	escape.Fprintf(s.Out, "custody  %s, %s in the ledger\n", casework.Many(int(done.Events), "event", "events"), casework.Many(done.Heads, "head", "heads"))
	for _, text := range done.Earlier {
		escape.Fprintf(s.Out, "earlier  %s\n", text)
	}
	if !done.Opened {
		escape.Fprintln(s.Err, "No --identity was given: the events themselves, and what you have signed, were not opened.")
	}
	anchors, err := v.AnchorWarnings(0)
	if err != nil {
		return err
	}
	for _, text := range anchors {
		warn(s, "%s", text)
	}
	if done.Opened {
		forks, err := v.DeskForks()
		if err != nil {
			return err
		}
		for _, text := range forks {
			warn(s, "%s. Both count", text)
		}
	}
	for _, w := range done.Wrong {
		warn(s, "%s", w)
	}
	if n := len(done.Wrong); n > 0 {
		hint := "keep the vault as it is, and tell the other trustees"
		switch {
		case done.Foreign && !done.Opened:
			hint = "with --identity it is seen whether this custody log names an earlier one; if it does not, " + hint
		case done.Foreign:
			hint += "; if the vault that signed it is lost, zapis import into a new folder, with --identity and the newest carry file, begins a log that names it"
		}
		return exit.New(exit.Mismatch, hint, "%s not fit, as said above", casework.Many(n, "thing does", "things do"))
	}
	return nil
}

// purgeCmd takes what tombstones erase off the disk.
type purgeCmd struct {
	vaultFlag
	Case string `arg:"" optional:"" name:"CASE" help:"Only what is erased of this case."`
	Yes  bool   `help:"Do it, without being asked."`
}

func (p *purgeCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return p.with(ctx, s, g, func(v *casework.Trustee) error {
		var one *casework.Case
		if p.Case != "" {
			var err error
			if one, err = caseOf(ctx, s, v, p.Case); err != nil {
				return err
			}
		}
		due, err := v.Erasable(one)
		if err != nil {
			return err
		}
		if due == 0 {
			return exit.New(exit.Failed, "the trustees erase together: zapis propose tombstone", "no tombstone erases anything of it that is still on this disk")
		}
		if !p.Yes {
			if err := cli.Confirm(ctx, fmt.Sprintf("Take %s off this disk for good?", casework.Many(due, "erased part", "erased parts"))); err != nil {
				return err
			}
		}
		gone, err := v.Purge(one)
		if gone > 0 {
			escape.Fprintf(s.Out, "purged   %s\n", casework.Many(gone, "part", "parts"))
		}
		if err != nil {
			return err
		}
		escape.Fprintln(s.Err, "What you extracted or bundled elsewhere, copies of the vault, and what a disk keeps in its own cells are not reached by this.")
		return nil
	})
}
