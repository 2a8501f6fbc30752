package desk

import (
	"slices"
	"time"

	"zapis/internal/evidence/custody"
	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
)

// shown is a value in force, with who decided it.
type shown struct {
	ID, Text, By, Why string
	Time              time.Time
	Parts             []answer
	Done              bool // of a deadline
}

// railField is a field of the rail with its form.
type railField struct {
	deskstate.Field
	Label    string
	Values   []shown
	Conflict bool
	Buttons  bool // a button for each code, in place of a list
	Options  []option
	Inputs   []railField // of a record: its parts
	Key      string
	Default  string // what counts while nothing was said
}

type railGroup struct {
	Title  string
	Fields []railField
}

// pending is an act that waits for a second person.
type pending struct {
	deskstate.Value
	Label string
	Mine  bool
}

// history is one event, as the list of all of them shows it.
type history struct {
	deskstate.Entry
	What     string
	Rejected string
	CanUndo  bool
}

// rail is what stands beside the thread.
type rail struct {
	State         deskstate.Register
	StateText     string
	From          []option // the states that contradict each other
	Moves         []option
	Due           string
	Overdue       bool
	Groups        []railGroup
	Pending       []pending
	History       []history
	ReadBy        []string
	Reported      []string // methods that the reporter ticked
	ReporterDates []casefile.Deadline
	Custody       []custody.Event
	Conflicts     []string
}

// groups say in which part of the rail each field stands. A test holds that none is missing.
var groups = []struct {
	title  string
	fields []string
}{
	{"Who does what", []string{"owner", "priority", "second_reader", "tag"}},
	{"Dates", []string{"deadline", "next_review"}},
	{"How much is it worth", []string{"reliability", "content", "corroboration"}},
	{"What it is", []string{"method", "nexus", "element", "actor", "actor_role", "physical", "act_country", "effect_country", "impact"}},
	{"Risk", []string{"risk", "risk_to"}},
	{"Authorities and proceedings", []string{"authority_response", "refusal", "mandate", "forum", "reference", "proceeding", "solution"}},
}

// fieldKeys are the keys that open a field's form, or press its buttons by their codes where the key is "code".
var fieldKeys = map[string]string{"deadline": "d", "method": "m", "owner": "a", "tag": "t", "reliability": "code", "content": "code"}

// maxButtons is how many codes a field may have to get a button for each.
const maxButtons = 6

func railOf(o opened, found *casework.Case, c *casefile.Case, d deskstate.Case) (rail, error) {
	names, err := trusteeNames(o)
	if err != nil {
		return rail{}, err
	}
	r := rail{State: d.State, StateText: codeWords("state", d.State.Text), Reported: c.Summary.Methods, ReporterDates: found.Deadlines(), Conflicts: d.Conflicts()}
	if due, dated := found.Due(d); dated {
		r.Due, r.Overdue = due.Format(time.DateOnly), casework.Overdue(due, o.trustee.Clock())
	}
	froms := []string{d.State.Text}
	if d.State.Conflict {
		froms = nil
		for _, h := range d.State.Heads {
			froms = append(froms, h.Text)
			r.From = append(r.From, option{h.Text, codeWords("state", h.Text) + ", by " + h.By})
		}
	}
	for _, from := range froms {
		for _, to := range deskstate.Moves(from) {
			if one := (option{to, codeWords("state", to)}); !slices.Contains(r.Moves, one) {
				r.Moves = append(r.Moves, one)
			}
		}
	}
	for _, g := range groups {
		group := railGroup{Title: g.title}
		for _, name := range g.fields {
			if f, ok := deskstate.FieldByName(name); ok {
				group.Fields = append(group.Fields, fieldOf(f, d, names))
			}
		}
		r.Groups = append(r.Groups, group)
	}
	me := o.trustee.Key().Card.Name
	for _, p := range d.Pending {
		r.Pending = append(r.Pending, pending{p, fieldLabel(p.Field) + ": " + codeWords(p.Field, p.Text), p.By == me})
	}
	r.History = historyOf(d)
	r.ReadBy = found.ReadBy(d)
	r.Custody, err = o.trustee.CaseEvents(found.ID)
	return r, err
}

func fieldOf(f deskstate.Field, d deskstate.Case, names []string) railField {
	one := railField{Field: f, Label: fieldLabel(f.Name), Key: fieldKeys[f.Name], Options: optionsOf(f, names)}
	one.Buttons = f.Shape == deskstate.ShapeCode && !f.Many && len(f.Codes) <= maxButtons
	values := d.Sets[f.Name]
	if !f.Many {
		values, one.Conflict = d.Fields[f.Name].Heads, d.Fields[f.Name].Conflict
	}
	for _, v := range values {
		s := shown{ID: v.ID, By: v.By, Why: v.Why, Time: v.Time, Text: codeWords(f.Name, v.Text), Done: v.Parts["done"] != ""}
		for _, part := range f.Parts {
			if text := v.Parts[part.Name]; text != "" {
				s.Parts = append(s.Parts, answer{fieldLabel(part.Name), []piece{{Text: codeWords(part.Name, text)}}})
			}
		}
		one.Values = append(one.Values, s)
	}
	if f.Name == "reliability" && len(values) == 0 {
		one.Default = "No grade yet. An anonymous source starts at F."
	}
	for _, part := range f.Parts {
		one.Inputs = append(one.Inputs, railField{Field: part, Label: fieldLabel(part.Name), Options: optionsOf(part, names)})
	}
	return one
}

// optionsOf gives what may be chosen for a field: codes, countries, methods, trustees.
func optionsOf(f deskstate.Field, names []string) []option {
	var list []option
	switch f.Shape {
	case deskstate.ShapeCode:
		for _, c := range f.Codes {
			list = append(list, option{c, codeWords(f.Name, c)})
		}
	case deskstate.ShapeCountry:
		list = append(list, option{incident.UnknownCountry, "unknown"})
		for _, c := range incident.Countries() {
			list = append(list, option{c.Code, c.English})
		}
	case deskstate.ShapeMethod:
		for _, m := range incident.Methods() {
			list = append(list, option{m.Code, m.Code + " " + m.English})
		}
	case deskstate.ShapeName:
		for _, n := range names {
			list = append(list, option{n, n})
		}
	}
	return list
}

func historyOf(d deskstate.Case) []history {
	rejected := make(map[string]string)
	for _, r := range d.Rejected {
		rejected[r.ID] = r.Why
	}
	var list []history
	for _, h := range slices.Backward(d.History) {
		list = append(list, history{h, eventWords(h.Event), rejected[h.ID], !h.Undone && h.Event.Kind != deskstate.KindRead})
	}
	return list
}

// eventWords says what an event does, in one line.
func eventWords(e deskstate.Event) string {
	p := e.Payload
	switch e.Kind {
	case deskstate.KindState:
		return codeWords("state", p["from"]) + " → " + codeWords("state", p["to"])
	case deskstate.KindSet:
		if p["value"] == "" {
			return fieldLabel(p["field"])
		}
		return fieldLabel(p["field"]) + ": " + codeWords(p["field"], p["value"])
	case deskstate.KindNote:
		return "a note"
	case deskstate.KindLink:
		return wordsOf(linkTypes, p["type"]) + " " + p["other"]
	case deskstate.KindRefuse:
		return "no link to " + p["other"] + ": " + wordsOf(suggestionReasons, p["reason"])
	case deskstate.KindRead:
		return "read up to entry " + p["upto"]
	case deskstate.KindConfirm:
		return "confirms " + p["event"][:8]
	case deskstate.KindUndo:
		return "undoes " + e.Undoes[:8]
	}
	return string(e.Kind)
}
