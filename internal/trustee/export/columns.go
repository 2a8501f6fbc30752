package export

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/review"
)

// multi separates the values of one cell, as Uwazi expects.
const multi = "|"

// column is one of a table.
type column struct {
	name   string
	values func(casefile.Case) []string
	tells  bool                // with the others of its kind, it may identify the person of a row
	known  func(string) bool   // in a table of codes: whether a value is one of the vocabulary's
	label  func(string) string // Uwazi's label of a code; nil for the code itself
}

// text joins a cell's values. A value that contains the separator can't be one of our codes.
func (c column) text(d casefile.Case) string {
	values := c.values(d)
	if len(values) > 1 {
		for i, v := range values {
			values[i] = strings.ReplaceAll(v, multi, "/")
		}
	}
	return strings.Join(values, multi)
}

func one(get func(casefile.Case) string) func(casefile.Case) []string {
	return func(c casefile.Case) []string {
		if v := get(c); v != "" {
			return []string{v}
		}
		return nil
	}
}

func newest(field string) func(casefile.Case) []string {
	return one(func(c casefile.Case) string { return c.Newest(field) })
}

func all(field string) func(casefile.Case) []string {
	return func(c casefile.Case) []string { return c.All(field) }
}

// isCode reports whether a value is one of a question's codes.
func isCode(field string) func(string) bool {
	f, _ := incident.FieldByName(field)
	return func(v string) bool { return slices.Contains(f.Codes, v) }
}

func isReviewCode(of []review.Code) func(string) bool {
	return func(v string) bool { return slices.ContainsFunc(of, func(c review.Code) bool { return c.Code == v }) }
}

func isCountry(v string) bool { return incident.CountryName(v) != "" }

func isYear(v string) bool { return len(v) == 4 && strings.Trim(v, "0123456789") == "" }

// isLanguage accepts the primary language alone: further subtags may identify a person.
func isLanguage(v string) bool {
	return (len(v) == 2 || len(v) == 3) && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz") == ""
}

// language returns the primary language of the form.
func language(c casefile.Case) string {
	tag, _, _ := strings.Cut(strings.ToLower(strings.Join(c.First().Answers["language"], "")), "-")
	return tag
}

func groups(c casefile.Case) []string {
	var letters []string
	for _, code := range c.All("method") {
		if m, ok := incident.MethodByCode(code); ok && !slices.Contains(letters, m.Group) {
			letters = append(letters, m.Group)
		}
	}
	return letters
}

func methodLabel(code string) string {
	if m, ok := incident.MethodByCode(code); ok {
		return code + " " + m.English
	}
	return code
}

func groupLabel(letter string) string {
	for _, g := range incident.Groups() {
		if g.Letter == letter {
			return g.English
		}
	}
	return letter
}

func countryLabel(code string) string {
	if name := incident.CountryName(code); name != "" {
		return name
	}
	return code
}

func reviewLabel(of []review.Code) func(string) string {
	return func(code string) string { return code + " " + review.English(of, code) }
}

// shared are the columns of codes, the only ones of a table of codes.
var shared = []column{
	{name: "method", values: all("method"), known: isCode("method"), label: methodLabel},
	{name: "method_group", values: groups, label: groupLabel, known: func(string) bool { return true }},
	{name: "year", values: one(casefile.Case.Year), known: isYear, tells: true},
	{name: "when_precision", values: newest("when_precision"), known: isCode("when_precision")},
	{name: "country_event", values: newest("country_event"), known: isCountry, label: countryLabel, tells: true},
	{name: "country_now", values: newest("country_now"), known: isCountry, label: countryLabel, tells: true},
	{name: "target", values: newest("target"), known: isCode("target"), tells: true},
	{name: "target_role", values: newest("target_role"), known: isCode("target_role"), tells: true},
	{name: "basis", values: newest("basis"), known: isCode("basis")},
	{name: "reported_to", values: all("reported_to"), known: isCode("reported_to")},
	{name: "report_language", values: one(language), known: isLanguage},
	{name: "nexus", values: one(func(c casefile.Case) string { return c.Nexus }), known: isReviewCode(review.Nexuses())},
	{name: "source_reliability", values: one(func(c casefile.Case) string { return c.Source }), known: isReviewCode(review.Sources()), label: reviewLabel(review.Sources())},
	{name: "information_credibility", values: one(func(c casefile.Case) string { return c.Information }), known: isReviewCode(review.Informations()), label: reviewLabel(review.Informations())},
}

