package ledger

import (
	"bytes"
	"slices"
	"strconv"

	"zapis/crypto/canonical"
)

// Besides a tombstone, an entry of the kind tombstone may be a legal hold,
// under which no part of the entries that it names may be erased, or the
// release of one. All three are of one kind because their order matters:
// whether something may be erased depends on what came before.

const (
	holdHeader    = "zapis/hold/v1"
	releaseHeader = "zapis/release/v1"
)

// Reasons for a hold.
const (
	HoldProceedings = "proceedings" // a court or a tribunal may ask for it
	HoldOrder       = "order"       // an authority has ordered that it be kept
	HoldAsked       = "asked"       // the person concerned wants it kept
)

// MaxHeld is how many entries one hold may name.
const MaxHeld = 1000

// Hold proposes that parts of some entries be kept:
//
//	zapis/hold/v1
//	origin example.org/ledger
//	nonce <64 hex>                  random: no hold can be put in a second time
//	reason proceedings              proceedings, order or asked
//	entry 42                        1 to 1,000, by index
//
// It needs one approval, of any trustee in force, since keeping is the safe
// side.
type Hold struct {
	Origin  string
	Nonce   Hash
	Reason  string
	Entries []uint64
}

// Marshal writes the proposal's text.
func (h Hold) Marshal() []byte {
	dst := []byte(holdHeader + "\norigin " + h.Origin + "\nnonce " + h.Nonce.String() + "\nreason " + h.Reason + "\n")
	for _, index := range h.Entries {
		dst = append(strconv.AppendUint(append(dst, "entry "...), index, 10), '\n')
	}
	return dst
}

// ParseHold reads the text of a proposed hold.
func ParseHold(text []byte) (Hold, error) {
	r := canonical.Begin(text, MaxSmall, holdHeader)
	h := Hold{Origin: readOrigin(r), Nonce: r.Hash(r.Word("nonce")), Reason: r.Word("reason")}
	switch h.Reason {
	case HoldProceedings, HoldOrder, HoldAsked:
	default:
		r.Fail("a reason is proceedings, order or asked")
	}
	for first := true; first || r.More(); first = false {
		index := r.Decimal(r.Word("entry"), MaxIndex)
		if n := len(h.Entries); n > 0 {
			if index <= h.Entries[n-1] {
				r.Fail("entries stand in the order of their indexes, each once")
			}
			if n == MaxHeld {
				r.Fail("more than %d entries", MaxHeld)
			}
		}
		h.Entries = append(h.Entries, index)
	}
	return canonical.Done(r, "hold", h)
}

// Release proposes to end a hold:
//
//	zapis/release/v1
//	origin example.org/ledger
//	hold 57 <leaf hash of the hold's entry>
//
// It needs as many approvals as a tombstone.
type Release struct {
	Origin string
	Hold   uint64 // index of the hold's entry
	Leaf   Hash   // leaf hash of that entry
}

// Marshal writes the proposal's text.
func (r Release) Marshal() []byte {
	return []byte(releaseHeader + "\norigin " + r.Origin + "\nhold " + strconv.FormatUint(r.Hold, 10) + " " + r.Leaf.String() + "\n")
}

// ParseRelease reads the text of a proposed release.
func ParseRelease(text []byte) (Release, error) {
	r := canonical.Begin(text, 1<<10, releaseHeader)
	p := Release{Origin: readOrigin(r)}
	w := r.Words("hold", 2)
	p.Hold, p.Leaf = r.Decimal(w[0], MaxIndex), r.Hash(w[1])
	return canonical.Done(r, "release", p)
}

func hasHeader(text []byte, header string) bool { return bytes.HasPrefix(text, []byte(header+"\n")) }

// IsHold and IsRelease tell a proposal of the kind tombstone from an erasing one.
func IsHold(text []byte) bool    { return hasHeader(text, holdHeader) }
func IsRelease(text []byte) bool { return hasHeader(text, releaseHeader) }

