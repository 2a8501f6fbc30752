package export

import (
	"fmt"
	"time"

	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
)

// The records of the Events Standard Formats (HURIDOCS, 2001), with OpenEvSys's field names, as far as a report has
// the values. Numbers are unique within one file.

type esfFile struct {
	Format        string            `json:"format"`
	Note          string            `json:"note"`
	Events        []esfEvent        `json:"events"`
	Persons       []esfPerson       `json:"persons"`
	Acts          []esfAct          `json:"acts"`
	Involvements  []esfInvolvement  `json:"involvements"`
	Information   []esfInformation  `json:"information"`
	Interventions []esfIntervention `json:"interventions"`
}

type esfEvent struct {
	Number          string       `json:"event_record_number"`
	Title           string       `json:"event_title"`
	Confidentiality string       `json:"confidentiality"`
	Place           string       `json:"geographical_term,omitempty"`
	PlaceCode       string       `json:"geographical_term_iso_3166,omitempty"`
	InitialDate     string       `json:"initial_date,omitempty"`
	DateType        string       `json:"initial_date_type,omitempty"`
	Description     string       `json:"event_description,omitempty"`
	Language        string       `json:"event_description_language,omitempty"`
	Translation     string       `json:"event_description_english,omitempty"`
	Nexus           string       `json:"nexus,omitempty"`
	Received        string       `json:"date_received,omitempty"`
	Documents       []esfExhibit `json:"supporting_documents,omitempty"`
}

type esfExhibit struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
}

type esfPerson struct {
	Number    string `json:"person_record_number"`
	Unit      string `json:"counting_unit"`
	Name      string `json:"person_name"`
	Traits    string `json:"relevant_characteristics,omitempty"`
	LivesIn   string `json:"country_of_residence_iso_3166,omitempty"`
	Contact   string `json:"contact,omitempty"`
	SafeToAsk string `json:"contact_when,omitempty"`
}

type esfAct struct {
	Number       string `json:"act_record_number"`
	Event        string `json:"event"`
	Victim       string `json:"victim"`
	Type         string `json:"type_of_act"`
	Code         string `json:"type_of_act_zapis"`
	PACE         string `json:"pace_resolution_2509_2023,omitempty"`
	FreedomHouse string `json:"freedom_house_method,omitempty"`
	InitialDate  string `json:"initial_date,omitempty"`
}

type esfInvolvement struct {
	Number      string `json:"involvement_record_number"`
	Event       string `json:"event"`
	Act         string `json:"act"`
	Perpetrator string `json:"perpetrator"`
	Degree      string `json:"degree_of_involvement"`
}

type esfInformation struct {
	Number      string `json:"information_record_number"`
	Event       string `json:"event"`
	Source      string `json:"source"`
	Connection  string `json:"source_connection_to_information,omitempty"`
	Date        string `json:"date_of_source_material,omitempty"`
	Type        string `json:"type_of_source_material"`
	Reliability string `json:"reliability_of_information,omitempty"`
	Remarks     string `json:"remarks,omitempty"`
}

type esfIntervention struct {
	Number string `json:"intervention_record_number"`
	Event  string `json:"event"`
	Victim string `json:"victim"`
	Type   string `json:"type_of_intervention"`
	Party  string `json:"intervening_party"`
}

// The formats' own terms for our codes.
var (
	countingUnits = map[string]string{"group": "group"}
	connections   = map[string]string{
		"present": "the source was present", "told_by_person": "the source was told by the victim",
		"told_by_other": "the source was told by somebody else", "seen": "the source saw or read it",
	}
	turnedTo = map[string]string{"police": "the police", "other": "another office"}
)

func writeESF(in Input) ([]byte, error) {
	f := esfFile{Format: "zapis-esf/v1",
		Note:   "In the manner of HURIDOCS' Events Standard Formats. What was reported, not what was found: unsworn, unchanged since the entry was made.",
		Events: []esfEvent{}, Persons: []esfPerson{}, Acts: []esfAct{}, Involvements: []esfInvolvement{},
		Information: []esfInformation{}, Interventions: []esfIntervention{}}
	for _, c := range in.Cases {
		f.add(c, in)
	}
	return encode(f)
}

