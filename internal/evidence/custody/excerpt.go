package custody

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"

	"zapis/crypto/canonical"
)

// Excerpt is a custody log as somebody else may see it: its own case's events in full, of the others their
// hashes only, up to a head. Its text:
//
//	zapis/custody/v1
//	events 3
//	head 9c41…                  link 3
//	hash 1 07d2…                SHA-256 of an event that is not shown
//	event 2                     the twelve lines of event 2 follow
//	zapis/event/v1
//	…
//	hash 3 c0ff…
type Excerpt struct {
	Head   [32]byte
	Hashes [][32]byte       // of all events, event n at n-1
	Shown  map[uint64]Event // by number
}

// MaxExcerpt bounds an excerpt's text, in bytes: about 200,000 events.
const MaxExcerpt = 16 << 20

// Marshal writes the excerpt's text.
func (x Excerpt) Marshal() []byte {
	b := fmt.Appendf(nil, "%sevents %d\nhead %x\n", chainHeader, len(x.Hashes), x.Head)
	for i, h := range x.Hashes {
		n := uint64(i + 1)
		if e, shown := x.Shown[n]; shown {
			b = fmt.Appendf(b, "event %d\n%s", n, e.Marshal())
		} else {
			b = fmt.Appendf(b, "hash %d %x\n", n, h)
		}
	}
	return b
}

// ParseExcerpt reads an excerpt and recomputes its chain: every event shown stands at its number, and the
// links end in the head. An error names the line or the event and is a canon.ErrMismatch.
func ParseExcerpt(text []byte) (Excerpt, error) {
	r := canonical.NewReader(text, MaxExcerpt)
	r.Exact(strings.TrimSuffix(chainHeader, "\n"))
	count := r.Decimal(r.Word("events"), math.MaxInt64)
	x := Excerpt{Head: r.Hash(r.Word("head")), Shown: make(map[uint64]Event)}
	var link [32]byte
	for n := uint64(1); n <= count && r.Err() == nil; n++ {
		var hash [32]byte
		if r.Has("event") {
			if got := r.Decimal(r.Word("event"), math.MaxInt64); r.Err() == nil && got != n {
				r.Fail("event %d must stand here", n)
			}
			e, event := readEvent(r)
			if r.Err() == nil && e.Number != n {
				return Excerpt{}, canonical.Refuse("custody log: event %d says that it is number %d", n, e.Number)
			}
			hash, x.Shown[n] = sha256.Sum256(event), e
		} else {
			words := r.Words("hash", 2)
			if got := r.Decimal(words[0], math.MaxInt64); r.Err() == nil && got != n {
				r.Fail("the hash of event %d must stand here", n)
			}
			hash = r.Hash(words[1])
		}
		link = Link(link, hash)
		x.Hashes = append(x.Hashes, hash)
	}
	if err := r.End(); err != nil {
		return Excerpt{}, canonical.Refuse("custody log: %w", err)
	}
	if link != x.Head {
		return Excerpt{}, canonical.Refuse("custody log: its %d events do not lead to the head that it names", count)
	}
	return x, nil
}

func readEvent(r *canonical.Reader) (Event, []byte) {
	var text []byte
	for range eventLines {
		text = append(append(text, r.Line()...), '\n')
	}
	if r.Err() != nil {
		return Event{}, nil
	}
	e, err := ParseEvent(text)
	r.Check(err)
	return e, text
}