// ErasedBy returns the parts that a body of the kind tombstone erases: none,
// if it is a hold or the release of one.
func ErasedBy(text []byte) ([]Erased, error) {
	switch {
	case IsHold(text):
		_, err := ParseHold(text)
		return nil, err
	case IsRelease(text):
		_, err := ParseRelease(text)
		return nil, err
	case IsNotice(text):
		_, err := NoticedProposal(text)
		return nil, err
	case IsObjection(text):
		_, err := ParseObjection(text)
		return nil, err
	}
	t, err := ParseTombstone(text)
	return t.Parts, err
}

// HeldAt is a hold, and the entry that brought it.
type HeldAt struct {
	Index    uint64
	Leaf     Hash   // leaf hash of that entry
	Subject  Hash   // of the hold's text
	Reason   string // as in Hold
	Entries  []uint64
	Released bool
}

// Names reports whether an entry is one of those that it keeps.
func (h HeldAt) Names(index uint64) bool {
	_, named := slices.BinarySearch(h.Entries, index)
	return named
}

// HeldBy returns the hold in force under which an entry is, if there is one.
func (s State) HeldBy(index uint64) (HeldAt, bool) {
	for _, h := range s.Held {
		if !h.Released && h.Names(index) {
			return h, true
		}
	}
	return HeldAt{}, false
}

// Keep follows what an entry of the kind tombstone brings besides an erasure: a
// hold, a release, a notice or an objection; slot is how many checkpoints come before
// the entry. It judges nothing: a Chain does.
func (s *State) Keep(index uint64, leaf Hash, slot uint64, a Approved) error {
	text := a.Text
	switch {
	case IsNotice(text):
		return s.keepNotice(index, leaf, slot, a)
	case IsObjection(text):
		return s.keepObjection(index, a)
	case IsHold(text):
		h, err := ParseHold(text)
		if err != nil {
			return err
		}
		s.Held = append(slices.Clip(s.Held), HeldAt{Index: index, Leaf: leaf, Subject: Subject(text), Reason: h.Reason, Entries: h.Entries})
	case IsRelease(text):
		r, err := ParseRelease(text)
		if err != nil {
			return err
		}
		s.Held = slices.Clone(s.Held)
		for i := range s.Held {
			if s.Held[i].Index == r.Hold {
				s.Held[i].Released = true
			}
		}
	}
	return nil
}

// mayHold refuses a hold of entries that do not exist yet, and a repeated one.
func (c *Chain) mayHold(e Entry, h Hold, text []byte) error {
	if last := h.Entries[len(h.Entries)-1]; last >= e.Index {
		return canonical.Refuse("it holds entry %d, which is not before it", last)
	}
	for _, was := range c.s.Held {
		if was.Subject == Subject(text) {
			return canonical.Refuse("it is the hold of entry %d once more", was.Index)
		}
	}
	return nil
}

func (c *Chain) mayRelease(r Release) error {
	i := slices.IndexFunc(c.s.Held, func(h HeldAt) bool { return h.Index == r.Hold && h.Leaf == r.Leaf })
	switch {
	case i < 0:
		return canonical.Refuse("it releases a hold of entry %d, and there is none", r.Hold)
	case c.s.Held[i].Released:
		return canonical.Refuse("it releases the hold of entry %d, which is released already", r.Hold)
	}
	return nil
}

// kept reads a proposal of the kind tombstone.
func (c *Chain) kept(e Entry, a Approved) (origin string, err error) {
	switch {
	case IsNotice(a.Text):
		return c.mayGiveNotice(e, a)
	case IsObjection(a.Text):
		return c.mayObject(a)
	case IsHold(a.Text):
		h, err := ParseHold(a.Text)
		if err == nil {
			err = c.mayHold(e, h, a.Text)
		}
		return h.Origin, err
	case IsRelease(a.Text):
		r, err := ParseRelease(a.Text)
		if err == nil {
			err = c.mayRelease(r)
		}
		return r.Origin, err
	}
	t, err := ParseTombstone(a.Text)
	if err == nil {
		err = c.followsNewest(t)
	}
	if err == nil {
		err = c.mayErase(e, t)
	}
	return t.Origin, err
}

// Held returns the holds in force.
func (c *Chain) Held() []HeldAt {
	var in []HeldAt
	for _, h := range c.s.Held {
		if !h.Released {
			in = append(in, h)
		}
	}
	return in
}