func (f *esfFile) add(c casefile.Case, in Input) {
	country := c.Newest("country_event")
	e := esfEvent{Number: c.ID, Title: title(c, true), Confidentiality: "yes", PlaceCode: country,
		InitialDate: c.Newest("when"), DateType: c.Newest("when_precision"), Description: c.Narrative(),
		Language: first(c.First(), "language"), Translation: translated(c, "en"), Nexus: c.Nexus, Received: received(c)}
	e.Place = incident.CountryName(country)
	for _, x := range c.Exhibits {
		if shown(x, in) {
			e.Documents = append(e.Documents, esfExhibit{x.Name, x.MediaType, x.Size, x.SHA256})
		}
	}
	f.Events = append(f.Events, e)
	victim, source, perpetrator := f.people(c, in)
	for i, code := range c.All("method") {
		k, known := categories()[code]
		if !known {
			k.act = "other"
		}
		act := esfAct{Number: fmt.Sprintf("%s-act-%d", c.ID, i+1), Event: c.ID, Victim: victim, Type: k.act, Code: code,
			PACE: k.pace, FreedomHouse: k.freedomHouse, InitialDate: e.InitialDate}
		f.Acts = append(f.Acts, act)
		f.Involvements = append(f.Involvements, esfInvolvement{fmt.Sprintf("%s-involvement-%d", c.ID, i+1), c.ID, act.Number, perpetrator, "not known"})
	}
	for i, s := range c.Submissions {
		f.information(c, i, s, source)
	}
	for i, code := range c.All("reported_to") {
		if party, ok := turnedTo[code]; ok {
			f.Interventions = append(f.Interventions, esfIntervention{fmt.Sprintf("%s-intervention-%d", c.ID, i+1), c.ID, victim, "reported to an authority", party})
		}
	}
}

// people adds the persons that a report distinguishes. Where the reporter is the person concerned, victim and source
// are one.
func (f *esfFile) people(c casefile.Case, in Input) (victim, source, perpetrator string) {
	reporter := esfPerson{Number: c.ID + "-reporter", Unit: "individual", Name: "anonymous"}
	if in.WithIdentity {
		given := c.Identity()
		reporter.Contact, reporter.SafeToAsk = given["contact"], given["contact_when"]
		if given["name"] != "" {
			reporter.Name = given["name"]
		}
	}
	target := c.Newest("target")
	concerned := esfPerson{Number: c.ID + "-victim", Unit: "individual", Name: "anonymous"}
	if unit, ok := countingUnits[target]; ok {
		concerned.Unit = unit
	}
	if target == "me" {
		concerned = reporter
	} else {
		f.Persons = append(f.Persons, reporter)
	}
	concerned.Traits, concerned.LivesIn = c.Newest("target_role"), c.Newest("country_now")
	unknown := esfPerson{Number: c.ID + "-perpetrator", Unit: "not known", Name: "not known"}
	f.Persons = append(f.Persons, concerned, unknown)
	return concerned.Number, reporter.Number, unknown.Number
}

func (f *esfFile) information(c casefile.Case, i int, s casefile.Submission, source string) {
	info := esfInformation{Number: fmt.Sprintf("%s-information-%d", c.ID, i+1), Event: c.ID, Source: source,
		Connection: connections[first(s, "basis")], Date: s.Received.UTC().Format(time.RFC3339), Type: "report given through a form",
		Remarks: s.Place + "; SHA-256 of its body " + s.Body}
	switch s.Act {
	case "exhibit":
		info.Source, info.Type = "a trustee", "material obtained by a trustee"
	case "report":
		if c.Source != "" || c.Information != "" {
			info.Reliability = c.Source + c.Information
		}
	}
	f.Information = append(f.Information, info)
}

// first returns the one answer of a submission to a question.
func first(s casefile.Submission, field string) string {
	if given := s.Answers[field]; len(given) > 0 {
		return given[0]
	}
	return ""
}
