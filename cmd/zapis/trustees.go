package main

import (
	"context"
	"fmt"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/trustee/casework"
)

// trusteesCmd shows who governs the ledger.
type trusteesCmd struct {
	vaultFlag
	JSON bool `name:"json" help:"Write one object."`
}

// governance is what trustees --json writes.
type governance struct {
	Rules     int             `json:"rules"`
	Delay     int             `json:"delay_slots"`
	Sets      []setShown      `json:"sets"` // the newest is in force
	Changes   []changeShown   `json:"changes"`
	Announced []announceShown `json:"announced"`
}

type setShown struct {
	Entry      uint64      `json:"entry"`
	Vocabulary int         `json:"vocabulary"`
	Statement  int         `json:"statement_quorum"`
	Attachment int         `json:"attachment_quorum"`
	Identity   int         `json:"identity_quorum"`
	Approvals  int         `json:"approvals"`
	Trustees   []cardShown `json:"trustees"`
	Duty       []cardShown `json:"duty"`
}

type cardShown struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
}

type changeShown struct {
	Entry    uint64   `json:"entry"`
	Title    string   `json:"title"`
	Words    []string `json:"words"`
	Approved []string `json:"approved_by"`
}

type announceShown struct {
	changeShown
	Left    int  `json:"slots_left"`
	CanStop bool `json:"you_can_stop_it"`
}

func (c *trusteesCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return c.withKey(ctx, s, g, false, func(v *casework.Trustee) error {
		out, err := governanceOf(v)
		if err != nil {
			return err
		}
		if c.JSON {
			return escape.JSON(s.Out, out)
		}
		writeGovernance(s, out)
		return nil
	})
}

func governanceOf(v *casework.Trustee) (governance, error) {
	out := governance{Changes: []changeShown{}, Announced: []announceShown{}}
	out.Rules, out.Delay = v.Copy().Chain().Rules()
	sets, err := v.Sets()
	if err != nil {
		return out, err
	}
	for _, one := range sets {
		shown := setShown{Entry: one.Index, Vocabulary: one.Set.Vocabulary, Statement: one.Set.Quorum.Statement, Attachment: one.Set.Quorum.Attachment,
			Identity: one.Set.Quorum.Identity, Approvals: one.Set.Approvals, Trustees: []cardShown{}, Duty: []cardShown{}}
		for _, t := range one.Set.Trustees {
			shown.Trustees = append(shown.Trustees, cardShown{t.Name, t.Fingerprint()})
		}
		for _, t := range one.Set.Duty {
			shown.Duty = append(shown.Duty, cardShown{t.Name, t.Fingerprint()})
		}
		out.Sets = append(out.Sets, shown)
	}
	changes, err := v.Changes(0)
	if err != nil {
		return out, err
	}
	for _, one := range changes {
		out.Changes = append(out.Changes, changeShown{one.Index, one.Title, one.Words, one.By})
	}
	announced, err := v.Announced()
	for _, one := range announced {
		out.Announced = append(out.Announced, announceShown{changeShown{one.Index, one.Title, one.Words, one.By}, one.Left, one.CanStop})
	}
	return out, err
}

func writeGovernance(s *cli.Streams, g governance) {
	in := g.Sets[len(g.Sets)-1]
	escape.Fprintf(s.Out, "in force  the set of entry %d\n", in.Entry)
	for _, t := range in.Trustees {
		escape.Fprintf(s.Out, "  trustee  %s (%s)\n", t.Name, t.Fingerprint)
	}
	for _, t := range in.Duty {
		escape.Fprintf(s.Out, "  duty     %s (%s)\n", t.Name, t.Fingerprint)
	}
	needed := in.Approvals
	if g.Rules > 1 {
		needed = max(needed, in.Identity)
	}
	escape.Fprintf(s.Out, "  opened by %d of them: words; %d: files; %d: contact and name\n", in.Statement, in.Attachment, in.Identity)
	escape.Fprintf(s.Out, "  a change needs %s", casework.Many(needed, "approval", "approvals"))
	if g.Delay > 0 {
		escape.Fprintf(s.Out, ", and takes effect %s after it was announced", casework.Many(g.Delay, "slot", "slots"))
	}
	fmt.Fprintln(s.Out)
	for _, c := range g.Changes {
		writeChange(s, c)
	}
	for _, a := range g.Announced {
		writeAnnounced(s, a)
	}
}

func writeChange(s *cli.Streams, c changeShown) {
	escape.Fprintf(s.Out, "entry %d   %s; approved by %s\n", c.Entry, c.Title, strings.Join(c.Approved, ", "))
	for _, line := range c.Words {
		escape.Fprintf(s.Out, "  %s\n", line)
	}
}

func writeAnnounced(s *cli.Streams, a announceShown) {
	when := "with the next slot"
	if a.Left > 0 {
		when = "in " + casework.Many(a.Left, "slot", "slots")
	}
	escape.Fprintf(s.Out, "PENDING   what entry %d announced takes effect %s", a.Entry, when)
	if a.CanStop {
		escape.Fprintf(s.Out, "; zapis object %d stops it", a.Entry)
	}
	fmt.Fprintln(s.Out)
}

// objectCmd stops a change that was announced.
type objectCmd struct {
	vaultFlag
	Notice uint64 `arg:"" name:"ENTRY" help:"The number of the entry that announced the change: zapis trustees lists them."`
	Yes    bool   `help:"Answer yes, without being asked."`
}

func (o *objectCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return o.withCases(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) error {
		p, err := v.Object(cases, o.Notice)
		if err != nil {
			return err
		}
		writeProposal(s, p)
		if !o.Yes && p.Mine == nil {
			if err := cli.Confirm(ctx, "Object to it?"); err != nil {
				return err
			}
		}
		if _, err := v.Approve(p, v.Now().AddDate(0, 0, casework.ApprovalDays)); err != nil {
			return err
		}
		escape.Fprintln(s.Err, "Objected. The next outbox takes it along: hand it in before the change takes effect.")
		return nil
	})
}
