package deskstate

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Case is the result of folding the events of one case.
type Case struct {
	Key      string
	State    Register
	Fields   map[string]Register // of every field that is no set, by its name
	Sets     map[string][]Value  // of every field that is one, ordered by time; empty sets are absent
	Notes    []Value             // Text holds the words; ordered by time
	Links    []Link              // that this case has to others
	Refused  []RefusedLink       // suggestions that were refused
	Read     map[string]uint64   // trustee: the highest entry read
	Pending  []Value             // acts that wait for a second person, ordered by time
	Rejected []Rejected          // events without effect, and the reasons
	History  []Entry             // every event, by time, trustee, number and ID
}

// Register is a value that a later event replaces. Where Heads has several members of different values, trustees
// contradict each other: Conflict is set, and Text is empty.
type Register struct {
	Text     string
	Conflict bool
	Heads    []Value // in force, by ID; empty where no event sets it
}

// Value is the value in one event.
type Value struct {
	ID    string
	By    string
	Time  time.Time
	Field string            // "state", "note", or a field's name
	Text  string            // of a record: empty
	Parts map[string]string // of a record
	Why   string
}

// Link is a link in force.
type Link struct {
	From, Type, To string
	By             Value // author, time and reason; its ID is to be undone
}

// RefusedLink is a suggestion that a trustee refused: it is not suggested again.
type RefusedLink struct {
	Case, Other, Reason string
	By                  Value
}

// Rejected is an event without effect.
type Rejected struct{ ID, Why string }

// Entry is an event of the history.
type Entry struct {
	ID     string
	Event  Event
	Undone bool
}

// EventID returns the ID of the event of the case that begins so, with at least 6 letters. No event or several of them
// are an ErrEvent.
func (c Case) EventID(begin string) (string, error) {
	if len(begin) < 6 {
		return "", refuse("%q is too short to name an event", begin)
	}
	var found []string
	for _, h := range c.History {
		if strings.HasPrefix(h.ID, begin) {
			found = append(found, h.ID)
		}
	}
	switch {
	case len(found) == 0:
		return "", refuse("the case has no event %.70q", begin)
	case len(found) > 1:
		return "", refuse("%d events of the case begin with %.70q", len(found), begin)
	}
	return found[0], nil
}

// Case folds the events of one case. The result depends on the set of events alone. All callers share its maps and
// slices, and must not change them.
func (l *Log) Case(key string) Case {
	if len(l.byCase[key]) == 0 { // most of many cases: all differ in the key alone
		c := l.untouched
		c.Key = key
		return c
	}
	if c, ok := l.folded[key]; ok {
		return c
	}
	c := fold(key, l)
	l.folded[key] = c
	return c
}

type folder struct {
	log     *Log
	ids     []string // of the case, ascending
	bad     map[string]string
	slots   map[string][]string // by slotOf, ascending
	undone  map[string]bool
	confirm map[string]bool // events that a second person has confirmed
}

func fold(key string, l *Log) Case {
	f := &folder{log: l, ids: slices.Sorted(slices.Values(l.byCase[key])), bad: map[string]string{}, slots: map[string][]string{}, undone: map[string]bool{}, confirm: map[string]bool{}}
	for _, id := range f.ids {
		slot := slotOf(f.log.byID[id])
		f.slots[slot] = append(f.slots[slot], id)
	}
	f.judge()
	f.settleUndone()
	for _, id := range f.ids {
		if e := f.log.byID[id]; e.Kind == KindConfirm && f.live(id) {
			f.confirm[e.Payload["event"]] = true
		}
	}
	c := Case{Key: key, Fields: map[string]Register{}, Sets: map[string][]Value{}, Read: map[string]uint64{}}
	c.State = f.register(f.slots["state"])
	if len(c.State.Heads) == 0 {
		c.State.Text = Received
	}
	for _, field := range fields {
		switch values := f.slots[field.Name]; {
		case len(values) == 0:
		case field.Many:
			if set := f.heads(values); len(set) > 0 {
				c.Sets[field.Name] = byTime(set)
			}
		default:
			if r := f.register(values); len(r.Heads) > 0 {
				c.Fields[field.Name] = r
			}
		}
	}
	c.Notes = byTime(f.heads(f.slots["note"]))
	c.Pending = byTime(f.pending())
	f.rest(&c)
	return c
}

