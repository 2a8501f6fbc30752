package custody

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
)

// Excerpt is a custody log as a bundle shows it (docs/spec/custody.md): its own
// case's events in full, of all others the hashes of subtrees, up to the newest
// event. Version 2, which Marshal writes:
//
//	zapis/custody/v2
//	events 5
//	root 9c41…                  of the tree over the SHA-256 of each event
//	fixed 4 07d2…               events and root of the head in the ledger, or `fixed 0 -`
//	hashes 1 2 c0ff…            root of the subtree of events 1 and 2
//	event 3                     the twelve lines of event 3 follow
//	zapis/event/v1
//	…
//	hashes 4 4 11ab…
//	hashes 5 5 6e02…
type Excerpt struct {
	Head   [32]byte
	Hashes [][32]byte       // SHA-256 of all events, event n at n-1
	Shown  map[uint64]Event // by number
	Fixed  uint64           // events of the newest head in the ledger; 0 where there is none
}

// Shown is an excerpt as its reader has it.
type Shown struct {
	Version int // 1 or 2
	Events  uint64
	Head    [32]byte // version 1: link of the last event; version 2: root of the tree
	Fixed   uint64   // version 2: events of the head in the ledger, or 0
	Root    [32]byte // version 2: root of the first Fixed events
	Shown   map[uint64]Event
	hashes  [][32]byte // version 1
}

// LinkAt returns link n of an excerpt of version 1; false for version 2, or where it is shorter.
func (s Shown) LinkAt(n uint64) (link [32]byte, ok bool) {
	if s.Version != 1 || n > uint64(len(s.hashes)) {
		return link, false
	}
	for _, h := range s.hashes[:n] {
		link = Link(link, h)
	}
	return link, true
}

// MaxExcerpt bounds an excerpt's text, in bytes.
const MaxExcerpt = 16 << 20

const (
	excerptHeader1 = "zapis/custody/v1"
	excerptHeader2 = "zapis/custody/v2"
)

// Marshal writes the excerpt's text, in version 2.
func (x Excerpt) Marshal() []byte {
	var t ledger.StoredTree
	for i, h := range x.Hashes {
		if err := t.Add(uint64(i), leafHash(h)); err != nil {
			panic("custody: a tree in memory: " + err.Error())
		}
	}
	root := func(n uint64) [32]byte {
		h, err := treeRoot(t, n)
		if err != nil {
			panic("custody: a tree in memory: " + err.Error())
		}
		return h
	}
	n := uint64(len(x.Hashes))
	b := fmt.Appendf(nil, "%s\nevents %d\nroot %x\n", excerptHeader2, n, root(n))
	if x.Fixed == 0 {
		b = append(b, "fixed 0 -\n"...)
	} else {
		b = fmt.Appendf(b, "fixed %d %x\n", x.Fixed, root(x.Fixed))
	}
	if n == 0 {
		return b
	}
	return x.appendRange(b, 1, n)
}

// appendRange writes what the excerpt shows of events first to last, which are a subtree.
func (x Excerpt) appendRange(b []byte, first, last uint64) []byte {
	if e, shown := x.Shown[first]; shown && first == last {
		return append(fmt.Appendf(b, "event %d\n", first), e.Marshal()...)
	}
	if x.hidden(first, last) {
		return fmt.Appendf(b, "hashes %d %d %x\n", first, last, x.subtree(first, last))
	}
	middle := first + split(last-first+1)
	return x.appendRange(x.appendRange(b, first, middle-1), middle, last)
}

// hidden reports whether one hash stands for the subtree of events first to last: none is shown, and the head in the
// ledger does not end inside.
func (x Excerpt) hidden(first, last uint64) bool {
	if first <= x.Fixed && x.Fixed < last {
		return false
	}
	for n := range x.Shown {
		if first <= n && n <= last {
			return false
		}
	}
	return true
}

func (x Excerpt) subtree(first, last uint64) [32]byte {
	if first == last {
		return leafHash(x.Hashes[first-1])
	}
	middle := first + split(last-first+1)
	return nodeHash(x.subtree(first, middle-1), x.subtree(middle, last))
}

// split returns the size of the left subtree of a tree of n leaves (RFC 6962, section 2.1): the largest power of two
// below n.
func split(n uint64) uint64 { return 1 << (bits.Len64(n-1) - 1) }

// ParseExcerpt parses an excerpt of either version and recomputes its head: every shown event is at its number, and
// the hashes lead to the head. An error names the line or the event and is a canonical.ErrMismatch.
func ParseExcerpt(text []byte) (Shown, error) {
	r := canonical.NewReader(text, MaxExcerpt)
	x := Shown{Version: 1, Shown: make(map[uint64]Event)}
	if r.Has(excerptHeader2) {
		x.Version = 2
	}
	var got [32]byte
	if x.Version == 1 {
		got = x.readChain(r)
	} else {
		got = x.readTree(r)
	}
	if err := r.End(); err != nil {
		return Shown{}, canonical.Refuse("custody log: %w", err)
	}
	if got != x.Head {
		return Shown{}, canonical.Refuse("custody log: its %d events do not lead to the head that it names", x.Events)
	}
	return x, nil
}

