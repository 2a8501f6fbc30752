package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
)

// dueCmd lists what runs out.
type dueCmd struct {
	vaultFlag
	Days int  `default:"14" placeholder:"14" help:"Look so many days ahead (${default}). What is past is listed too."`
	Keep int  `name:"keep-years" placeholder:"YEARS" help:"For how many years reports are kept, as the form says: lists what has to go."`
	JSON bool `name:"json" help:"Write an array of objects."`
}

// dueItem is a date, and why it matters.
type dueItem struct {
	Date     string  `json:"date"`
	InDays   int     `json:"in_days"` // negative where it is past
	Case     string  `json:"case"`
	Kind     string  `json:"kind"` // deadline, retention or erasure
	What     *string `json:"what"` // as the reporter named it
	Danger   *string `json:"danger_now"`
	Withdraw *string `json:"withdrawn"`
	Holds    []held  `json:"holds"`
}

func (d *dueCmd) Run(ctx context.Context, s *cli.Streams, g *grammar) error {
	if d.Days < 0 || d.Keep < 0 {
		return exit.New(exit.Usage, "", "--days and --keep-years can't be negative")
	}
	return d.withCases(ctx, s, g, func(v *casework.Trustee, cases *casework.Cases) error {
		if err := v.RecordListing(len(cases.List)); err != nil {
			return err
		}
		list := d.items(cases.List, time.Now().UTC())
		if d.JSON {
			return escape.JSON(s.Out, list)
		}
		return d.write(s, list)
	})
}

func (d *dueCmd) items(cases []*casework.Case, now time.Time) []dueItem {
	list := []dueItem{}
	today := now.Truncate(24 * time.Hour)
	add := func(kind, date, what string, c casefile.Summary) {
		at, err := time.Parse(day, date)
		if err != nil || at.After(today.AddDate(0, 0, d.Days)) {
			return
		}
		list = append(list, dueItem{Date: date, InDays: int(at.Sub(today) / (24 * time.Hour)), Case: c.Case, Kind: kind, What: orNull(what),
			Danger: orNull(c.Danger), Withdraw: orNull(c.Withdrawn), Holds: holdsOf(&c)})
	}
	for _, one := range cases {
		c := one.Summary()
		for _, l := range one.Deadlines() {
			add("deadline", l.Date, l.What, c)
		}
		if d.Keep > 0 {
			add("retention", c.Received.UTC().AddDate(d.Keep, 0, 0).Format(day), "", c)
		}
		if c.ToErase != nil {
			add("erasure", c.ToErase.UTC().Format(day), "", c)
		}
	}
	slices.SortStableFunc(list, func(a, b dueItem) int { return strings.Compare(a.Date, b.Date) })
	return list
}

func (d *dueCmd) write(s *cli.Streams, list []dueItem) error {
	if len(list) == 0 {
		escape.Fprintf(s.Out, "Nothing runs out within %s.\n", casework.Many(d.Days, "day", "days"))
		return nil
	}
	for _, one := range list {
		text := "a date to know"
		switch {
		case one.What != nil:
			text = escape.Text(*one.What)
		case one.Kind == "retention":
			text = fmt.Sprintf("kept for %s: it has to go", casework.Many(d.Keep, "year", "years"))
		case one.Kind == "erasure":
			text = "the reporter has asked for it to be erased"
		}
		if one.Danger != nil && *one.Danger == "yes" {
			text += "  DANGER NOW"
		}
		if one.Withdraw != nil && one.Kind != "erasure" {
			text += "  WITHDRAWN"
		}
		if len(one.Holds) > 0 && one.Kind != "deadline" {
			text += "  ON HOLD"
		}
		escape.Fprintf(s.Out, "%s  %-12s  %s  %s\n", one.Date, inDays(one.InDays), one.Case, text)
	}
	return nil
}

func inDays(n int) string {
	switch {
	case n == 0:
		return "today"
	case n == 1:
		return "tomorrow"
	case n > 0:
		return fmt.Sprintf("in %d days", n)
	case n == -1:
		return "yesterday"
	}
	return fmt.Sprintf("%d days ago", -n)
}
