package main

import (
	"context"
	"slices"
	"strings"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
)

// decideCmd has a verb for each kind of event that trustees make at the desk (docs/spec/desk.md).
type decideCmd struct {
	Move    decideMoveCmd    `cmd:"" help:"Move a case to another state."`
	Set     decideSetCmd     `cmd:"" help:"Decide one thing about a case: its owner, a grade, a method, a deadline."`
	Note    decideNoteCmd    `cmd:"" help:"Write a note that stands beside the decisions, as the desk's notes do."`
	Link    decideLinkCmd    `cmd:"" help:"Say that a case belongs to another one."`
	NoLink  decideNoLinkCmd  `cmd:"" name:"no-link" help:"Refuse a suggested link. It is not suggested again for this reason."`
	Confirm decideConfirmCmd `cmd:"" help:"Agree, as the second person, with what another trustee decided."`
	Read    decideReadCmd    `cmd:"" help:"Say that you have read all of a case. The desk says so when it shows one."`
	Undo    decideUndoCmd    `cmd:"" help:"Take a decision back. Both stay in the history."`
}

// decisionFlags are what every decision takes.
type decisionFlags struct {
	caseFlags
	Why string `placeholder:"WORDS" help:"The reason, which the other trustees read. Your shell may remember it."`
}

// decide makes one event. of fills in what the case's events and the other case are needed for; nil where nothing is.
func (f decisionFlags) decide(ctx context.Context, s *cli.Streams, g *grammar, d casework.Decision, of func(*casework.Trustee, *casework.Case, *casework.Decision) error) error {
	return f.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		d.Case, d.Why = c.ID, f.Why
		if of != nil {
			if err := of(v, c, &d); err != nil {
				return err
			}
		}
		made, err := v.Decide(d)
		if err != nil {
			return err
		}
		log, err := v.Desk()
		if err != nil {
			return err
		}
		id := made[0].ID()
		escape.Fprintf(s.Out, "%s on %s: %s\n", d.Kind, c.ID, id)
		if slices.ContainsFunc(log.Case(c.ID).Pending, func(p deskstate.Value) bool { return p.ID == id }) {
			escape.Fprintln(s.Err, "It counts once another trustee has confirmed it: zapis decide confirm.")
		}
		escape.Fprintln(s.Err, "zapis outbox takes it to the other trustees.")
		return nil
	})
}

// eventOf finds an event of a case by its ID, or by the beginning that no other has.
func eventOf(v *casework.Trustee, c *casework.Case, id string) (string, error) {
	log, err := v.Desk()
	if err != nil {
		return "", err
	}
	event, err := log.Case(c.ID).EventID(id)
	if err != nil {
		return "", exit.New(exit.Usage, "zapis decided shows the events of a case", "%w", err)
	}
	return event, nil
}

type decideMoveCmd struct {
	decisionFlags
	State string `arg:"" name:"STATE" help:"The new state: triaged, in_review, needs_info, assessed, referred, closed, or duplicate, out_of_scope, withdrawn, erased, unconfirmed, found_false."`
	From  string `placeholder:"STATE" help:"From which state, where trustees contradict each other about it."`
}

func (m *decideMoveCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	payload := map[string]string{"to": m.State}
	if m.From != "" {
		payload["from"] = m.From
	}
	return m.decide(ctx, s, g, casework.Decision{Kind: deskstate.KindState, Payload: payload}, nil)
}

type decideSetCmd struct {
	decisionFlags
	Field    string   `arg:"" name:"FIELD" help:"What is decided: owner, priority, reliability, content, corroboration, method, tag, deadline and so on; docs/spec/desk.md has all of them."`
	Value    []string `arg:"" name:"VALUE" help:"The value; of a deadline, refusal, proceeding, element or solution its parts, as in date=2027-03-01 what=hearing."`
	Replaces string   `placeholder:"EVENT" help:"The event that this one corrects, where a field has several values."`
}

func (c *decideSetCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	payload := map[string]string{"field": c.Field}
	field, _ := deskstate.FieldByName(c.Field)
	switch {
	case field.Shape == deskstate.ShapeRecord:
		for _, given := range c.Value {
			part, text, ok := strings.Cut(given, "=")
			if !ok {
				return exit.New(exit.Usage, "as in date=2027-03-01", "%s has parts, and %q names none", c.Field, given)
			}
			payload[part] = text
		}
	case len(c.Value) > 1:
		return exit.New(exit.Usage, "put a value of several words in quotes", "%s takes one value at a time", c.Field)
	default:
		payload["value"] = c.Value[0]
	}
	return c.decide(ctx, s, g, casework.Decision{Kind: deskstate.KindSet, Payload: payload}, replacing(c.Replaces))
}

// replacing names the event that a decision corrects.
func replacing(id string) func(*casework.Trustee, *casework.Case, *casework.Decision) error {
	if id == "" {
		return nil
	}
	return func(v *casework.Trustee, c *casework.Case, d *casework.Decision) error {
		event, err := eventOf(v, c, id)
		d.Replaces = []string{event}
		return err
	}
}

type decideNoteCmd struct {
	decisionFlags
	wordsFlags
	Replaces string `placeholder:"EVENT" help:"The note that this one corrects."`
}

func (n *decideNoteCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	text, err := n.read(s)
	if err != nil {
		return err
	}
	return n.decide(ctx, s, g, casework.Decision{Kind: deskstate.KindNote, Payload: map[string]string{"text": strings.TrimRight(text, "\n")}}, replacing(n.Replaces))
}

type decideConfirmCmd struct {
	decisionFlags
	Event string `arg:"" name:"EVENT" help:"The event, as zapis decided shows it."`
}

func (c *decideConfirmCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return c.decide(ctx, s, g, casework.Decision{Kind: deskstate.KindConfirm}, func(v *casework.Trustee, of *casework.Case, d *casework.Decision) error {
		event, err := eventOf(v, of, c.Event)
		d.Payload = map[string]string{"event": event}
		return err
	})
}

type decideUndoCmd struct {
	decisionFlags
	Event string `arg:"" name:"EVENT" help:"The event, as zapis decided shows it."`
}

func (u *decideUndoCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return u.decide(ctx, s, g, casework.Decision{Kind: deskstate.KindUndo}, func(v *casework.Trustee, of *casework.Case, d *casework.Decision) (err error) {
		d.Undoes, err = eventOf(v, of, u.Event)
		return err
	})
}

type decideReadCmd struct{ caseFlags }

func (r *decideReadCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return r.withCase(ctx, s, g, func(v *casework.Trustee, c *casework.Case) error {
		log, err := v.Desk()
		if err != nil {
			return err
		}
		mark, unread := casework.ReadMark(c, log.Case(c.ID), v.Key().Card.Name)
		if !unread {
			escape.Fprintln(s.Err, "That is known already, or none of it is in the ledger yet.")
			return nil
		}
		if _, err := v.Decide(mark); err != nil {
			return err
		}
		escape.Fprintf(s.Out, "read on %s: up to entry %s\n", c.ID, mark.Payload["upto"])
		return nil
	})
}