// readChain reads version 1: one line or event for each event of the log.
func (x *Shown) readChain(r *canonical.Reader) (link [32]byte) {
	r.Exact(excerptHeader1)
	x.Events = r.Decimal(r.Word("events"), math.MaxInt64)
	x.Head = r.Hash(r.Word("head"))
	for n := uint64(1); n <= x.Events && r.Err() == nil; n++ {
		var hash [32]byte
		if r.Has("event") {
			hash = x.readShown(r, n)
		} else {
			words := r.Words("hash", 2)
			if got := r.Decimal(words[0], math.MaxInt64); r.Err() == nil && got != n {
				r.Fail("the hash of event %d must stand here", n)
			}
			hash = r.Hash(words[1])
		}
		link = Link(link, hash)
		x.hashes = append(x.hashes, hash)
	}
	return link
}

// readTree reads version 2.
func (x *Shown) readTree(r *canonical.Reader) [32]byte {
	r.Exact(excerptHeader2)
	x.Events = r.Decimal(r.Word("events"), 1<<40)
	x.Head = r.Hash(r.Word("root"))
	words := r.Words("fixed", 2)
	if x.Fixed = r.Decimal(words[0], 1<<40); x.Fixed > 0 {
		x.Root = r.Hash(words[1])
	} else if r.Err() == nil && words[1] != "-" {
		r.Fail("a head of no events has no root")
	}
	if r.Err() == nil && x.Fixed > x.Events {
		r.Fail("the head in the ledger has more events than the log")
	}
	if r.Err() != nil {
		return [32]byte{}
	}
	if x.Events == 0 {
		return emptyRoot()
	}
	var fixed forest
	root, _ := x.readRange(r, 1, x.Events, &fixed)
	if r.Err() == nil && x.Fixed > 0 && fixed.root() != x.Root {
		r.Fail("the first %d events do not lead to the root of the head in the ledger", x.Fixed)
	}
	return root
}

// A forest holds the roots of consecutive subtrees, largest first.
type forest [][32]byte

func (f forest) root() (h [32]byte) {
	for i := len(f) - 1; i >= 0; i-- {
		if i == len(f)-1 {
			h = f[i]
			continue
		}
		h = nodeHash(f[i], h)
	}
	return h
}

// readRange reads the subtree of events first to last, and returns its root and whether it was one line. Maximal
// subtrees within the first Fixed events are appended to fixed.
func (x *Shown) readRange(r *canonical.Reader, first, last uint64, fixed *forest) (root [32]byte, whole bool) {
	into := fixed
	if last <= x.Fixed {
		into = nil // this subtree is the largest: its parent is not within
	}
	root, whole = x.readSubtree(r, first, last, into)
	if last <= x.Fixed && fixed != nil {
		*fixed = append(*fixed, root)
	}
	return root, whole
}

func (x *Shown) readSubtree(r *canonical.Reader, first, last uint64, fixed *forest) (root [32]byte, whole bool) {
	if r.Err() != nil {
		return root, false
	}
	if first == last && r.Has("event") {
		return leafHash(x.readShown(r, first)), false
	}
	if strings.HasPrefix(r.Peek(), fmt.Sprintf("hashes %d %d ", first, last)) {
		words := r.Words("hashes", 3)
		if x.Fixed >= first && x.Fixed < last {
			r.Fail("the head of %d events ends inside these", x.Fixed)
		}
		return r.Hash(words[2]), true
	}
	if first == last {
		r.Fail("event %d, or its hash, must stand here", first)
		return root, false
	}
	middle := first + split(last-first+1)
	left, allLeft := x.readRange(r, first, middle-1, fixed)
	right, allRight := x.readRange(r, middle, last, fixed)
	if r.Err() == nil && allLeft && allRight && !(first <= x.Fixed && x.Fixed < last) {
		r.Fail("one line must stand for events %d to %d, of which none is shown", first, last)
	}
	return nodeHash(left, right), false
}

// readShown reads event n in full, and returns its SHA-256.
func (x *Shown) readShown(r *canonical.Reader, n uint64) (hash [32]byte) {
	if got := r.Decimal(r.Word("event"), math.MaxInt64); r.Err() == nil && got != n {
		r.Fail("event %d must stand here", n)
	}
	e, text := readEvent(r)
	if r.Err() == nil && e.Number != n {
		r.Fail("event %d says that it is number %d", n, e.Number)
	}
	x.Shown[n] = e
	return sha256.Sum256(text)
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
