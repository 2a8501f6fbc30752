package desk

import (
	"cmp"
	"fmt"
	"html/template"
	"strings"
	"time"

	"zapis/internal/escape"
	"zapis/internal/incident"
	"zapis/internal/trustee/review"
)

// option is a code and its words.
type option struct{ Code, English string }

// templateFuncs are the words that templates ask for by code.
var templateFuncs = template.FuncMap{
	"danger": func(code string) string { return dangerWords[code] },
	"method": methodWords,
	"words":  codeWords,
	"label":  fieldLabel,
	"day":    func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
	"minute": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") },
	"join":   func(list []string) string { return strings.Join(list, ", ") },
	"short":  func(id string) string { return id[:min(8, len(id))] },
	"plain":  escape.Text,
	"bytes":  sizeWords,
	"next":   func(i int) int { return i + 1 },

	// input and infield give a template of a part of a form what it needs beside the field.
	"input":   func(f railField, id, name string) fieldInput { return fieldInput{f, id, name} },
	"infield": func(f railField, id string) fieldOfCase { return fieldOfCase{f, id} },
}

type fieldInput struct {
	F        railField
	ID, Name string
}

type fieldOfCase struct {
	F    railField
	Case string
}

// sizeWords writes a size for people.
func sizeWords(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// methodWords returns a method's plain English; a code that this vocabulary does not know is shown as it is.
func methodWords(code string) string {
	if m, ok := incident.MethodByCode(code); ok {
		return m.English
	}
	return code
}

var dangerWords = map[string]string{"yes": "NOW", "unsure": "perhaps"}

// labels are the names of the trustees' fields. Two have the name of a question. Of any other, the underscores are
// spaces.
var labels = map[string]string{
	"deadline": "Deadline", "method": "Method",
	"state": "State", "second_reader": "Second reader", "reliability": "Source, A to F", "content": "Content, 1 to 6",
	"corroboration": "Corroboration, K0 to K3", "actor": "Actor", "actor_role": "Role of the actor", "physical": "Physical violence",
	"act_country": "Country of the act", "effect_country": "Country of the effect", "authority_response": "Authority's response",
	"risk_to": "Risk to", "next_review": "Next review", "ground_stated": "Ground stated", "ground_legal": "Legal ground",
	"appeal_by": "Appeal by", "element": "Elements of an offence",
}

// fieldLabel returns the name of a field of the trustees or of the form, as a heading.
func fieldLabel(name string) string {
	text := strings.ReplaceAll(cmp.Or(labels[name], incident.AnswerLabel(name)), "_", " ")
	return strings.ToUpper(text[:min(1, len(text))]) + text[min(1, len(text)):]
}

// codeNames are words of codes that say too little themselves, by field.
var codeNames = map[string]map[string]string{
	"state": {"received": "received", "in_review": "in review", "needs_info": "waiting for the reporter", "found_false": "found to be false",
		"out_of_scope": "out of scope or spam"},
	"corroboration": {"K0": "K0: the report alone", "K1": "K1: fits what is known", "K2": "K2: a second, independent source", "K3": "K3: several independent sources or documents"},
	"forum": {"ecthr": "European Court of Human Rights", "un_hrc": "UN Human Rights Committee", "un_wgad": "UN Working Group on Arbitrary Detention",
		"un_wgeid": "UN Working Group on Enforced Disappearances", "un_special_procedures": "UN special procedures", "un_gieb": "UN Group of Independent Experts on Belarus",
		"ccf": "Interpol's CCF", "iapb": "IAPB", "icc": "International Criminal Court"},
	"risk_to":   {"person": "the person concerned", "relatives_there": "relatives there", "relatives_here": "relatives here"},
	"impact":    {"silenced": "silenced: stopped speaking", "moved": "moved away", "treated": "needed treatment"},
	"danger":    {"yes": "now", "unsure": "perhaps", "no": "no"},
	"withdrawn": {"stop": "not to be used any more", "delete": "to be erased"},
}

// codeWords puts a code of a field into words.
func codeWords(field, code string) string {
	switch field {
	case "reliability":
		return cmp.Or(gradeWords(review.Sources(), code), code)
	case "content":
		return cmp.Or(gradeWords(review.Informations(), code), code)
	case "nexus":
		return review.English(review.Nexuses(), code)
	case "act_country", "effect_country", "country_event", "country_now":
		return cmp.Or(incident.CountryName(code), code)
	case "method":
		return code + " " + methodWords(code)
	case "tag", "actor", "reference", "owner":
		return code
	}
	if w := codeNames[field][code]; w != "" {
		return w
	}
	if _, asked := incident.FieldByName(field); asked {
		code = incident.AnswerWords(field, code)
	}
	return strings.ReplaceAll(code, "_", " ")
}

func gradeWords(codes []review.Code, code string) string {
	for _, c := range codes {
		if c.Code == code {
			return code + ": " + c.English
		}
	}
	return ""
}
