package incident

import "cmp"

// The words that a trustee reads beside the ledger's codes. A code without words here is shown as it is: a
// later vocabulary has more.

var answerWords = map[string]map[string]string{
	"danger_now":     {"yes": "YES", "unsure": "not sure", "no": "no"},
	"when_precision": {"day": "to the day", "month": "to the month", "year": "to the year", "ongoing": "it goes on", "unknown": "not known"},
	"target": {"me": "the reporter", "relative": "a relative", "acquaintance": "somebody the reporter knows",
		"assisted": "somebody whom the reporter helps", "group": "a group"},
	"target_role": {"former_prisoner": "former prisoner", "volunteer_fighter": "volunteer fighter", "ordinary": "nobody in particular"},
	"basis": {"present": "the reporter was there", "told_by_person": "that person told the reporter", "told_by_other": "somebody else told the reporter",
		"seen": "the reporter saw or read it"},
	"person_agrees":  {"self": "it is the reporter", "yes": "yes", "undecided": "not decided: only keeping and counting", "unasked": "not asked: only keeping and counting"},
	"files_identify": {"yes": "show who the reporter is"},
	"consent":        ConsentWords,
}

// ConsentWords say what may be done, each after "allowed:".
var ConsentWords = map[string]string{
	"store": "keep", "statistics": "count", "lawyer": "lawyer", "police": "police", "court": "court", "un": "United Nations",
	"ccf": "Interpol's CCF", "other": "others, after asking", "ask": "ask me first", "state": "may reach the state", "publish": "publish",
}

// AnswerLabel returns a question's Label, or the name itself where there is no such question.
func AnswerLabel(field string) string {
	f, _ := FieldByName(field)
	return cmp.Or(f.Label, field)
}

// AnswerWords returns an answer in words. A field of free text returns it as it is.
func AnswerWords(field, given string) string {
	if w, ok := answerWords[field][given]; ok {
		return w
	}
	return Explain(field, given)
}
