package incident

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:embed vocabulary.tsv
var vocabularyTSV string

//go:embed vocabulary-2.tsv
var vocabulary2TSV string

//go:embed countries.tsv
var countriesTSV string

// Method is one method of transnational repression.
type Method struct {
	Code    string // "D1": what is sent, stored and disclosed
	Key     string // "killing": what a translation is filed under
	English string // "killed, or an attempt to kill"
	Group   string // "D": the code's letter
	Since   int    // the version of the vocabulary that brought it
}

// Group is one heading of the form with its methods.
type Group struct {
	Letter  string // "D"
	English string // "Violence and fear"
}

// Country is a code of ISO 3166-1 alpha-2 and its English name.
type Country struct {
	Code    string // "PL"
	English string // "Poland"
}

// UnknownCountry is the answer for a country that the reporter does not know or does not name.
const UnknownCountry = "unknown"

var groups = []Group{
	{"D", "Violence and fear"},
	{"H", "Another country's police or offices"},
	{"M", "Passport, consulate, travel"},
	{"T", "Messages and online"},
	{"P", "Family and friends"},
	{"L", "Courts and lists at home"},
	{"A", "Difficulties where I live"},
	{"X", "Other"},
}

var methods = readMethods() // the schemas are made of them

var countries = sync.OnceValue(func() []Country { return readCountries(countriesTSV) })

// MethodByCode finds a method; ok is false for a code that this version does
// not know (a later one may).
func MethodByCode(code string) (m Method, ok bool) {
	i := slices.IndexFunc(methods, func(m Method) bool { return m.Code == code })
	if i < 0 {
		return Method{}, false
	}
	return methods[i], true
}

// Groups returns the headings in the order of the form.
func Groups() []Group { return slices.Clone(groups) }

// Countries returns the assigned codes of ISO 3166-1 alpha-2 in the order of the codes, and XK, a user-assigned code,
// for Kosovo.
func Countries() []Country { return slices.Clone(countries()) }

// CountryName returns the English name of a code, "unknown" for UnknownCountry, and the empty string for anything
// else.
func CountryName(code string) string {
	if code == UnknownCountry {
		return UnknownCountry
	}
	i, ok := slices.BinarySearchFunc(countries(), code, func(c Country, code string) int {
		return strings.Compare(c.Code, code)
	})
	if !ok {
		return ""
	}
	return countries()[i].English
}

// readMethods inserts the codes of a later version after those of their letter.
func readMethods() []Method {
	var all []Method
	add := func(row []string, since int) { all = append(all, Method{row[0], row[1], row[2], row[0][:1], since}) }
	for _, row := range rows(vocabularyTSV, "code\tkey\tplain English", 3) {
		add(row, 1)
	}
	for _, row := range rows(vocabulary2TSV, "code\tkey\tplain English\tfrom", 4) {
		add(row, 2)
	}
	letter := func(m Method) int { return slices.IndexFunc(groups, func(g Group) bool { return g.Letter == m.Group }) }
	slices.SortStableFunc(all, func(a, b Method) int { return letter(a) - letter(b) })
	return all
}

func readCountries(tsv string) []Country {
	var out []Country
	for _, row := range rows(tsv, "code\tEnglish", 2) {
		out = append(out, Country{Code: row[0], English: row[1]})
	}
	return out
}

// rows panics on a malformed table: the tables are embedded, so that is a broken build, and no input can cause it.
func rows(tsv, header string, columns int) [][]string {
	lines := strings.Split(strings.TrimSuffix(tsv, "\n"), "\n")
	if lines[0] != header {
		panic(fmt.Sprintf("incident: embedded table starts with %q", lines[0]))
	}
	var out [][]string
	for i, line := range lines[1:] {
		row := strings.Split(line, "\t")
		if len(row) != columns || slices.Contains(row, "") {
			panic(fmt.Sprintf("incident: embedded table, line %d: %q", i+2, line))
		}
		out = append(out, row)
	}
	return out
}

// Explain adds plain English to a code of the vocabulary; it returns any other value unchanged. What records contain
// is frozen with the vocabulary's version.
func Explain(field, value string) string {
	switch field {
	case "method":
		if m, ok := MethodByCode(value); ok {
			return value + "  " + m.English
		}
	case "country_event", "country_now":
		if name := CountryName(value); name != "" && name != value {
			return value + "  " + name
		}
	}
	return value
}
