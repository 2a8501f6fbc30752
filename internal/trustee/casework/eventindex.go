package casework

import (
	"runtime"
	"slices"
	"strings"
	"sync"

	"zapis/internal/evidence/custody"
	"zapis/internal/trustee/vault"
)

// indexedEvent is what the index has of an event of the custody log: what says whether it concerns a case. Opening an
// event takes as long as opening a statement, and a log has many events for each case.
type indexedEvent struct {
	Act  custody.Act
	Case string
	Link string // of the last event in the index, in hex: it is of this log
}

// AppendText appends the event as the index has it: three words, of which the last two may be empty.
func (e indexedEvent) AppendText(b []byte) ([]byte, error) {
	return append(append(append(append(append(b, e.Act...), ' '), e.Case...), ' '), e.Link...), nil
}

// UnmarshalText is the inverse of AppendText.
func (e *indexedEvent) UnmarshalText(line []byte) error {
	list := strings.Split(string(line), " ")
	if len(list) != 3 {
		return errIndexLine
	}
	e.Act, e.Case, e.Link = custody.Act(list[0]), list[1], list[2]
	return nil
}

// eventsCache is the cache of the events' index, a line for each event from the first on: zapis/events/v2. It is
// rebuilt where it is of another log.
var eventsCache = vault.Cache{File: "events", Header: "zapis/events/v2 "}

// unindexed is how many events may be opened each time before the index is written again, which takes time by its
// length.
const unindexed = 100

// eventIndex is the index of all events, and of one case's. It belongs to the goroutine of its Trustee.
type eventIndex struct {
	events []indexedEvent
	ofCase map[string][]uint64 // numbers, ascending
}

// numbers lists the events that want accepts, ascending.
func (x *eventIndex) numbers(want func(indexedEvent) bool) (list []uint64) {
	for i, e := range x.events {
		if want(e) {
			list = append(list, uint64(i)+1)
		}
	}
	return list
}

// of lists a case's own events, ascending.
func (x *eventIndex) of(id string) []uint64 { return x.ofCase[id] }

// eventIndex returns the index of all events that there are. It opens those that it does not have yet.
func (v *Trustee) eventIndex() (*eventIndex, error) {
	x := v.indexed
	if x == nil {
		list, err := vault.ReadCache[indexedEvent](v.Vault, eventsCache)
		if err != nil {
			return nil, err
		}
		x = &eventIndex{ofCase: make(map[string][]uint64)}
		if n := len(list); n > 0 {
			if link, ok := v.Custody.LinkAt(uint64(n)); ok && custody.Hex(link) == list[n-1].Link {
				list[n-1].Link = ""
				x.add(list)
			}
		}
	}
	fresh, err := v.openEvents(uint64(len(x.events)) + 1)
	if err != nil {
		return nil, err
	}
	x.add(fresh)
	v.indexed = x
	if len(fresh) >= unindexed {
		v.kept(v.writeEventIndex(x))
	}
	return x, nil
}

func (v *Trustee) writeEventIndex(x *eventIndex) error {
	list := slices.Clone(x.events)
	link, _ := v.Custody.LinkAt(uint64(len(list)))
	list[len(list)-1].Link = custody.Hex(link)
	return vault.WriteCache(v.Vault, eventsCache, list)
}

func (x *eventIndex) add(list []indexedEvent) {
	for _, e := range list {
		x.events = append(x.events, e)
		if e.Case != "" {
			x.ofCase[e.Case] = append(x.ofCase[e.Case], uint64(len(x.events)))
		}
	}
}

// openEvents opens the events from one on, on all cores.
func (v *Trustee) openEvents(from uint64) ([]indexedEvent, error) {
	if from > v.Custody.Len() {
		return nil, nil
	}
	list := make([]indexedEvent, v.Custody.Len()-from+1)
	var mu sync.Mutex
	var failed error
	var workers sync.WaitGroup
	share := 1 + len(list)/runtime.GOMAXPROCS(0)
	for at := 0; at < len(list); at += share {
		workers.Go(func() {
			for i := at; i < min(at+share, len(list)); i++ {
				e, err := v.Custody.Read(from+uint64(i), v.Key().Age)
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
				list[i] = indexedEvent{Act: e.Act, Case: e.Case}
			}
		})
	}
	workers.Wait()
	return list, failed
}
