package web

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"zapis/internal/localefile"
)

//go:embed locales/*.txt
var localeFiles embed.FS

// languages lists the locales in the order in which the page shows them. English is the reference: every other locale
// has exactly its keys.
var languages = localefile.Languages()

const reference = "en"

// locale holds one language's sentences. Its file is
//
//	# Deutsch. Not reviewed by a native speaker yet.
//	form.heading = Erzählen Sie uns, was passiert ist
//	form.readers#one = {n} geschulte Person öffnet Meldungen.
//	form.readers#other = {n} geschulte Personen öffnen Meldungen.
//
// one sentence a line, placeholders in braces, no markup: the text is escaped as text. After # stands a CLDR plural
// category (one, few, many, other); the method n selects by number.
type locale struct {
	code string // "be"
	tag  language.Tag
	text map[string]string
}

// loadLocales reads all locales and refuses a set in which one lacks a key or a placeholder of the reference.
func loadLocales() (map[string]*locale, error) {
	all := make(map[string]*locale, len(languages))
	for _, code := range languages {
		raw, err := localeFiles.ReadFile("locales/" + code + ".txt")
		if err != nil {
			return nil, err
		}
		l, err := parseLocale(code, string(raw))
		if err != nil {
			return nil, err
		}
		all[code] = l
	}
	for _, code := range languages {
		if err := all[code].sameAs(all[reference]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func parseLocale(code, raw string) (*locale, error) {
	tag, err := language.Parse(code)
	if err != nil {
		return nil, fmt.Errorf("locale %s: %w", code, err)
	}
	text, err := localefile.Parse(code, raw)
	if err != nil {
		return nil, err
	}
	return &locale{code: code, tag: tag, text: text}, nil
}

// pluralForms names the CLDR categories for whole numbers; a locale needs those of its language.
var pluralForms = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two",
	plural.Few: "few", plural.Many: "many", plural.Other: "other",
}

// splitPlural cuts a plural category off a key.
func splitPlural(key string) (stem string, ok bool) {
	stem, _, ok = strings.Cut(key, "#")
	return stem, ok
}

// stems returns the keys without plural categories, each with its placeholders, sorted. {n} of a plural set is left out:
// "one reader" needs no figure.
func (l *locale) stems() (map[string]string, error) {
	found := make(map[string]string)
	for _, key := range slices.Sorted(maps.Keys(l.text)) {
		stem, isPlural := splitPlural(key)
		names := placeholders(l.text[key])
		if isPlural {
			names = slices.DeleteFunc(names, func(name string) bool { return name == "n" })
		}
		holes := strings.Join(names, " ")
		if had, ok := found[stem]; ok && had != holes {
			return nil, fmt.Errorf("locale %s: %s has other placeholders than its sister forms", l.code, key)
		}
		found[stem] = holes
	}
	return found, nil
}

// sameAs refuses a locale whose keys or placeholders differ from those of ref, or that lacks a plural form its language
// needs for a number from 0 to 1000.
func (l *locale) sameAs(ref *locale) error {
	mine, err := l.stems()
	if err != nil {
		return err
	}
	theirs, err := ref.stems()
	if err != nil {
		return err
	}
	for _, stem := range slices.Sorted(maps.Keys(theirs)) {
		holes, ok := mine[stem]
		if !ok {
			return fmt.Errorf("locale %s: %s is missing", l.code, stem)
		}
		if holes != theirs[stem] {
			return fmt.Errorf("locale %s: %s has the placeholders {%s}, not {%s}", l.code, stem, holes, theirs[stem])
		}
	}
	for _, stem := range slices.Sorted(maps.Keys(mine)) {
		if _, ok := theirs[stem]; !ok {
			return fmt.Errorf("locale %s: %s is not in %s", l.code, stem, ref.code)
		}
	}
	first := make(map[string]int) // the least number of each plural form
	for n := 1000; n >= 0; n-- {
		first[l.form(n)] = n
	}
	for key := range ref.text {
		stem, isPlural := splitPlural(key)
		if !isPlural {
			continue
		}
		for form, n := range first {
			if l.text[stem+"#"+form] == "" {
				return fmt.Errorf("locale %s: %s#%s is missing (for %d)", l.code, stem, form, n)
			}
		}
	}
	return nil
}

// placeholders returns the names in braces, sorted.
func placeholders(text string) []string {
	var names []string
	for {
		_, rest, ok := strings.Cut(text, "{")
		if !ok {
			slices.Sort(names)
			return slices.Compact(names)
		}
		name, after, ok := strings.Cut(rest, "}")
		if ok {
			names = append(names, name)
		}
		text = after
	}
}

func (l *locale) has(key string) bool {
	_, ok := l.text[key]
	return ok
}

// t returns a sentence, its placeholders filled from name, value pairs. It panics on a missing key: New and the tests
// check every template and every code, so that this cannot happen while serving.
func (l *locale) t(key string, pairs ...any) string {
	text, ok := l.text[key]
	if !ok {
		panic("web: locale " + l.code + " has no " + key)
	}
	return localefile.Fill(text, pairs...)
}

// n is t for a sentence that depends on a number, which also fills {n}.
func (l *locale) n(key string, n int, pairs ...any) string {
	return l.t(key+"#"+l.form(n), append(pairs, "n", n)...)
}

func (l *locale) form(n int) string {
	return pluralForms[plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0)]
}

// list joins items as the language does: "a, b and c".
func (l *locale) list(items []string) string { return l.joined("list.and", items) }

// either joins items as alternatives: "a, b or c".
func (l *locale) either(items []string) string { return l.joined("list.or", items) }

func (l *locale) joined(key string, items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	last := len(items) - 1
	return l.t(key, "some", strings.Join(items[:last], ", "), "last", items[last])
}

// date writes a day in figures, in the order of the language.
func (l *locale) date(t time.Time) string {
	return l.t("date", "year", t.Format("2006"), "month", t.Format("01"), "day", t.Format("02"))
}

// days names weekdays, 1 being Monday: "on Mondays and on Thursdays", or "every day".
func (l *locale) days(days []int) string {
	if len(days) == 7 {
		return l.t("day.every")
	}
	names := make([]string, len(days))
	for i, d := range days {
		names[i] = l.t("day." + strconv.Itoa(d))
	}
	return l.list(names)
}

// size formats a number of bytes.
func (l *locale) size(bytes int64) string {
	const mb = 1 << 20
	switch {
	case bytes >= 1024*mb && bytes%(1024*mb) == 0:
		return l.t("size.GB", "n", bytes/(1024*mb))
	case bytes >= mb:
		return l.t("size.MB", "n", bytes/mb)
	}
	return l.t("size.KB", "n", max(1, bytes/1024))
}
