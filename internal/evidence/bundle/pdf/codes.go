package pdf

import (
	_ "embed"
	"strings"
	"sync"
)

// codesTSV has the labels of the answers' codes: for a person in English, and in the languages of the form as the form
// has them.
//
//go:embed codes.tsv
var codesTSV string

var codes = sync.OnceValue(func() map[string]map[string]string { return readLabels(codesTSV) })

// Explain returns an answer in words of a language of the form. Free text and an unknown code are returned unchanged.
// A method keeps its code.
func Explain(lang, field, value string) string {
	word := codes()[lang][field+"."+value]
	switch {
	case field == "method" && word != "":
		return value + "  " + word
	case word != "":
		return word
	case field == "country_event" || field == "country_now":
		return country(lang, value)
	}
	return value
}

// countriesTSV has the countries' names from the Unicode CLDR. They are embedded and not taken from a library: the
// names in a bundle may not change with its version.
//
//go:embed countries.tsv
var countriesTSV string

var countries = sync.OnceValue(func() map[string]map[string]string { return readLabels(countriesTSV) })

func country(lang, code string) string {
	if name := countries()[lang][code]; name != "" {
		return name
	}
	return code
}

// FieldName returns the English name of a field: attachment-3 is file 3.
func FieldName(name, label string) string {
	if n, ok := strings.CutPrefix(name, slotPrefix); ok {
		return "file " + n
	}
	return label
}
