// Package sample holds the demo's reports: invented, plausible, in five languages, with files that the program
// generates. All people and events in them are invented.
//
// The texts are in incidents.json, eight in each language, as a person would type them into the form. The demo sends
// them as a browser would.
package sample

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"
)

//go:embed incidents.json
var incidents []byte

// Incident is one report.
type Incident struct {
	Answers    url.Values `json:"answers"`     // by the form's fields (docs/spec/incident.md), without the deadline
	DeadlineIn int        `json:"deadline_in"` // days from the day of sending; 0: no deadline
	Files      []File     `json:"files"`       // added on the page after sending
	ShowWho    bool       `json:"show_who"`    // the files show who the reporter is
}

// File is an attachment that is generated when it is sent.
type File struct {
	Kind   string   `json:"kind"` // letter, chat, voice, photo, screenshot
	Name   string   `json:"name"`
	Text   []string `json:"text"`   // a letter's office, title and paragraphs; a chat's one text
	Number uint64   `json:"number"` // a voice's pitch in hertz; the scene of a picture
}

// Incidents returns all incidents, grouped by language.
func Incidents() []Incident {
	var all []Incident
	if err := json.Unmarshal(incidents, &all); err != nil {
		panic("sample: " + err.Error()) // it is part of the program
	}
	return all
}

// Form returns the fields that a browser would send. The deadline is computed from today.
func (i Incident) Form(today time.Time) url.Values {
	form := maps.Clone(i.Answers)
	if i.DeadlineIn > 0 {
		form.Set("deadline", today.AddDate(0, 0, i.DeadlineIn).Format(time.DateOnly))
	}
	return form
}

// Consents reports whether the reporter ticked a consent.
func (i Incident) Consents(to string) bool { return slices.Contains(i.Answers["consent"], to) }

// Make returns the file's content, each time the same.
func (f File) Make() ([]byte, error) {
	switch f.Kind {
	case "letter":
		return letter(f.Text[0], f.Text[1], f.Text[2:])
	case "chat":
		return []byte(f.Text[0]), nil
	case "voice":
		return voice(float64(f.Number))
	case "photo":
		return photo(f.Number)
	case "screenshot":
		return screenshot(f.Number)
	}
	return nil, fmt.Errorf("sample: %s: no such kind of file: %s", f.Name, f.Kind)
}