// columnsFor returns the columns that a format has for an addressee.
func columnsFor(f Format, in Input) []column {
	var list []column
	if f == Uwazi {
		list = append(list, column{name: "title", values: one(func(c casefile.Case) string { return title(c, in.To.Codes) })})
	}
	codes := slices.Clone(shared)
	if in.To.Codes {
		for i, col := range codes {
			codes[i].values = only(col.known, col.values)
		}
	} else {
		list = append(list,
			column{name: "case", values: one(func(c casefile.Case) string { return c.ID })},
			column{name: "entries", values: places},
			column{name: "received", values: one(received)},
			column{name: "when", values: one(func(c casefile.Case) string { return isoDate(c.Newest("when"), f) })})
	}
	if f == Uwazi {
		for i, col := range codes {
			codes[i].values = labelled(col.label, col.values)
		}
	}
	list = append(list, codes...)
	if !in.To.Codes {
		list = append(list, words(in)...)
	}
	return list
}

// words returns the columns for addressees who may read the case.
func words(in Input) []column {
	list := []column{
		{name: "danger_now", values: newest("danger_now")},
		{name: "deadline", values: newest("deadline")},
		{name: "deadline_what", values: newest("deadline_what")},
		{name: "person_agrees", values: newest("person_agrees")},
		{name: "consent", values: func(c casefile.Case) []string { return slices.Clone(c.Allowed.InForce) }},
		{name: "narrative", values: one(casefile.Case.Narrative)},
		{name: "narrative_english", values: one(func(c casefile.Case) string { return translated(c, "en") })},
		{name: "exhibits", values: func(c casefile.Case) []string {
			return exhibits(c, in, func(e casefile.Exhibit) string { return e.Name })
		}},
		{name: "exhibits_sha256", values: func(c casefile.Case) []string {
			return exhibits(c, in, func(e casefile.Exhibit) string { return e.SHA256 })
		}},
	}
	if in.WithIdentity {
		for _, field := range incident.IdentityNames() {
			list = append(list, column{name: field, values: one(func(c casefile.Case) string { return c.Identity()[field] })})
		}
	}
	return list
}

func only(known func(string) bool, values func(casefile.Case) []string) func(casefile.Case) []string {
	return func(c casefile.Case) []string {
		return slices.DeleteFunc(slices.Clone(values(c)), func(v string) bool { return !known(v) })
	}
}

func labelled(label func(string) string, values func(casefile.Case) []string) func(casefile.Case) []string {
	if label == nil {
		return values
	}
	return func(c casefile.Case) []string {
		var out []string
		for _, v := range values(c) {
			out = append(out, label(v))
		}
		return out
	}
}

// exhibits lists exhibits whose description may be shown.
func exhibits(c casefile.Case, in Input, what func(casefile.Exhibit) string) []string {
	var out []string
	for _, e := range c.Exhibits {
		if shown(e, in) {
			out = append(out, what(e))
		}
	}
	return out
}

// shown reports whether an exhibit's content may be described: it is open, or was, and is not the identity's.
func shown(e casefile.Exhibit, in Input) bool {
	return e.SHA256 != "" && (!e.Identifies || in.WithIdentity)
}

func places(c casefile.Case) []string {
	var out []string
	for _, s := range c.Submissions {
		out = append(out, s.Place)
	}
	return out
}

func received(c casefile.Case) string {
	if at := c.First().Received; !at.IsZero() {
		return at.UTC().Format(time.RFC3339)
	}
	return ""
}

func translated(c casefile.Case, language string) string {
	var texts []string
	for _, t := range c.Translations(language) {
		texts = append(texts, t.Text)
	}
	return strings.Join(texts, "\n\n")
}

// isoDate returns a whole date for formats without partial ones, the first day of the known period: Uwazi has no
// months. when_precision holds the reporter's precision.
func isoDate(when string, f Format) string {
	if f != Uwazi {
		return when
	}
	switch len(when) {
	case 4:
		return when + "-01-01"
	case 7:
		return when + "-01"
	}
	return when
}

// title returns the name of an entity. A title of codes names what happened, never the case.
func title(c casefile.Case, codes bool) string {
	var methods []string
	for _, code := range c.All("method") {
		if m, ok := incident.MethodByCode(code); ok {
			methods = append(methods, m.English)
		}
	}
	text := "incident"
	if len(methods) > 0 {
		text = strings.Join(methods, "; ")
	}
	if y := c.Year(); isYear(y) {
		text = fmt.Sprintf("%s (%s)", text, y)
	}
	if !codes {
		text = c.ID + ": " + text
	}
	return text
}
