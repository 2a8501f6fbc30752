package main

import (
	"context"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/mediaproxy"
)

type decideLinkCmd struct {
	decisionFlags
	Type  string `arg:"" name:"TYPE" help:"What the case is of the other one: duplicate-of, part-of, follows or same-actor."`
	Other string `arg:"" name:"OTHER" help:"The other case."`
}

func (l *decideLinkCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return l.decide(ctx, s, g, casework.Decision{Kind: deskstate.KindLink, Payload: map[string]string{"type": l.Type}}, toOther(ctx, s, l.Other))
}

type decideNoLinkCmd struct {
	decisionFlags
	Other  string `arg:"" name:"OTHER" help:"The other case."`
	Reason string `arg:"" name:"REASON" help:"What the suggestion gives as its reason: file, picture, phrase, actor or month_place."`
}

func (l *decideNoLinkCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return l.decide(ctx, s, g, casework.Decision{Kind: deskstate.KindRefuse, Payload: map[string]string{"reason": l.Reason}}, toOther(ctx, s, l.Other))
}

// toOther puts the whole id of the other case into a decision.
func toOther(ctx context.Context, s *cli.Streams, id string) func(*casework.Trustee, *casework.Case, *casework.Decision) error {
	return func(v *casework.Trustee, _ *casework.Case, d *casework.Decision) error {
		other, err := caseOf(ctx, s, v, id)
		if err == nil {
			d.Payload["other"] = other.ID
		}
		return err
	}
}

// linksCmd shows what belongs together.
type linksCmd struct {
	vaultFlag
	Suggest bool `help:"Open every case, compare them with each other, and suggest which belong together. One event of your custody log says so."`
}

func (l *linksCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	return l.withCases(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) error {
		log, err := v.Desk()
		if err != nil {
			return err
		}
		if err := v.RecordListing(len(cases.List)); err != nil {
			return err
		}
		for _, k := range log.Links() {
			escape.Fprintf(s.Out, "link      %s %s %s  by %s%s  %.12s\n", k.From, k.Type, k.To, k.By.By, reason(k.By.Why), k.By.ID)
		}
		campaigns, err := v.Campaigns(cases)
		if err != nil {
			return err
		}
		for _, c := range campaigns {
			escape.Fprintf(s.Out, "campaign  %s, %s\n", casework.Many(len(c.Cases), "case", "cases"), casework.Many(c.Persons, "person", "persons"))
			for _, m := range c.Timeline {
				escape.Fprintf(s.Out, "          %s  %s\n", m.When, m.Case)
			}
		}
		if !l.Suggest {
			return nil
		}
		found, err := suggested(ctx, s, v, cases)
		if err != nil {
			return err
		}
		for _, one := range found.List {
			for _, r := range one.Reasons {
				escape.Fprintf(s.Out, "suggested %s %s  %s: %s\n", one.A, one.B, r.Kind, r.Detail)
			}
		}
		for _, c := range found.Common {
			escape.Fprintf(s.Err, "%s share the same %s, too many to suggest links for: %s\n", casework.Many(c.Cases, "case", "cases"), c.Kind, c.Detail)
		}
		return nil
	})
}

// suggested compares all cases. Pictures that were not compared before are read first, by zapis-desk; without it they are
// left out, which is said.
func suggested(ctx context.Context, s *cli.Streams, v *casework.Trustee, cases *casework.Cases) (casework.Suggested, error) {
	found, err := v.Suggest(ctx, cases)
	if err != nil || found.Pictures.Waiting() == 0 {
		return found, err
	}
	proxy, err := mediaproxy.Start(ctx)
	if err != nil {
		warn(s, "%s are not compared: %v", casework.Many(found.Pictures.Waiting(), "picture", "pictures"), err)
		return found, nil
	}
	defer proxy.Close()
	bar := s.Progress("comparing pictures", int64(found.Pictures.Waiting()))
	err = found.Pictures.Read(ctx, func(use func(*casework.Trustee) error) error { return use(v) }, proxy.Hash, func(done, _ int) { bar.At(int64(done)) })
	bar.Done()
	if err != nil {
		return found, err
	}
	return v.Suggest(ctx, cases)
}
