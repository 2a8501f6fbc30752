package desk

import (
	"fmt"
	"html/template"

	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/links"
	"zapis/internal/trustee/statistics"
)

// transportFuncs are the words of the pages about what comes and goes.
var transportFuncs = template.FuncMap{
	"plural": casework.Many,
	"entries": func(d *casework.Imported) string {
		return casework.Many(int(d.Size-d.From), "new entry", "new entries")
	},
	"linktype": func(code string) string { return wordsOf(linkTypes, code) },
	"hold":     func(code string) string { return wordsOf(holdReasons, code) },
	"reason":   func(kind any) string { return wordsOf(suggestionReasons, fmt.Sprint(kind)) },
}

// outNames are the names of what an outbox takes along: of one, and of more.
var outNames = map[casework.Thing][2]string{
	casework.OutReply:       {"answer to a reporter", "answers to reporters"},
	casework.OutDecision:    {"decision at the desk", "decisions at the desk"},
	casework.OutRead:        {"mark that you have read a case", "marks that you have read a case"},
	casework.OutNote:        {"note", "notes"},
	casework.OutGrade:       {"grade", "grades"},
	casework.OutTranslation: {"translation", "translations"},
	casework.OutCopy:        {"copy of an answer for the other trustees", "copies of answers for the other trustees"},
	casework.OutExhibit:     {"statement about an exhibit", "statements about exhibits"},
	casework.OutUnknown:     {"text that a newer zapis wrote", "texts that a newer zapis wrote"},
	casework.OutApproval:    {"approval", "approvals"},
	casework.OutHead:        {"head of your custody log", "heads of your custody log"},
}

// outLines gives one line for each kind of thing.
func outLines(counted []casework.Counted) []string {
	var lines []string
	for _, c := range counted {
		lines = append(lines, casework.Many(c.N, outNames[c.Thing][0], outNames[c.Thing][1]))
	}
	return lines
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
