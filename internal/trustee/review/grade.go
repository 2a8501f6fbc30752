package review

import (
	"strings"

	"zapis/crypto/canonical"
)

// Code is one answer to a grading question.
type Code struct {
	Code    string
	English string
}

// Nexus is the link of an incident to the state that a person fled. The reviewer grades it, independently of the
// reporter's answers: a bank's refusal is often no repression, and counting it as such would make the numbers
// worthless.
var nexus = []Code{
	{"state_agent", "an agent of the state"},
	{"proxy", "somebody acting for the state"},
	{"host_triggered", "an act of the host country that the state set off"},
	{"host_only", "a barrier of the host country alone"},
	{"private", "private persons on their own account"},
	{"unknown", "it can't be told"},
}

// The reliability of a source and of its information are graded separately, by the two-character system of NATO's
// AJP-2.1 ("Admiralty code"), which police forces and fact-finders use.
var sources = []Code{
	{"A", "completely reliable"},
	{"B", "usually reliable"},
	{"C", "fairly reliable"},
	{"D", "not usually reliable"},
	{"E", "unreliable"},
	{"F", "reliability can't be judged"},
}

var information = []Code{
	{"1", "confirmed by other sources"},
	{"2", "probably true"},
	{"3", "possibly true"},
	{"4", "doubtful"},
	{"5", "improbable"},
	{"6", "truth can't be judged"},
}

// Nexuses, Sources and Informations return the codes in their order.
func Nexuses() []Code      { return append([]Code(nil), nexus...) }
func Sources() []Code      { return append([]Code(nil), sources...) }
func Informations() []Code { return append([]Code(nil), information...) }

// English returns a code's label; the code itself where it has none.
func English(of []Code, code string) string {
	for _, c := range of {
		if c.Code == code {
			return c.English
		}
	}
	return code
}

func checkGrade(r Review) error {
	if r.Nexus == "" && r.Source == "" && r.Information == "" {
		return canonical.Refuse("a grade says at least one of nexus, source and information")
	}
	for _, one := range []struct {
		what, given string
		of          []Code
	}{{"nexus", r.Nexus, nexus}, {"source", r.Source, sources}, {"information", r.Information, information}} {
		if one.given != "" && English(one.of, one.given) == one.given {
			return canonical.Refuse("%s is one of %s", one.what, list(one.of))
		}
	}
	return nil
}

func list(of []Code) string {
	var names []string
	for _, c := range of {
		names = append(names, c.Code)
	}
	return strings.Join(names, ", ")
}
