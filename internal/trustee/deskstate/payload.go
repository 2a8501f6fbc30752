package deskstate

import (
	"slices"
	"strconv"
	"strings"
)

// linkTypes are the relations between two cases. same-actor has no direction; the others read "this case is …".
var linkTypes = []string{"duplicate-of", "part-of", "follows", "same-actor"}

const (
	maxNote = 40_000 // bytes
	maxWhy  = 2_000  // bytes
)

// members lists the members of each kind's payload, beside "why". A set has those of its field.
var members = map[Kind][]string{
	KindState:   {"from", "to"},
	KindNote:    {"text"},
	KindLink:    {"other", "type"},
	KindRefuse:  {"other", "reason"},
	KindRead:    {"upto"},
	KindConfirm: {"event"},
	KindUndo:    {},
}

func (e Event) checkPayload() error {
	if why, ok := e.Payload["why"]; ok {
		if err := checkText("why", why, maxWhy); err != nil {
			return err
		}
	}
	if e.Kind == KindSet {
		return checkSet(e.Payload)
	}
	wanted, known := members[e.Kind]
	if !known {
		return refuse("event: there is no kind %.40q", e.Kind)
	}
	if err := checkMembers(e.Payload, wanted, wanted); err != nil {
		return err
	}
	switch p := e.Payload; e.Kind {
	case KindState:
		if !slices.Contains(States(), p["from"]) || !slices.Contains(States(), p["to"]) {
			return refuse("state is one of %s", strings.Join(States(), ", "))
		}
		if !allowed(p["from"], p["to"]) {
			return refuse("state: no case goes from %s to %s", p["from"], p["to"])
		}
	case KindNote:
		return checkText("note", p["text"], maxNote)
	case KindLink:
		if !slices.Contains(linkTypes, p["type"]) {
			return refuse("type is one of %s", strings.Join(linkTypes, ", "))
		}
		return e.checkOther()
	case KindRefuse:
		if err := e.checkOther(); err != nil {
			return err
		}
		return checkText("reason", p["reason"], 60)
	case KindRead:
		if n, err := strconv.ParseUint(p["upto"], 10, 63); err != nil || strconv.FormatUint(n, 10) != p["upto"] {
			return refuse("upto is the number of a ledger's entry")
		}
	case KindConfirm:
		if !isID(p["event"]) {
			return refuse("event: %.70q is no event's name", p["event"])
		}
	}
	return nil
}

func (e Event) checkOther() error {
	o := e.Payload["other"]
	if o == "" || len(o) > maxCase || strings.Trim(o, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return refuse("event: a case is named by lower-case letters and digits")
	}
	if o == e.Case {
		return refuse("a case is not linked to itself")
	}
	return nil
}

func checkSet(p map[string]string) error {
	f, ok := FieldByName(p["field"])
	if !ok {
		return refuse("there is no field %.40q", p["field"])
	}
	if f.Shape != ShapeRecord {
		if err := checkMembers(p, []string{"field", "value"}, []string{"field", "value"}); err != nil {
			return err
		}
		return f.Check(p["value"])
	}
	may := []string{"field"}
	given := 0
	for _, part := range f.Parts {
		may = append(may, part.Name)
		value, ok := p[part.Name]
		if !ok {
			continue
		}
		given++
		if err := part.Check(value); err != nil {
			return err
		}
	}
	if given == 0 {
		return refuse("%s: nothing is said", f.Name)
	}
	return checkMembers(p, []string{"field"}, may)
}

// checkMembers refuses a payload with a missing or an unexpected member.
func checkMembers(p map[string]string, must, may []string) error {
	for _, name := range must {
		if _, ok := p[name]; !ok {
			return refuse("payload: %s is missing", name)
		}
	}
	for name := range p {
		if name != "why" && !slices.Contains(may, name) {
			return refuse("payload: %.40q does not belong there", name)
		}
	}
	return nil
}
