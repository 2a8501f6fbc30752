package deskstate

import (
	"slices"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/internal/incident"
	"zapis/internal/trustee/review"
)

// Shape is the shape of a field's value.
type Shape string

const (
	ShapeCode    Shape = "code"    // one of Codes
	ShapeText    Shape = "text"    // free text of at most MaxBytes
	ShapeDate    Shape = "date"    // YYYY-MM-DD
	ShapeCountry Shape = "country" // ISO 3166-1 alpha-2, or "unknown"
	ShapeName    Shape = "name"    // a trustee's name
	ShapeMethod  Shape = "method"  // a code of the vocabulary of methods, of any version
	ShapeRecord  Shape = "record"  // Parts
)

// Field is one thing that trustees decide about a case.
type Field struct {
	Name     string
	Shape    Shape
	Many     bool     // a set: each event adds one value, an undo removes it; otherwise a later event replaces
	Codes    []string // of a code, in their order
	MaxBytes int      // of a text
	Second   []string // values that take effect only when a second person confirms them
	Parts    []Field  // of a record; each may be left out, one at least is given
}

// Offices, rules and outcomes of what helped. The lists are closed, so that statistics can count them without
// publishing free text.
var (
	offices = []string{"police", "prosecutor", "court", "migration", "bank", "school", "consulate", "ccf", "data_protection",
		"ombudsperson", "platform", "employer", "other"}
	rules = []string{"criminal_law", "victim_protection", "asylum_law", "non_refoulement", "extradition_law", "interpol_rules",
		"data_protection_law", "banking_law", "travel_document", "platform_rules", "equal_treatment", "other"}
	outcomes = []string{"granted", "partly", "refused", "open"}
)

// forums are where a case is, or may be, brought.
var forums = []string{"police", "prosecutor", "court", "office", "data_protection", "ombudsperson", "ecthr", "un_hrc", "un_wgad",
	"un_wgeid", "un_special_procedures", "un_gieb", "ccf", "iapb", "icc", "other"}

