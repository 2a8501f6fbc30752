package web

import (
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"zapis/internal/incident"
)

type country struct{ Code, Name string }

// oftenNamed are the countries that stand first in the list: where people who fled live, pass and come from.
var oftenNamed = []string{"BY", "RU", "UA", "PL", "LT", "LV", "EE", "DE", "CZ", "GE", "AM", "KZ", "RS", "ME", "TR", "VN"}

// countriesOf names the countries that a report may name, in one language and its own order. Names come from the
// Unicode CLDR as golang.org/x/text has it; where that has grown old, the locale says better.
func countriesOf(l *locale) []country {
	names := display.Regions(l.tag)
	var all []country
	for _, c := range incident.Countries() {
		name := ""
		if key := "country." + c.Code; l.has(key) {
			name = l.t(key)
		} else if r, err := language.ParseRegion(c.Code); err == nil && names != nil {
			name = names.Name(r)
		}
		if name == "" {
			name = c.English
		}
		all = append(all, country{c.Code, name})
	}
	order := collate.New(l.tag)
	slices.SortStableFunc(all, func(a, b country) int { return order.CompareString(a.Name, b.Name) })
	return all
}

// often gives the countries that stand first, in their own order; rest gives the others.
func often(all []country) []country {
	var some []country
	for _, code := range oftenNamed {
		if i := slices.IndexFunc(all, func(c country) bool { return c.Code == code }); i >= 0 {
			some = append(some, all[i])
		}
	}
	return some
}

func rest(all []country) []country {
	return slices.DeleteFunc(slices.Clone(all), func(c country) bool { return slices.Contains(oftenNamed, c.Code) })
}
