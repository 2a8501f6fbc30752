package statistics

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"zapis/internal/incident"
	"zapis/internal/localefile"
)

//go:embed locales/*.txt
var localeFiles embed.FS

// Languages returns those of the tables, in the order of the desk's choice.
func Languages() []string { return localefile.Languages() }

// LanguageName returns the name that a language gives itself, or the code where it is not known.
func LanguageName(code string) string {
	tag, err := language.Parse(code)
	if err != nil {
		return code
	}
	return cmp.Or(display.Self.Name(tag), code)
}

// Words are one language's sentences and labels.
type Words struct {
	tag  language.Tag
	text map[string]string
}

// NewWords parses a language's sentences. It fails for a language that is not one of Languages.
func NewWords(code string) (*Words, error) {
	if !slices.Contains(Languages(), code) {
		return nil, fmt.Errorf("the tables do not speak %q, only %s", code, strings.Join(Languages(), ", "))
	}
	raw, err := localeFiles.ReadFile("locales/" + code + ".txt")
	if err != nil {
		return nil, err
	}
	text, err := localefile.Parse(code, string(raw))
	return &Words{language.MustParse(code), text}, err
}

// Sentence returns a sentence with its placeholders filled in, as in Sentence("period.1", "year", 2026).
func (w *Words) Sentence(key string, pairs ...any) string {
	return localefile.Fill(w.text[key], pairs...)
}

// Period returns the name of a half-year.
func (w *Words) Period(p Period) string {
	year, half := p.Parts()
	return w.Sentence("period."+strconv.Itoa(half), "year", year)
}

// Table returns a table's title.
func (w *Words) Table(table string) string { return w.text["table."+table] }

// labels maps a table to the key prefixes of the labels of its rows and columns.
var labels = map[string][2]string{
	TableTotal:    {"total"},
	TableMethod:   {"group"},
	TableCross:    {"host", "group"},
	TableHost:     {"host"},
	TableRole:     {"role"},
	TableTold:     {"told"},
	TableResponse: {"response"},
	TableOutcome:  {"told", "response"},
	TableNexus:    {"nexus"},
}

// Row returns the label of a row.
func (w *Words) Row(table, row string) string {
	if table == TableWorked {
		parts := strings.SplitN(row, ".", 3)
		if len(parts) != 3 {
			return row
		}
		return w.text["office."+parts[0]] + ", " + w.text["rule."+parts[1]] + ": " + w.text["outcome."+parts[2]]
	}
	return w.label(labels[table][0], row)
}

// Column returns the label of a column; empty in tables of one dimension.
func (w *Words) Column(table, column string) string {
	if column == "" {
		return ""
	}
	return w.label(labels[table][1], column)
}

func (w *Words) label(kind, code string) string {
	if kind == "host" && code != Other && code != incident.UnknownCountry {
		return w.Country(code)
	}
	return w.text[kind+"."+code]
}

// Country returns the name of a country, from the Unicode CLDR or from the locale's override.
func (w *Words) Country(code string) string {
	if s := w.text["country."+code]; s != "" {
		return s
	}
	if r, err := language.ParseRegion(code); err == nil {
		if names := display.Regions(w.tag); names != nil {
			if s := names.Name(r); s != "" {
				return s
			}
		}
	}
	return incident.CountryName(code)
}

// Notes returns the lines below every table: the caption first.
func (w *Words) Notes(m Mode) []string {
	out := []string{w.text["caption"], w.text["note.consent"]}
	if m == Suppress {
		return append(out, w.text["note.suppress"])
	}
	return append(out, w.Sentence("note.round", "base", m.base()))
}
