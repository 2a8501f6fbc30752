package main

import (
	"context"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/casework"
)

// custodyCmd prints the custody log.
type custodyCmd struct {
	vaultFlag
	Case string `arg:"" optional:"" name:"CASE" help:"Only what concerns this case."`
	JSON bool   `name:"json" help:"Write an array of objects."`
}

// event is an event in custody --json.
type event struct {
	Number      uint64    `json:"number"`
	At          time.Time `json:"at"` // the laptop's clock
	By          *string   `json:"by"`
	Fingerprint *string   `json:"fingerprint"`
	Act         string    `json:"act"`
	Case        *string   `json:"case"`
	Subject     *string   `json:"subject"`
	In          *string   `json:"in"`
	Out         *string   `json:"out"`
	Tool        string    `json:"tool"`
	Why         *string   `json:"why"`
}

func (c *custodyCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return c.with(ctx, s, g, func(v *casework.Trustee) error {
		var one *casework.Case
		if c.Case != "" {
			var err error
			if one, err = caseOf(ctx, s, v, c.Case); err != nil {
				return err
			}
		}
		list, err := v.Events(one)
		if err != nil {
			return err
		}
		if c.JSON {
			out := []event{}
			for _, e := range list {
				out = append(out, event{e.Number, e.At, orNull(e.By.Name), orNull(e.By.Fingerprint), string(e.Act), orNull(e.Case),
					orNull(e.Subject), orNull(e.In), orNull(e.Out), e.Tool, orNull(e.Why)})
			}
			return escape.JSON(s.Out, out)
		}
		for _, e := range list {
			writeEvent(s, e)
		}
		escape.Fprintf(s.Err, "%s, by the clock of this laptop, in UTC\n", casework.Many(len(list), "event", "events"))
		return nil
	})
}

func writeEvent(s *cli.Streams, e custody.Event) {
	by := "nobody (no key was given)"
	if e.By.Name != "" {
		by = e.By.Name + " " + e.By.Fingerprint
	}
	escape.Fprintf(s.Out, "%d  %s  %s", e.Number, e.At.Format("2006-01-02 15:04:05"), e.Act)
	if e.Case != "" {
		escape.Fprintf(s.Out, "  %s", e.Case)
	}
	escape.Fprintf(s.Out, "  %s\n      %s, %s\n", e.Subject, by, e.Tool)
	for _, line := range []struct{ label, text string }{{"in", e.In}, {"out", e.Out}, {"why", e.Why}} {
		if line.text != "" {
			escape.Fprintf(s.Out, "      %-3s  %s\n", line.label, line.text)
		}
	}
}
