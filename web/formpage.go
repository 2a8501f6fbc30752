package web

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"zapis/internal/incident"
)

// formPage is the page with the questions, empty or with the typed answers.
type formPage struct {
	base
	loc       *localizer
	Nonce     string
	Filler    string
	Places    string // where the address can be compared
	Watch     string // when urgent reports are looked for, or on which days reports are read
	Errors    []errorLink
	Truncated bool // of what was typed, only a part came back
	typed     incident.Form
	wrong     incident.Errors
}

// errorLink is a refusal at the top of the page, which links to its field.
type errorLink struct{ ID, Text string }

func (loc *localizer) form(typed incident.Form, nonce string, wrong incident.Errors, attended bool) formPage {
	p := formPage{base: loc.base(""), loc: loc, Nonce: nonce, Filler: newFiller(), Places: loc.list(loc.site.CheckAt), Watch: loc.dutyHours(attended),
		typed: typed, wrong: wrong}
	p.Errors = loc.errorLinks(wrong, onForm)
	p.Failed = len(wrong) > 0
	return p
}

// attended reports whether somebody on duty was there lately, and these are the times of duty.
func (s *server) attended() bool {
	d := s.site.Duty
	return d != nil && s.options.OnDuty != nil && d.at(s.options.Now()) && s.options.OnDuty()
}

func presentForm(s *server, loc *localizer, v *view) (string, any) {
	nonce := v.first("form")
	if !nonceShape().MatchString(nonce) {
		nonce = newNonce()
	}
	p := loc.form(v.form, nonce, v.wrong, s.attended())
	p.fail(loc, s, v)
	p.Truncated = v.truncated
	p.Switch = &languageSwitch{Path: "again", Form: "report"}
	return "form", p
}

// onForm, onFiles and onMailbox report whether a page has a field: a program may have sent others. An error's link
// leads to a field of its page, or to the page's beginning.
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

// dutyHours says who looks for urgent reports: somebody on duty where attended, and else on which days we read.
func (loc *localizer) dutyHours(attended bool) string {
	switch d := loc.site.Duty; {
	case d != nil && attended:
		return loc.t("form.duty", "days", loc.days(week(d.Days)), "from", d.From, "to", d.To, "zone", d.Zone) + " " +
			loc.t("form.reading", "days", loc.days(week(loc.site.ReadingDays)))
	case d != nil:
		return loc.t("form.offduty", "days", loc.days(week(loc.site.ReadingDays)))
	}
	return loc.t("form.noduty", "days", loc.days(week(loc.site.ReadingDays)))
}

// errorSentence returns the sentence for a refusal: the one for this field where there is one, else that for the code.
func (loc *localizer) errorSentence(e incident.FieldError) string {
	if key := "wrong." + e.Field + "." + e.Code; loc.has(key) {
		return loc.t(key)
	}
	if key := "wrong." + e.Code; loc.has(key) {
		return loc.t(key)
	}
	return loc.t("wrong.other")
}

// labels maps fields to the locale keys of their labels, where that is not the field's name and ".label".
var labels = map[string]string{
	"danger_now": "q.danger", "narrative": "q.narrative", "language": "lang.choose", "method": "q.method", "when": "q.when",
	"when_precision": "precision.label", "target": "q.target", "target_role": "q.role", "basis": "q.basis",
	"person_agrees": "q.agrees", "reported_to": "q.reported", "consent": "q.consent",
	"files_identify": "files.identify.name", "file": "files.label", "code": "sent.code", "act": "mailbox.take",
}

// labelKey returns the locale key of a field's label; "" for a name that is no field.
func labelKey(field string) string {
	if key, ok := labels[field]; ok {
		return key
	}
	if _, ok := incident.FieldByName(field); ok {
		return field + ".label"
	}
	return ""
}

func (loc *localizer) label(field string) string {
	return loc.t(cmp.Or(labelKey(field), "field.other"))
}

