package pdf

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"zapis/internal/incident"
)

// labelsTSV has the headings of report.pdf in the languages of the form. They have not been reviewed by native
// speakers yet. Answers are never translated.
//
//go:embed labels.tsv
var labelsTSV string

var labels = sync.OnceValue(func() map[string]map[string]string { return readLabels(labelsTSV) })

// Label returns the English label of a question, or "" for any other name: "received" is a heading and a line of the
// statement, which has no label. report.txt has the labels too: the words are part of the format.
func Label(field string) string {
	if _, question := incident.FieldByName(field); !question {
		return ""
	}
	return labels()["en"][field]
}

// readLabels returns language -> key -> heading. An invalid embedded table is a broken build.
func readLabels(tsv string) map[string]map[string]string {
	rows := strings.Split(strings.TrimSuffix(tsv, "\n"), "\n")
	languages := strings.Split(rows[0], "\t")[1:]
	out := make(map[string]map[string]string)
	for _, l := range languages {
		out[l] = make(map[string]string)
	}
	for i, row := range rows[1:] {
		cells := strings.Split(row, "\t")
		if len(cells) != len(languages)+1 {
			panic(fmt.Sprintf("paper: labels.tsv, line %d has %d cells", i+2, len(cells)))
		}
		for j, l := range languages {
			out[l][cells[0]] = cells[j+1]
		}
	}
	return out
}

// report renders the account as given, with headings in the language of the form and in English beside them.
func report(f Facts) ([]byte, error) {
	lang := f.language()
	local, english := labels()[lang], labels()["en"]
	say := func(key, plain string) string {
		if own := local[key]; own != "" && lang != "en" {
			return own + " / " + plain
		}
		return plain
	}
	s := newSheet(say("title", english["title"]), lang, f)
	if lang != "en" {
		s.paragraph("%s", local["unsworn"])
	}
	s.paragraph("%s", english["unsworn"])
	s.row("Case", f.Case, false)
	for _, sub := range f.Submission {
		s.heading(sub.Title)
		s.row(say("received", english["received"]), sub.Received, false)
		var empty []string
		for _, a := range sub.Answers {
			if len(a.Values) == 0 {
				empty = append(empty, say(a.Field, a.Label))
				continue
			}
			s.answer(say(a.Field, a.Label), lang, a)
			if a.Field == "narrative" && len(a.Values) > 0 {
				s.translations(sub.Translations, say("translation", english["translation"]))
			}
		}
		if len(empty) > 0 && len(empty) == len(sub.Answers) {
			s.small(say("nothing", english["nothing"]))
		} else if len(empty) > 0 {
			s.small(say("empty", english["empty"]) + ": " + strings.Join(empty, "; "))
		}
		if len(sub.Exhibits) > 0 {
			s.heading(say("files", english["files"]))
		}
		for _, e := range sub.Exhibits {
			s.row(e.Number, fmt.Sprintf("%s, %d bytes, “%s”", e.MediaType, e.Size, e.Name), false)
			s.row("", e.SHA256, true)
		}
		if len(sub.Withheld) > 0 {
			s.heading(say("withheld", english["withheld"]))
		}
		for _, w := range runs(sub.Withheld) {
			s.item("%s: %s.", w.Label, w.Reason)
		}
	}
	return s.bytes()
}

// translations renders translations of the text above, which they do not replace.
func (s *sheet) translations(list []Translation, label string) {
	for _, t := range list {
		s.subheading(label + ": " + t.Language)
		s.small("Made by " + t.By + ", kept by the trustee " + t.Keeper + " on " + t.At + ". Not the reporter's words, and not verified here.")
		s.quote(t.Text)
	}
}

// explained returns an answer's codes in words of a language of the form, and in English.
func explained(a Answer, lang string) (words []string) {
	for _, v := range a.Values {
		local, word := Explain(lang, a.Field, v), Explain("en", a.Field, v)
		if local != word {
			local += " / " + strings.TrimPrefix(word, v+"  ")
		}
		words = append(words, local)
	}
	return words
}

func (s *sheet) answer(label, lang string, a Answer) {
	switch {
	case a.Field == "narrative":
		s.subheading(label)
		s.quote(a.Values[0])
	default:
		s.row(label, strings.Join(explained(a, lang), "\n"), false)
	}
}

// language returns that of the first submission's form, where it is supported and not English.
func (f Facts) language() string {
	for _, sub := range f.Submission {
		if sub.Language != "en" && labels()[sub.Language] != nil {
			return sub.Language
		}
	}
	return "en"
}
