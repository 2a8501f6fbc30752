package deskstate

import (
	"maps"
	"slices"
)

// Log is a set of events, grouped by case. It is not safe for concurrent use.
type Log struct {
	byID    map[string]Event
	byCase  map[string][]string        // IDs, in no order that means anything
	numbers map[string]map[uint64]bool // trustee: the numbers that are here
	last    map[string]uint64          // trustee: the highest number
	forks   map[string][]uint64        // trustee: numbers that two events have
	folded  map[string]Case

	untouched Case // the fold of no event, but for the key
}

// NewLog returns an empty log.
func NewLog() *Log {
	l := &Log{
		byID: map[string]Event{}, byCase: map[string][]string{}, numbers: map[string]map[uint64]bool{},
		last: map[string]uint64{}, forks: map[string][]uint64{}, folded: map[string]Case{},
	}
	l.untouched = fold("", l)
	return l
}

// Add adds an event. It reports false for one that the log has already. It refuses only what Check refuses; an event
// that contradicts others is kept, and the fold reports it.
func (l *Log) Add(e Event) (added bool, err error) {
	if err := e.Check(); err != nil {
		return false, err
	}
	id := e.ID()
	if _, ok := l.byID[id]; ok {
		return false, nil
	}
	// Normalised, so that results of the fold can be compared.
	e.Time, e.Payload, e.Supersedes = e.Time.UTC(), maps.Clone(e.Payload), slices.Clone(e.Supersedes)
	if e.Payload == nil {
		e.Payload = map[string]string{}
	}
	if len(e.Supersedes) == 0 {
		e.Supersedes = nil
	}
	l.byID[id] = e
	l.byCase[e.Case] = append(l.byCase[e.Case], id)
	delete(l.folded, e.Case)
	of := l.numbers[e.By]
	if of == nil {
		of = map[uint64]bool{}
		l.numbers[e.By] = of
	}
	if of[e.Number] && !slices.Contains(l.forks[e.By], e.Number) {
		l.forks[e.By] = append(l.forks[e.By], e.Number)
	}
	of[e.Number] = true
	l.last[e.By] = max(l.last[e.By], e.Number)
	return true, nil
}

// Len returns the number of events.
func (l *Log) Len() int { return len(l.byID) }

// Event returns an event by its ID.
func (l *Log) Event(id string) (Event, bool) {
	e, ok := l.byID[id]
	return e, ok
}

// Events returns all events, by trustee, number and ID.
func (l *Log) Events() []Event {
	out := slices.Collect(maps.Values(l.byID))
	slices.SortFunc(out, compareNumber)
	return out
}

// Cases returns the cases with events, in ascending order.
func (l *Log) Cases() []string { return slices.Sorted(maps.Keys(l.byCase)) }

// Last returns the highest number of a trustee's events; 0 where there is none.
func (l *Log) Last(by string) uint64 { return l.last[by] }

// Forks returns, by trustee, the numbers that two different events have: a vault was used on two machines, or restored
// from an old copy. Both events count.
func (l *Log) Forks() map[string][]uint64 {
	out := make(map[string][]uint64, len(l.forks))
	for by, list := range l.forks {
		out[by] = slices.Sorted(slices.Values(list))
	}
	return out
}

// Links returns the links in force between all cases, by case, type and other case.
func (l *Log) Links() []Link {
	var out []Link
	for _, key := range l.Cases() {
		out = append(out, l.Case(key).Links...)
	}
	return out
}
