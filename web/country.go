package web

import (
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"zapis/internal/incident"
)

type country struct{ Code, Name string }

// frequentCodes are the countries listed first: those where people in exile live, pass through and come from.
var frequentCodes = []string{"BY", "RU", "UA", "PL", "LT", "LV", "EE", "DE", "CZ", "GE", "AM", "KZ", "RS", "ME", "TR", "VN"}

// localizedCountries lists the countries a report may name, with their names in one language, in its collation order.
// Names come from the Unicode CLDR data in golang.org/x/text; a locale may override one.
func localizedCountries(l *locale) []country {
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

// frequentCountries returns the entries of frequentCodes, in that order. otherCountries returns the rest.
func frequentCountries(all []country) []country {
	var some []country
	for _, code := range frequentCodes {
		if i := slices.IndexFunc(all, func(c country) bool { return c.Code == code }); i >= 0 {
			some = append(some, all[i])
		}
	}
	return some
}

func otherCountries(all []country) []country {
	return slices.DeleteFunc(slices.Clone(all), func(c country) bool { return slices.Contains(frequentCodes, c.Code) })
}