// slotOf returns the register of an event: events supersede others of their register only.
func slotOf(e Event) string {
	switch e.Kind {
	case KindState:
		return "state"
	case KindNote:
		return "note"
	case KindSet:
		return e.Payload["field"]
	}
	return ""
}

// needsSecond reports whether an event takes effect only when a second person has confirmed it.
func needsSecond(e Event) bool {
	switch e.Kind {
	case KindState:
		return e.Payload["to"] == referred
	case KindSet:
		f, _ := FieldByName(e.Payload["field"])
		return f.NeedsSecond(e.Payload["value"])
	}
	return false
}

// judge finds the events that contradict the events that they name. A named event that is missing is no contradiction.
func (f *folder) judge() {
	for _, id := range f.ids {
		e := f.log.byID[id]
		if why := f.wrong(e); why != "" {
			f.bad[id] = why
		}
	}
}

func (f *folder) wrong(e Event) string {
	complete, from := true, []string(nil)
	for _, s := range e.Supersedes {
		old, ok := f.log.byID[s]
		switch {
		case !ok:
			complete = false
		case old.Case != e.Case:
			return "it replaces an event of another case"
		case slotOf(old) != slotOf(e) || slotOf(e) == "":
			return "it replaces an event about something else"
		default:
			from = append(from, old.Payload["to"])
			if old.Payload["to"] == referred {
				from = append(from, old.Payload["from"])
			}
		}
	}
	switch e.Kind {
	case KindState:
		if len(e.Supersedes) == 0 {
			from = []string{Received}
		}
		if complete && !slices.Contains(from, e.Payload["from"]) {
			return "the case was not in the state that it leaves"
		}
	case KindConfirm:
		if what, ok := f.log.byID[e.Payload["event"]]; ok {
			switch {
			case what.Case != e.Case:
				return "it confirms an event of another case"
			case what.By == e.By:
				return "a second person confirms, not the same one"
			}
		}
	case KindUndo:
		if what, ok := f.log.byID[e.Undoes]; ok && what.Case != e.Case {
			return "it undoes an event of another case"
		}
	}
	return ""
}

// settleUndone decides which events are undone. An undo counts unless it is undone itself; IDs are hashes, so two
// events can't undo each other.
func (f *folder) settleUndone() {
	undoers := map[string][]string{}
	for _, id := range f.ids {
		if e := f.log.byID[id]; e.Kind == KindUndo && f.bad[id] == "" {
			undoers[e.Undoes] = append(undoers[e.Undoes], id)
		}
	}
	known := map[string]bool{}
	var undone func(id string) bool
	undone = func(id string) bool {
		if is, ok := known[id]; ok {
			return is
		}
		is := slices.ContainsFunc(undoers[id], func(u string) bool { return !undone(u) })
		known[id] = is
		return is
	}
	for _, id := range f.ids {
		f.undone[id] = undone(id)
	}
}

func (f *folder) live(id string) bool { return f.bad[id] == "" && !f.undone[id] }

// inForce reports whether an event counts: live, and confirmed where required.
func (f *folder) inForce(id string) bool {
	return f.live(id) && (!needsSecond(f.log.byID[id]) || f.confirm[id])
}

// heads returns the events in force that are not replaced, by ID. An undone event replaces nothing.
func (f *folder) heads(ids []string) []Value {
	replaced := f.replaced(ids, f.inForce)
	var out []Value
	for _, id := range ids {
		if f.inForce(id) && !replaced[id] {
			out = append(out, f.value(id))
		}
	}
	return out
}

