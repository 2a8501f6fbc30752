package deskstate

import (
	"maps"
	"slices"
	"time"
)

// Act makes the next event of a trustee: it fills in the number and what the event supersedes, and refuses what
// the desk does not allow. It adds nothing to the log: the caller signs and stores the event, then adds it.
//
//   - A state's payload may leave "from" out; it is then the state that the case is in.
//   - For a set's element or a note, replaces names the events that this one corrects.
//
// An error is an ErrEvent.
func (l *Log) Act(by string, at time.Time, key string, kind Kind, payload map[string]string, replaces ...string) (Event, error) {
	e := Event{By: by, Number: l.Last(by) + 1, Time: at.UTC().Truncate(time.Second), Case: key, Kind: kind, Payload: maps.Clone(payload)}
	if e.Payload == nil {
		e.Payload = map[string]string{}
	}
	c := l.Case(key)
	if kind == KindState {
		if _, given := e.Payload["from"]; !given {
			if c.State.Conflict {
				return Event{}, refuse("two states contradict each other: say from which one the case goes on")
			}
			e.Payload["from"] = c.State.Text
		}
	}
	ids := append(slices.Clone(replaces), l.current(c, slotOf(e))...)
	slices.Sort(ids)
	e.Supersedes = slices.Compact(ids)
	if err := e.Check(); err != nil {
		return Event{}, err
	}
	return e, l.allows(c, e)
}

// Undo makes the event that undoes another one. An error is an ErrEvent.
func (l *Log) Undo(by string, at time.Time, id, why string) (Event, error) {
	old, ok := l.byID[id]
	if !ok {
		return Event{}, refuse("there is no event %.70q to undo", id)
	}
	e := Event{By: by, Number: l.Last(by) + 1, Time: at.UTC().Truncate(time.Second), Case: old.Case, Kind: KindUndo, Payload: map[string]string{}, Undoes: id}
	if why != "" {
		e.Payload["why"] = why
	}
	if slices.ContainsFunc(l.Case(old.Case).History, func(h Entry) bool { return h.ID == id && h.Undone }) {
		return Event{}, refuse("that is undone already")
	}
	return e, e.Check()
}

// current returns the events that a new value of a register replaces: those in force, and those that wait for a second
// person.
func (l *Log) current(c Case, slot string) []string {
	if f, ok := FieldByName(slot); slot == "" || slot == "note" || ok && f.Many {
		return nil
	}
	heads := c.Fields[slot].Heads
	if slot == "state" {
		heads = c.State.Heads
	}
	var ids []string
	for _, h := range heads {
		ids = append(ids, h.ID)
	}
	for _, p := range c.Pending {
		if p.Field == slot {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func (l *Log) allows(c Case, e Event) error {
	f := &folder{log: l}
	if why := f.wrong(e); why != "" {
		return refuse("%s", why)
	}
	switch p := e.Payload; e.Kind {
	case KindConfirm:
		if !slices.ContainsFunc(c.Pending, func(v Value) bool { return v.ID == p["event"] }) {
			return refuse("nothing of this name waits for a second person")
		}
	case KindLink:
		if slices.ContainsFunc(c.Links, func(k Link) bool { return k.Type == p["type"] && k.To == p["other"] }) {
			return refuse("the cases are linked so already")
		}
	case KindSet:
		same := func(v Value) bool { return v.Parts == nil && v.Text == p["value"] }
		if slices.ContainsFunc(c.Sets[p["field"]], same) {
			return refuse("%s has this value already", p["field"])
		}
	}
	return nil
}
