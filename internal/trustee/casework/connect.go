package casework

import (
	"context"

	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/links"
	"zapis/internal/trustee/statistics"
)

// Campaigns gives the groups of cases that trustees have linked and that concern at least links.MinPersons persons. It
// opens nothing.
func (v *Trustee) Campaigns(cases *Cases) ([]links.Campaign, error) {
	d, err := v.Desk()
	if err != nil {
		return nil, err
	}
	var list []links.Case
	for _, c := range cases.List {
		list = append(list, c.codes(d))
	}
	var made []links.Link
	for _, l := range d.Links() {
		made = append(made, links.Link{From: l.From, Type: l.Type, To: l.To})
	}
	return links.Campaigns(list, made), nil
}

// codes are what the index and the desk tell of a case for comparing it with others.
func (c *Case) codes(d *deskstate.Log) links.Case {
	first := c.subs[0]
	one := links.Case{Key: c.ID, When: first.one("when"), Place: first.one("country_event"), Methods: first.entry.Answers.of("method")}
	for _, a := range d.Case(c.ID).Sets["actor"] {
		one.Actors = append(one.Actors, a.Text)
	}
	return one
}

// Suggested is what a comparison of all cases gives.
type Suggested struct {
	List     []links.Suggestion
	Common   []links.Common // what too many cases share to suggest anything
	Pictures *Pictures      // with those that were not compared, since they have no hash yet
}

// Suggest compares all cases with each other, and suggests which may belong together. One event records that all
// statements are opened for it. What is linked, and what a trustee refused, is not suggested. Pictures are compared by the
// hashes that the vault has of them; Pictures.Read computes those that are missing.
func (v *Trustee) Suggest(ctx context.Context, cases *Cases) (Suggested, error) {
	d, err := v.Desk()
	if err != nil {
		return Suggested{}, err
	}
	pictures, err := v.pictures()
	if err != nil {
		return Suggested{}, err
	}
	known := links.Known{Linked: make(map[links.Pair]bool), Refused: make(map[links.Refusal]bool)}
	for _, l := range d.Links() {
		known.Linked[links.NewPair(l.From, l.To)] = true
	}
	var list []links.Case
	err = v.eachOpened(ctx, cases, func(c *Case, o *casefile.Case) {
		one := c.codes(d)
		one.Text = o.Narrative()
		for _, e := range o.Exhibits {
			if e.SHA256 != "" {
				one.Files = append(one.Files, links.File{SHA256: e.SHA256, Picture: pictures.of(e)})
			}
		}
		list = append(list, one)
		for _, r := range d.Case(c.ID).Refused {
			known.Refused[links.Refusal{Pair: links.NewPair(r.Case, r.Other), Kind: links.Kind(r.Reason)}] = true
		}
	})
	if err != nil {
		return Suggested{}, err
	}
	suggestions, common := links.Suggest(list, known)
	return Suggested{suggestions, common, pictures}, nil
}

// Countable gives what statistics count of each case. One event records that all statements are opened for it.
func (v *Trustee) Countable(ctx context.Context, cases *Cases) ([]statistics.Case, error) {
	d, err := v.Desk()
	if err != nil {
		return nil, err
	}
	var list []statistics.Case
	err = v.eachOpened(ctx, cases, func(c *Case, o *casefile.Case) {
		if !o.Fits {
			return // it is not what its entries committed to
		}
		state := d.Case(c.ID)
		one := statistics.Case{Received: o.Summary.Received, Consents: o.Summary.Consent, Methods: o.All("method"), Host: o.Newest("country_event"),
			Role: o.Newest("target_role"), Told: o.All("reported_to"), Response: state.Fields["authority_response"].Text, Nexus: state.Fields["nexus"].Text}
		if one.Nexus == "" {
			one.Nexus = o.Nexus
		}
		for _, s := range state.Sets["solution"] {
			one.Worked = append(one.Worked, statistics.Solution{Office: s.Parts["office"], Rule: s.Parts["rule"], Outcome: s.Parts["outcome"]})
		}
		if countedStates(state.State.Text) {
			list = append(list, one)
		}
	})
	return list, err
}

// countedStates leaves out what trustees found to be no report of its own.
func countedStates(state string) bool {
	switch state {
	case "duplicate", "out_of_scope", "found_false", "withdrawn", "erased":
		return false
	}
	return true
}

// eachOpened opens all cases, recorded in one event, and visits them in the list's order.
func (v *Trustee) eachOpened(ctx context.Context, cases *Cases, visit func(*Case, *casefile.Case)) error {
	batch, err := v.OpenBatch(cases.List, false)
	if err != nil {
		return err
	}
	for _, c := range cases.List {
		if err := ctx.Err(); err != nil {
			return err
		}
		o, err := batch.Read(c)
		if err != nil {
			return err
		}
		visit(c, o)
	}
	return nil
}