// replaced returns every event that a counting event of ids supersedes, directly or indirectly.
func (f *folder) replaced(ids []string, counts func(string) bool) map[string]bool {
	seen := map[string]bool{}
	var walk func(id string)
	walk = func(id string) {
		for _, old := range f.log.byID[id].Supersedes {
			if !seen[old] {
				seen[old] = true
				walk(old)
			}
		}
	}
	for _, id := range ids {
		if counts(id) {
			walk(id)
		}
	}
	return seen
}

// pending returns the acts that wait for a second person and that no live event has replaced.
func (f *folder) pending() []Value {
	replaced := f.replaced(f.ids, f.live)
	var out []Value
	for _, id := range f.ids {
		if f.live(id) && needsSecond(f.log.byID[id]) && !f.confirm[id] && !replaced[id] {
			out = append(out, f.value(id))
		}
	}
	return out
}

func (f *folder) register(ids []string) Register {
	r := Register{Heads: f.heads(ids)}
	for i, h := range r.Heads {
		switch {
		case i == 0:
			r.Text = h.Text
		case h.Text != r.Text:
			r.Conflict = true
		}
	}
	if r.Conflict {
		r.Text = ""
	}
	return r
}

func (f *folder) value(id string) Value {
	e := f.log.byID[id]
	v := Value{ID: id, By: e.By, Time: e.Time, Field: slotOf(e), Why: e.Payload["why"]}
	switch e.Kind {
	case KindState:
		v.Text = e.Payload["to"]
	case KindNote:
		v.Text = e.Payload["text"]
	case KindSet:
		if field, _ := FieldByName(v.Field); field.Shape != ShapeRecord {
			v.Text = e.Payload["value"]
			break
		}
		v.Parts = maps.Clone(e.Payload)
		delete(v.Parts, "field")
		delete(v.Parts, "why")
	}
	return v
}

// rest sets what has no registers: links, refused suggestions, read marks, the history.
func (f *folder) rest(c *Case) {
	for _, id := range f.ids {
		e := f.log.byID[id]
		c.History = append(c.History, Entry{id, e, f.undone[id]})
		if why := f.bad[id]; why != "" {
			c.Rejected = append(c.Rejected, Rejected{id, why})
		}
		if !f.live(id) {
			continue
		}
		switch p := e.Payload; e.Kind {
		case KindLink:
			c.Links = append(c.Links, Link{e.Case, p["type"], p["other"], f.value(id)})
		case KindRefuse:
			c.Refused = append(c.Refused, RefusedLink{e.Case, p["other"], p["reason"], f.value(id)})
		case KindRead:
			n, _ := strconv.ParseUint(p["upto"], 10, 63) // Check has read it
			c.Read[e.By] = max(c.Read[e.By], n)
		}
	}
	slices.SortFunc(c.Links, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.To, b.To), cmp.Compare(a.By.ID, b.By.ID))
	})
	slices.SortFunc(c.History, func(a, b Entry) int {
		return cmp.Or(a.Event.Time.Compare(b.Event.Time), compareNumber(a.Event, b.Event), cmp.Compare(a.ID, b.ID))
	})
}

func compareNumber(a, b Event) int {
	if c := cmp.Or(cmp.Compare(a.By, b.By), cmp.Compare(a.Number, b.Number)); c != 0 {
		return c
	}
	return cmp.Compare(a.ID(), b.ID())
}

func byTime(values []Value) []Value {
	slices.SortFunc(values, func(a, b Value) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.By, b.By), cmp.Compare(a.ID, b.ID))
	})
	return values
}

// Reliability returns the grade of the source. A case with an anonymous reporter starts at F; any other case has none
// before a trustee grades it.
func (c Case) Reliability(anonymous bool) string {
	if r := c.Fields["reliability"]; len(r.Heads) > 0 || !anonymous {
		return r.Text
	}
	return "F"
}

// Conflicts names the registers on which trustees contradict each other: "state" and fields, in the order of the
// table.
func (c Case) Conflicts() []string {
	var out []string
	if c.State.Conflict {
		out = append(out, "state")
	}
	for _, f := range fields {
		if c.Fields[f.Name].Conflict {
			out = append(out, f.Name)
		}
	}
	return out
}
