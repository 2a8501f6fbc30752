package letter

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"zapis/internal/escape"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
)

// facts are the values for the templates. All are escaped: a letter that is pasted elsewhere must not contain
// invisible characters.
type facts struct {
	Case, Received string

	Methods                        []string
	When, CountryEvent, CountryNow string
	Target, Role, Basis            string
	ReportedTo                     string
	Danger, Deadline, DeadlineWhat string

	Narrative, Language      string
	Translation, Translators string

	Self                       bool   // the reporter is the person concerned, and the name is theirs
	Name, Contact, ContactWhen string // of the reporter; empty unless the identity is included

	Annexes []annex
}

type annex struct {
	Name, MediaType, SHA256, Mark string
	Size                          int64
}

func factsOf(in Input) facts {
	c, w := in.Case, words()[in.Language]
	code := func(field string) string { return w.of(field, c.Newest(field)) }
	f := facts{
		Case: c.ID, Received: c.First().Received.UTC().Format("2006-01-02 15:04:05"),
		When: dated(c, w), CountryEvent: country(c.Newest("country_event"), in.Language, w), CountryNow: country(c.Newest("country_now"), in.Language, w),
		Target: code("target"), Role: code("target_role"), Basis: code("basis"), Danger: w.of("danger_now", c.Newest("danger_now")),
		Deadline: line(c.Newest("deadline")), DeadlineWhat: line(c.Newest("deadline_what")), Narrative: quote(c.Narrative()),
	}
	for _, code := range c.All("method") {
		f.Methods = append(f.Methods, method(code, in.Language, w))
	}
	f.Self = c.Newest("target") == "me" || c.Newest("person_agrees") == "self"
	var told []string
	for _, code := range c.All("reported_to") {
		told = append(told, w.of("reported_to", code))
	}
	f.ReportedTo = strings.Join(told, ", ")
	f.Language = languageName(strings.Join(c.First().Answers["language"], ""), in.Language)
	f.Translation, f.Translators = translation(c, in.Language)
	if in.WithIdentity {
		given := c.Identity()
		f.Name, f.Contact, f.ContactWhen = line(given["name"]), line(given["contact"]), line(given["contact_when"])
	}
	for _, a := range in.Annexes {
		f.Annexes = append(f.Annexes, annex{a.Name, line(a.MediaType), a.SHA256, w.of("mark", string(a.Mark)), a.Size})
	}
	return f
}

// dated returns the date of the event, with its precision.
func dated(c casefile.Case, w vocabulary) string {
	when, precision := line(c.Newest("when")), w.of("when_precision", c.Newest("when_precision"))
	if when != "" && precision != "" {
		return when + " (" + precision + ")"
	}
	return when + precision
}

func method(code, in string, w vocabulary) string {
	if m, ok := incident.MethodByCode(code); ok && in == "en" {
		return m.English
	}
	return w.of("method", code)
}

// country returns the name of a country in the letter's language; in English that of the vocabulary.
func country(code, in string, w vocabulary) string {
	name := incident.CountryName(code)
	switch {
	case name == "":
		return line(code)
	case code == incident.UnknownCountry:
		return w.of("country", code)
	case in == "en":
		return name
	}
	return display.Regions(language.Make(in)).Name(language.MustParseRegion(code))
}

// languageName returns the name of a language in the letter's language, from our own table where the library's name is
// not the usual one.
func languageName(tag, in string) string {
	parsed, err := language.Parse(tag)
	if err != nil || tag == "" {
		return ""
	}
	base, _ := parsed.Base()
	if name, ours := words()[in]["language."+base.String()]; ours {
		return name
	}
	return display.Languages(language.Make(in)).Name(base)
}

func translation(c casefile.Case, in string) (text, by string) {
	var texts, names []string
	for _, t := range c.Translations(in) {
		texts = append(texts, t.Text)
		if who := line(t.Translator); who != "" && !slices.Contains(names, who) {
			names = append(names, who)
		}
	}
	return quote(strings.Join(texts, "\n\n")), strings.Join(names, ", ")
}

func line(s string) string { return escape.Text(s) }

// columns is the width of quoted text, its margin included.
const columns = 80

// quote indents a person's words, so that they are distinct from the letter's.
func quote(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	var b strings.Builder
	for one := range strings.Lines(strings.ReplaceAll(strings.TrimSpace(s), "\t", "    ")) {
		for _, row := range wrap(line(strings.TrimRight(one, "\n"))) {
			b.WriteString(strings.TrimRight("> "+row, " ") + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// wrap breaks a line at spaces; a longer word stays whole.
func wrap(s string) []string {
	var rows []string
	row := ""
	for i, word := range strings.Split(s, " ") {
		if i > 0 && row != "" && escape.Columns(row+" "+word) > columns-2 {
			rows, row = append(rows, row), word
			continue
		}
		if i > 0 {
			row += " "
		}
		row += word
	}
	return append(rows, row)
}
