package web

import (
	"html/template"
	"slices"
	"strings"

	"zapis/internal/incident"
)

// formPage is the page with the questions, empty or with what was typed.
type formPage struct {
	base
	g         *localizer
	Nonce     string
	Filler    string
	Places    string // where the address can be compared
	Watch     string // who looks for urgent reports, or on which days we read
	Errors    []errorLink
	Truncated bool // of what was typed, only a part came back
	typed     incident.Form
	wrong     incident.Errors
}

// errorLink is a refusal at the top of the page, leading to its field.
type errorLink struct{ ID, Text string }

func (loc *localizer) form(typed incident.Form, nonce string, wrong incident.Errors) formPage {
	p := formPage{base: loc.base(""), g: loc, Nonce: nonce, Filler: newFiller(), Places: loc.list(loc.site.CheckAt), Watch: loc.dutyHours(),
		typed: typed, wrong: wrong}
	p.Errors = loc.errorLinks(wrong, onForm)
	return p
}

// onForm, onFiles and onMailbox say which fields these pages ask for: a program may have sent others. An error's link leads
// to a field of its page, or to where the page begins.
func onForm(field string) bool { return !onFiles(field) }

func onFiles(field string) bool {
	return field == "file" || field == "files_identify" || field == "code"
}

func onMailbox(field string) bool {
	return onFiles(field) || slices.Contains([]string{"narrative", "person_agrees", "consent", "act"}, field)
}

func (loc *localizer) errorLinks(wrong incident.Errors, on func(field string) bool) []errorLink {
	var links []errorLink
	for _, e := range wrong {
		label := loc.label(e.Field)
		if !strings.HasSuffix(label, "?") {
			label += ":"
		}
		id := "main"
		if on(e.Field) {
			id = loc.fieldAnchor(e.Field)
		}
		links = append(links, errorLink{id, label + " " + loc.errorSentence(e)})
	}
	return links
}

// watch says who looks for urgent reports.
func (loc *localizer) dutyHours() string {
	if d := loc.site.Duty; d != nil {
		return loc.t("form.duty", "days", loc.days(week(d.Days)), "from", d.From, "to", d.To, "zone", d.Zone) + " " +
			loc.t("form.reading", "days", loc.days(week(loc.site.ReadingDays)))
	}
	return loc.t("form.noduty", "days", loc.days(week(loc.site.ReadingDays)))
}

// sentence gives the words for a refusal: those for this field where there are some, else those for the code.
func (loc *localizer) errorSentence(e incident.FieldError) string {
	if key := "wrong." + e.Field + "." + e.Code; loc.has(key) {
		return loc.t(key)
	}
	if key := "wrong." + e.Code; loc.has(key) {
		return loc.t(key)
	}
	return loc.t("wrong.other")
}

// labels are the keys of the words that stand on the page for a field.
var labels = map[string]string{
	"danger_now": "q.danger", "deadline": "deadline.label", "deadline_what": "deadline_what.label", "narrative": "q.narrative",
	"language": "lang.choose", "method": "q.method", "when": "q.when", "when_precision": "precision.label",
	"country_event": "country_event.label", "country_now": "country_now.label", "target": "q.target", "target_role": "q.role",
	"basis": "q.basis", "person_agrees": "q.agrees", "reported_to": "q.reported", "consent": "q.consent",
	"contact": "contact.label", "contact_when": "contact_when.label", "name": "name.label",
	"files_identify": "files.identify.name", "file": "files.label", "code": "sent.code",
	"act": "mailbox.take",
}

func (loc *localizer) label(field string) string {
	if key, ok := labels[field]; ok {
		return loc.t(key)
	}
	return loc.t("field.other")
}

// anchor is the id that an error's link leads to: the field, or the first of its choices.
func (loc *localizer) fieldAnchor(field string) string {
	switch f, ok := incident.FieldByName(field); {
	case field == "act":
		return "act-" + string(incident.ActStop)
	case field == "method":
		return "method-" + incident.Groups()[0].Letter
	case ok && len(f.Codes) > 0:
		return field + "-" + f.Codes[0]
	case ok && field != "language", field == "file", field == "code":
		return field
	}
	return "main"
}

