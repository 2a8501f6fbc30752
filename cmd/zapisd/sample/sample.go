// Package sample holds the demo's reports: invented, plausible, in five languages, with files that the program
// generates. All people and events in them are invented.
//
// The texts are in one table per language (english.go, belarusian.go, …), as a person would type them into the form.
// The demo sends them as a browser would.
package sample

import (
	"net/url"
	"time"
)

// Incident is one report, by the form's fields (docs/spec/incident.md). An empty field was left empty.
type Incident struct {
	Language     string
	Narrative    string
	Danger       string // no, unsure, yes
	DeadlineIn   int    // days from the day of sending; 0: no deadline
	DeadlineWhat string
	Methods      []string // codes, as D4
	When         string   // YYYY-MM-DD, YYYY-MM or YYYY, as Precision says
	Precision    string   // day, month, year, ongoing, unknown
	Event, Now   string   // countries, ISO 3166-1 alpha-2
	Target, Role string
	Basis        string
	Agrees       string
	Told         []string // values of told_who
	Consent      []string // beyond "store", which every report has
	Contact      string
	ContactWhen  string
	Name         string
	Files        []File // added on the page after sending
	ShowWho      bool   // the files show who the reporter is
}

// File is an attachment that is generated when it is sent.
type File struct {
	Name string
	Make func() ([]byte, error)
}

// Incidents returns all incidents, grouped by language.
func Incidents() []Incident {
	var all []Incident
	for _, table := range [][]Incident{english, belarusian, russian, ukrainian, polish} {
		all = append(all, table...)
	}
	return all
}

// Form returns the fields that a browser would send. Deadlines are computed from today.
func (i Incident) Form(today time.Time) url.Values {
	form := url.Values{}
	set := func(field string, values ...string) {
		for _, v := range values {
			if v != "" {
				form.Add(field, v)
			}
		}
	}
	set("danger_now", i.Danger)
	if i.DeadlineIn > 0 {
		set("deadline", today.AddDate(0, 0, i.DeadlineIn).Format(time.DateOnly))
	}
	set("deadline_what", i.DeadlineWhat)
	set("narrative", i.Narrative)
	set("language", i.Language)
	set("method", i.Methods...)
	set("when", i.When)
	set("when_precision", i.Precision)
	set("country_event", i.Event)
	set("country_now", i.Now)
	set("target", i.Target)
	set("target_role", i.Role)
	set("basis", i.Basis)
	set("person_agrees", i.Agrees)
	set("reported_to", i.Told...)
	set("consent", "store")
	set("consent", i.Consent...)
	set("contact", i.Contact)
	set("contact_when", i.ContactWhen)
	set("name", i.Name)
	return form
}
