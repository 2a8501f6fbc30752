package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
)

// filterFlags say which cases are listed, and in which order. Several kinds of flag must all fit; of one kind
// that is repeated, any.
type filterFlags struct {
	Danger   []string `enum:"yes,unsure,no" placeholder:"yes" help:"Only cases whose newest word on danger is this: yes, unsure or no. Repeat it for more, as all of these."`
	Due      *int     `placeholder:"DAYS" help:"Only cases with a date to know within so many days, or past."`
	Language []string `placeholder:"xx" help:"Only reports in this language."`
	Basis    []string `placeholder:"CODE" help:"Only where the reporter knows it so: present, told_by_person, told_by_other, seen."`
	Consent  []string `placeholder:"CODE" help:"Only where this consent is in force: store, statistics, lawyer, police, court, un, ccf, other, ask, state, publish."`
	Method   []string `placeholder:"CODE" help:"Only where this was part of it: a code like H1, or a letter for all of its group."`
	Country  []string `placeholder:"XX" help:"Only what happened in this country."`
	Since    string   `placeholder:"DATE" help:"Only what was received on this day (UTC, YYYY-MM-DD) or later."`
	Sort     string   `enum:",received,deadline,danger,language,basis,consent,country" default:"" placeholder:"received" help:"By received, deadline, danger, language, basis, consent or country. Where you say nothing, those in danger come first, and --json is by received."`
}

// day is how dates are written.
const day = "2006-01-02"

func (f filterFlags) check() error {
	for _, one := range []struct {
		flag, field string
		given       []string
	}{{"basis", "basis", f.Basis}, {"consent", "consent", f.Consent}} {
		field, _ := incident.FieldByName(one.field)
		for _, code := range one.given {
			if !slices.Contains(field.Codes, code) {
				return exit.New(exit.Usage, "one of: "+strings.Join(field.Codes, ", "), "--%s %s: there is no such code", one.flag, code)
			}
		}
	}
	for _, code := range f.Method {
		_, known := incident.MethodByCode(code)
		group := slices.ContainsFunc(incident.Groups(), func(g incident.Group) bool { return g.Letter == code })
		if !known && !group {
			return exit.New(exit.Usage, "zapis show --json has the codes", "--method %s: there is no such code", code)
		}
	}
	for _, code := range f.Country {
		if incident.CountryName(code) == "" {
			return exit.New(exit.Usage, "two capital letters, as ISO 3166 has them, or unknown", "--country %s: there is no such code", code)
		}
	}
	if _, err := time.Parse(day, f.Since); f.Since != "" && err != nil {
		return exit.New(exit.Usage, "", "--since %s: a date is written YYYY-MM-DD", f.Since)
	}
	if f.Due != nil && *f.Due < 0 {
		return exit.New(exit.Usage, "", "--due %d: it can't be negative", *f.Due)
	}
	return nil
}

// apply gives the cases that fit, in the order that was asked for.
func (f filterFlags) apply(cases []*casework.Case, now time.Time) []*casework.Case {
	type known struct {
		c *casework.Case
		s casefile.Summary
	}
	all := make([]known, len(cases))
	fit := make([]*known, 0, len(cases))
	for i, c := range cases {
		if all[i] = (known{c, c.Summary()}); f.fits(&all[i].s, now) {
			fit = append(fit, &all[i])
		}
	}
	slices.SortStableFunc(fit, func(a, b *known) int { return f.compare(&a.s, &b.s) })
	out := make([]*casework.Case, len(fit))
	for i, one := range fit {
		out[i] = one.c
	}
	return out
}

func (f *filterFlags) fits(s *casefile.Summary, now time.Time) bool {
	anyOf := func(want []string, has ...string) bool {
		return len(want) == 0 || slices.ContainsFunc(want, func(w string) bool { return slices.Contains(has, w) })
	}
	var groups []string
	if len(f.Method) > 0 {
		for _, code := range s.Methods {
			groups = append(groups, code, code[:1])
		}
	}
	switch {
	case !anyOf(f.Danger, s.Danger), !anyOf(f.Basis, s.Basis), !anyOf(f.Consent, s.Consent...), !anyOf(f.Country, s.Country), !anyOf(f.Method, groups...):
		return false
	case len(f.Language) > 0 && !slices.ContainsFunc(f.Language, func(l string) bool { return s.Language == l || strings.HasPrefix(s.Language, l+"-") }):
		return false
	case f.Since != "" && s.Received.UTC().Format(day) < f.Since:
		return false
	case f.Due != nil:
		return s.Deadline != "" && s.Deadline <= now.UTC().AddDate(0, 0, *f.Due).Format(day)
	}
	return true
}

// compare orders two cases; those that say nothing come last.
func (f *filterFlags) compare(a, b *casefile.Summary) int {
	last := func(a, b string) int {
		if a == "" || b == "" {
			return -strings.Compare(a, b)
		}
		return strings.Compare(a, b)
	}
	switch f.Sort {
	case "":
		return cmp.Or(cmp.Compare(a.Urgency(), b.Urgency()), a.Received.Compare(b.Received))
	case "deadline":
		return last(a.Deadline, b.Deadline)
	case "danger":
		rank := []string{"yes", "unsure", "no", ""}
		return cmp.Or(cmp.Compare(slices.Index(rank, a.Danger), slices.Index(rank, b.Danger)), last(a.Deadline, b.Deadline))
	case "language":
		return last(a.Language, b.Language)
	case "basis":
		return last(a.Basis, b.Basis)
	case "consent":
		return compareConsent(a.Consent, b.Consent)
	case "country":
		return last(a.Country, b.Country)
	}
	return a.Received.Compare(b.Received)
}

// compareConsent puts what allows a thing before what does not, by each consent in the form's order: cases that
// allow the same stand together.
func compareConsent(a, b []string) int {
	field, _ := incident.FieldByName("consent")
	for _, code := range field.Codes {
		if has := slices.Contains(a, code); has != slices.Contains(b, code) {
			if has {
				return -1
			}
			return 1
		}
	}
	return 0
}
