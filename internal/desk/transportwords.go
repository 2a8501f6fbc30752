package desk

import (
	"fmt"
	"html/template"
	"strconv"

	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/links"
	"zapis/internal/trustee/statistics"
)

// transportFuncs are the words of the pages about what comes and goes.
var transportFuncs = template.FuncMap{
	"plural":   plural,
	"entries":  func(d *casework.Imported) string { return plural(int(d.Size-d.From), "new entry", "new entries") },
	"linktype": func(code string) string { return wordsOf(linkTypes, code) },
	"hold":     func(code string) string { return wordsOf(holdReasons, code) },
	"reason":   func(kind any) string { return wordsOf(suggestionReasons, fmt.Sprint(kind)) },
}

// plural counts things in words: one and more are the thing's names.
func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

// languageNames gives languages by their own names.
func languageNames(codes []string) []choice {
	var list []choice
	for _, code := range codes {
		list = append(list, choice{code, statistics.LanguageName(code)})
	}
	return list
}

// wordsOf finds a code's words; a code that is not there is shown as it is.
func wordsOf(list []choice, code string) string {
	for _, c := range list {
		if c.Code == code {
			return c.Words
		}
	}
	return code
}

var suggestionReasons = []choice{{string(links.SameFile), "the same file"}, {string(links.NearPicture), "nearly the same picture"},
	{string(links.SamePhrase), "the same words"}, {string(links.SameActor), "the same actor"}, {string(links.SameMonthPlace), "the same month and place"}}