// control is one field of a form as the templates draw it.
type control struct {
	ID, Name, Type, Label, Hint, Wrong, Value string
	Choices                                   []choice
	Open                                      bool
	described                                 []string
}

type choice struct {
	ID, Code, Label, Hint string
	On                    bool
}

// Attr ties the field to its hint and to what is wrong with it.
func (c control) Attr() template.HTMLAttr {
	ids := c.described
	if c.Wrong != "" {
		ids = append(slices.Clone(ids), c.ID+"-wrong")
	}
	attr := ""
	if len(ids) > 0 {
		attr = ` aria-describedby="` + strings.Join(ids, " ") + `"`
	}
	if c.Wrong != "" && c.Choices == nil && c.Type != "" {
		attr += ` aria-invalid="true"`
	}
	return template.HTMLAttr(attr)
}

// Text is a field of one line, a longer one, or a list to choose one country from.
func (p formPage) Text(name, label, hint string) control {
	c := control{ID: name, Name: name, Type: "text", Label: p.g.t(label), Value: p.value(name), Wrong: p.wrongWith(name)}
	if hint != "" {
		c.Hint = p.g.t(hint)
		c.described = []string{name + "-hint"}
	}
	return c
}

// Date is a field for a day, which a browser may show as a calendar.
func (p formPage) Date(name, label, hint string) control {
	c := p.Text(name, label, hint)
	// A browser drops what it cannot read as a day from such a field: what was refused comes back as text.
	if c.Wrong == "" {
		c.Type = "date"
	}
	return c
}

// Picks is a question with ticks (checkbox) or one answer (radio); its labels stand in the locale under
// stem.CODE.
func (p formPage) Picks(name, stem, kind string) control {
	f, _ := incident.FieldByName(name)
	c := control{ID: name, Name: name, Type: kind, Wrong: p.wrongWith(name)}
	if key, ok := labels[name]; ok {
		c.Label = p.g.t(key)
	}
	if name == "danger_now" {
		c.Hint, c.described = p.Watch, []string{"danger_now-hint"}
	}
	for _, code := range f.Codes {
		c.Choices = append(c.Choices, choice{ID: name + "-" + code, Code: code, Label: p.g.t(stem + "." + code), On: p.has(name, code)})
	}
	return c
}

// Consents are the ticks of question 7; the first says for how long.
func (p formPage) Consents() control {
	f, _ := incident.FieldByName("consent")
	c := control{ID: "consent", Name: "consent", Type: "checkbox", Wrong: p.wrongWith("consent"), described: []string{"consent-hint"}}
	for _, code := range f.Codes {
		label := ""
		if code == "store" {
			label = p.g.n("consent.store", p.Site.Years)
		} else {
			label = p.g.t("consent." + code)
		}
		c.Choices = append(c.Choices, choice{ID: "consent-" + code, Code: code, Label: label, On: p.has("consent", code)})
	}
	return c
}

// Group is what is said once above the folded groups of ticks.
func (p formPage) Group(name string) control {
	return control{ID: name, Name: name, Wrong: p.wrongWith(name), described: []string{name + "-hint"}}
}

// Methods are the groups of question 3, each folded unless something in it is ticked.
func (p formPage) Methods() []control {
	var groups []control
	for _, group := range incident.Groups() {
		c := control{ID: "method-" + group.Letter, Name: "method", Type: "checkbox", Label: p.g.t("group." + group.Letter)}
		for _, m := range incident.Methods() {
			if m.Group != group.Letter {
				continue
			}
			on := p.has("method", m.Code)
			c.Open = c.Open || on
			c.Choices = append(c.Choices, choice{Code: m.Code, Label: p.g.t("method." + m.Key), On: on})
		}
		groups = append(groups, c)
	}
	return groups
}

// Open says that a fold has something in it to see.
func (p formPage) Open(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return p.value(n) != "" || p.wrong.Of(n) != "" })
}

func (p formPage) value(name string) string {
	if v := p.typed[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (p formPage) has(name, code string) bool { return slices.Contains(p.typed[name], code) }

func (p formPage) wrongWith(name string) string {
	if code := p.wrong.Of(name); code != "" {
		return p.g.errorSentence(incident.FieldError{Field: name, Code: code})
	}
	return ""
}