var fields = []Field{
	{Name: "priority", Shape: ShapeCode, Codes: []string{"low", "normal", "high", "urgent"}},
	{Name: "owner", Shape: ShapeName},
	{Name: "second_reader", Shape: ShapeCode, Codes: []string{"wanted", "done"}},
	{Name: "tag", Shape: ShapeText, Many: true, MaxBytes: 60},
	{Name: "method", Shape: ShapeMethod, Many: true},
	{Name: "nexus", Shape: ShapeCode, Codes: codesOf(review.Nexuses())},
	{Name: "reliability", Shape: ShapeCode, Codes: codesOf(review.Sources())},
	{Name: "content", Shape: ShapeCode, Codes: codesOf(review.Informations())},
	{Name: "corroboration", Shape: ShapeCode, Codes: []string{"K0", "K1", "K2", "K3"}, Second: []string{"K2", "K3"}},
	{Name: "element", Shape: ShapeRecord, Many: true, Parts: []Field{
		{Name: "what", Shape: ShapeCode, Codes: []string{"conduct", "link_to_state", "intent", "harm", "protected_person", "cross_border"}},
		{Name: "shown", Shape: ShapeCode, Codes: []string{"yes", "partly", "no"}},
		{Name: "exhibits", Shape: ShapeText, MaxBytes: 200},
	}},
	{Name: "actor", Shape: ShapeText, Many: true, MaxBytes: 200},
	{Name: "actor_role", Shape: ShapeCode, Codes: []string{"official", "security_service", "police", "consulate", "proxy",
		"media", "company", "private", "unknown"}},
	{Name: "physical", Shape: ShapeCode, Codes: []string{"yes", "no", "unknown"}},
	{Name: "act_country", Shape: ShapeCountry},
	{Name: "effect_country", Shape: ShapeCountry},
	{Name: "authority_response", Shape: ShapeCode, Codes: []string{"none", "registered", "refused", "investigated", "prosecuted", "protected"}},
	{Name: "refusal", Shape: ShapeRecord, Many: true, Parts: []Field{
		{Name: "office", Shape: ShapeCode, Codes: offices},
		{Name: "ground_stated", Shape: ShapeText, MaxBytes: 2000},
		{Name: "ground_legal", Shape: ShapeText, MaxBytes: 500},
		{Name: "date", Shape: ShapeDate},
		{Name: "appeal_by", Shape: ShapeDate},
		{Name: "answer", Shape: ShapeText, MaxBytes: 2000},
	}},
	{Name: "forum", Shape: ShapeCode, Many: true, Codes: forums},
	{Name: "reference", Shape: ShapeText, Many: true, MaxBytes: 200},
	{Name: "mandate", Shape: ShapeCode, Codes: []string{"none", "asked", "given", "withdrawn"}},
	{Name: "solution", Shape: ShapeRecord, Many: true, Parts: []Field{
		{Name: "office", Shape: ShapeCode, Codes: offices},
		{Name: "rule", Shape: ShapeCode, Codes: rules},
		{Name: "outcome", Shape: ShapeCode, Codes: outcomes},
	}},
	{Name: "impact", Shape: ShapeCode, Many: true, Codes: []string{"silenced", "moved", "treated"}},
	{Name: "risk", Shape: ShapeCode, Codes: []string{"low", "medium", "high", "extreme"}},
	{Name: "risk_to", Shape: ShapeCode, Many: true, Codes: []string{"reporter", "person", "relatives_there", "relatives_here", "colleagues", "trustee", "others"}},
	{Name: "next_review", Shape: ShapeDate},
	{Name: "deadline", Shape: ShapeRecord, Many: true, Parts: []Field{
		{Name: "date", Shape: ShapeDate},
		{Name: "what", Shape: ShapeText, MaxBytes: 200},
		{Name: "owner", Shape: ShapeName},
		{Name: "done", Shape: ShapeDate},
	}},
	{Name: "proceeding", Shape: ShapeRecord, Many: true, Parts: []Field{
		{Name: "forum", Shape: ShapeCode, Codes: forums},
		{Name: "reference", Shape: ShapeText, MaxBytes: 200},
		{Name: "opened", Shape: ShapeDate},
		{Name: "ended", Shape: ShapeDate},
		{Name: "result", Shape: ShapeText, MaxBytes: 500},
	}},
}

func codesOf(list []review.Code) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.Code
	}
	return out
}

// Fields returns the table in its order.
func Fields() []Field { return slices.Clone(fields) }

// FieldByName finds a field.
func FieldByName(name string) (f Field, ok bool) { return find(fields, name) }

func find(list []Field, name string) (Field, bool) {
	i := slices.IndexFunc(list, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return list[i], true
}

// Check refuses a value that the field does not accept. checkPayload checks a record part by part.
func (f Field) Check(value string) error {
	switch f.Shape {
	case ShapeCode:
		if !slices.Contains(f.Codes, value) {
			return refuse("%s is one of %s", f.Name, strings.Join(f.Codes, ", "))
		}
	case ShapeText:
		return checkText(f.Name, value, f.MaxBytes)
	case ShapeDate:
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return refuse("%s is a day, as in 2027-03-31", f.Name)
		}
	case ShapeCountry:
		if incident.CountryName(value) == "" {
			return refuse("%s is a country's code of two letters, or unknown", f.Name)
		}
	case ShapeName:
		if err := card.CheckName(value); err != nil {
			return refuse("%s: %v", f.Name, err)
		}
	case ShapeMethod:
		if !isMethod(value) {
			return refuse("%s is a code of the vocabulary, as in T6", f.Name)
		}
	}
	return nil
}

// isMethod accepts a heading's letter and a number from 1 to 99: a later vocabulary adds codes, and a desk with an
// older one must not lose events with them.
func isMethod(code string) bool {
	if len(code) < 2 || len(code) > 3 || code[1] == '0' || strings.Trim(code[1:], "0123456789") != "" {
		return false
	}
	return slices.ContainsFunc(incident.Groups(), func(g incident.Group) bool { return g.Letter == code[:1] })
}

// NeedsSecond reports whether the value takes effect only when a second person has confirmed it.
func (f Field) NeedsSecond(value string) bool { return slices.Contains(f.Second, value) }