// fieldAnchor returns the id that an error's link leads to: the field, or the first of its choices.
func (loc *localizer) fieldAnchor(field string) string {
	switch f, ok := incident.FieldByName(field); {
	case field == "act":
		return "act-" + string(incident.ActStop)
	case field == "method":
		return "method-" + incident.Groups()[0].Letter
	case ok && len(f.Codes) > 0:
		if isRadio(field) {
			return field + "-skip"
		}
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

// Text returns a field of one line, a longer one, or a list to choose one country from.
func (p formPage) Text(name, label, hint string) control {
	c := control{ID: name, Name: name, Type: "text", Label: p.loc.t(label), Value: p.value(name), Wrong: p.wrongWith(name)}
	if hint != "" {
		c.Hint = p.loc.t(hint)
		c.described = []string{name + "-hint"}
	}
	return c
}

// Date returns a field for a day, which a browser may render as a calendar.
func (p formPage) Date(name, label, hint string) control {
	c := p.Text(name, label, hint)
	// A browser drops a value that is not a valid day from such a field, so a refused value is shown as text.
	if c.Wrong == "" {
		c.Type = "date"
	}
	return c
}

// Picks returns a question with ticks (checkbox) or one answer (radio). Its labels are the locale's stem.CODE.
func (p formPage) Picks(name, stem, kind string) control {
	f, _ := incident.FieldByName(name)
	c := control{ID: name, Name: name, Type: kind, Wrong: p.wrongWith(name)}
	if key := labelKey(name); key != "" {
		c.Label = p.loc.t(key)
	}
	if name == "danger_now" {
		c.Hint, c.described = p.Watch, []string{"danger_now-hint"}
	}
	answered := false
	for _, code := range f.Codes {
		on := p.has(name, code)
		answered = answered || on
		c.Choices = append(c.Choices, choice{ID: name + "-" + code, Code: code, Label: p.loc.t(stem + "." + code), On: on})
	}
	if kind == "radio" { // a radio button can't be deselected otherwise
		c.Choices = append([]choice{{ID: name + "-skip", Label: p.loc.t("skip"), On: !answered}}, c.Choices...)
	}
	return c
}

// isRadio reports whether a field is a group of radio buttons.
func isRadio(field string) bool {
	f, ok := incident.FieldByName(field)
	return ok && f.Kind == incident.KindCode && !f.Multi && field != "files_identify"
}

// Store returns the one required consent, with the retention time. It shows what is wrong with the consents.
func (p formPage) Store() control {
	c := control{ID: "consent", Name: "consent", Type: "checkbox", Wrong: p.wrongWith("consent")}
	c.Choices = []choice{{ID: "consent-store", Code: "store", Label: p.loc.consentLabel("store"), On: p.has("consent", "store")}}
	return c
}

// Uses returns the consents beside keeping.
func (p formPage) Uses() control {
	c := control{ID: "uses", Name: "consent", Type: "checkbox", described: []string{"consent-hint"}}
	f, _ := incident.FieldByName("consent")
	for _, code := range f.Codes {
		if code != "store" {
			c.Choices = append(c.Choices, choice{ID: "consent-" + code, Code: code, Label: p.loc.consentLabel(code), On: p.has("consent", code)})
		}
	}
	return c
}

func (loc *localizer) consentLabel(code string) string {
	if code == "store" {
		return loc.n("consent.store", loc.site.Years)
	}
	return loc.t("consent." + code)
}

// Group returns the hint above the folded groups of ticks.
func (p formPage) Group(name string) control {
	return control{ID: name, Name: name, Wrong: p.wrongWith(name), described: []string{name + "-hint"}}
}

// Methods returns the groups of what happened, each folded unless something in it is ticked.
func (p formPage) Methods() []control {
	var groups []control
	for _, group := range incident.Groups() {
		c := control{ID: "method-" + group.Letter, Name: "method", Type: "checkbox", Label: p.loc.t("group." + group.Letter)}
		for _, m := range p.loc.schema.Methods() {
			if m.Group != group.Letter {
				continue
			}
			on := p.has("method", m.Code)
			c.Open = c.Open || on
			c.Choices = append(c.Choices, choice{Code: m.Code, Label: p.loc.t("method." + m.Key), On: on})
		}
		groups = append(groups, c)
	}
	return groups
}

// Open reports whether one of these fields was answered or refused: then its fold is open.
func (p formPage) Open(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.Join(p.typed[n], "") != "" || p.wrong.Of(n) != "" })
}

// MoreOpen reports whether one of the optional questions was answered or refused.
func (p formPage) MoreOpen() bool {
	for _, f := range incident.Fields() {
		switch f.Name {
		case "narrative", "language", "files_identify":
		case "consent":
			if slices.ContainsFunc(p.typed["consent"], func(c string) bool { return c != "store" }) {
				return true
			}
		default:
			if p.Open(f.Name) {
				return true
			}
		}
	}
	return false
}

func (p formPage) value(name string) string { return url.Values(p.typed).Get(name) }

func (p formPage) has(name, code string) bool { return slices.Contains(p.typed[name], code) }

func (p formPage) wrongWith(name string) string {
	if code := p.wrong.Of(name); code != "" {
		return p.loc.errorSentence(incident.FieldError{Field: name, Code: code})
	}
	return ""
}
