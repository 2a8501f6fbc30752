package timestamp

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/witness"
)

// ErrNotTrusted means that a cosignature is by a witness that is not trusted here. It proves nothing, and is not
// wrong.
var ErrNotTrusted = errors.New("the witness is not among those that are trusted")

// Trust holds the roots and witnesses that are trusted for time.
type Trust struct {
	Options                       // for tokens; Nonce, Certificates and Revocations are ignored
	Witnesses []*witness.Verifier // for cosignatures
}

// Evidence is the content of one verified anchor: the first Size entries existed at Time, according to By; and
// everything after entry Entry, which holds it, was added to the ledger no earlier.
type Evidence struct {
	Entry    uint64 // index of the anchor entry
	Size     uint64 // entries of the checkpoint that it is about
	Time     time.Time
	Accuracy time.Duration // zero where none is stated
	By       string        // subject of the authority's certificate, or the witness's name
	Witness  bool
}

// Check verifies the body of the anchor entry at an index: against the
// checkpoint file that it names, as stored, with what is kept beside it.
func Check(index uint64, a ledger.Anchor, checkpoint []byte, trust Trust) (Evidence, error) {
	if a.Size > index {
		return Evidence{}, canonical.Refuse("anchor %d: it is about a checkpoint of %d entries, which is not before it", index, a.Size)
	}
	if ledger.Sum(checkpoint) != a.Checkpoint {
		return Evidence{}, canonical.Refuse("anchor %d: it is about another checkpoint file than this one", index)
	}
	e := Evidence{Entry: index, Size: a.Size}
	if a.Witness != "" {
		c, err := witness.FromAnchor(a, checkpoint)
		if err != nil {
			return Evidence{}, canonical.Refuse("anchor %d: %w", index, err)
		}
		if !slices.ContainsFunc(trust.Witnesses, func(v *witness.Verifier) bool { return v.String() == a.Witness }) {
			return Evidence{}, ErrNotTrusted
		}
		e.Time, e.By, e.Witness = c.Time, c.Witness.Name(), true
		return e, nil
	}
	o := trust.Options
	o.Nonce, o.Certificates, o.Revocations = nil, a.Certificates, a.Revocations
	token, err := Verify(a.Response, checkpoint, o)
	if err != nil {
		return Evidence{}, canonical.Refuse("anchor %d: %w", index, err)
	}
	e.Time, e.Accuracy, e.By = token.Time, token.Accuracy, token.Signer.Subject.String()
	return e, nil
}

// Interval is when an entry was added to the ledger: after NotBefore, and by NotAfter. Either may be nil.
type Interval struct {
	NotBefore *Evidence
	NotAfter  *Evidence
}

// Earliest returns the beginning of what evidence e leaves possible.
func (e Evidence) Earliest() time.Time { return e.Time.Add(-e.Accuracy) }

// Latest returns the end of what evidence e leaves possible.
func (e Evidence) Latest() time.Time { return e.Time.Add(e.Accuracy) }

// Tightest returns the narrowest interval in which an entry was added to the ledger, from all anchors that verified.
//
// Not after: a checkpoint that covers the entry existed then. Not before: the entry is after the anchor in the chain,
// so its bytes depend on a token that did not exist earlier. The content of a report, and its receipt, may be older:
// within a slot the store puts anchors after all reports, so a report after an anchor was received after the anchor's
// slot.
func Tightest(all []Evidence, index uint64) (i Interval) {
	for n := range all {
		e := &all[n]
		if e.Entry < index && (i.NotBefore == nil || e.Earliest().After(i.NotBefore.Earliest())) {
			i.NotBefore = e
		}
		if e.Size > index && (i.NotAfter == nil || e.Latest().Before(i.NotAfter.Latest())) {
			i.NotAfter = e
		}
	}
	return i
}

// Possible returns false where the evidence for the two ends is contradictory: a clock was wrong, or a statement
// false.
func (i Interval) Possible() bool {
	return i.NotBefore == nil || i.NotAfter == nil || !i.NotBefore.Earliest().After(i.NotAfter.Latest())
}

// OnCheckpoint is the Entry of evidence that no entry holds: a witness's line on
// the checkpoint that a reader has. It bounds no entry from below.
const OnCheckpoint = math.MaxUint64

// Stated returns the content of an anchor, not verified: for a reader without roots, who can still see that two
// anchors contradict each other.
func Stated(index uint64, a ledger.Anchor, checkpoint []byte) (Evidence, error) {
	e := Evidence{Entry: index, Size: a.Size}
	if a.Witness != "" {
		c, err := witness.FromAnchor(a, checkpoint)
		if err != nil {
			return e, err
		}
		e.Time, e.By, e.Witness = c.Time, c.Witness.Name(), true
		return e, nil
	}
	c, err := Claimed(a.Response)
	e.Time, e.Accuracy, e.By = c.Time, c.Accuracy, c.By
	return e, err
}

// Contradiction is two pieces of evidence that can't both be right. Entry Holder.Entry holds a token of one time, and
// a checkpoint that covers this entry existed earlier, according to Covering.
type Contradiction struct{ Holder, Covering Evidence }

// Contradictions returns, for each piece of evidence that is contradicted, the one that contradicts it most. A program
// can't decide which of them is wrong. They are in the order of the entries.
func Contradictions(all []Evidence) (found []Contradiction) {
	for _, h := range all {
		var most *Evidence
		for n := range all {
			c := &all[n]
			if h.Entry != OnCheckpoint && c.Size > h.Entry && c.Latest().Before(h.Earliest()) && (most == nil || c.Latest().Before(most.Latest())) {
				most = c
			}
		}
		if most != nil {
			found = append(found, Contradiction{h, *most})
		}
	}
	slices.SortStableFunc(found, func(a, b Contradiction) int { return cmp.Compare(a.Holder.Entry, b.Holder.Entry) })
	return found
}

// String returns a sentence without its full stop. Names are quoted: they come from certificates of anybody.
func (c Contradiction) String() string {
	where := fmt.Sprintf("in entry %d", c.Covering.Entry)
	if c.Covering.Entry == OnCheckpoint {
		where = "on the checkpoint"
	}
	return fmt.Sprintf("those who vouch for the time contradict each other: entry %d holds the word of %q of %s, and %q says %s that this entry existed on %s: a clock was wrong, or somebody lied",
		c.Holder.Entry, c.Holder.By, c.Holder.Time.Format(time.RFC3339), c.Covering.By, where, c.Covering.Time.Format(time.RFC3339))
}

// Held is an anchor entry as a ledger or a copy of one holds it.
type Held struct {
	Index      uint64
	Body       []byte
	Checkpoint []byte // that it is about, as stored
}

// Warnings returns what is wrong with anchors, one sentence without its full stop for each: those that can't be read,
// and those that contradict each other. It needs no roots, and so verifies nothing. It leaves out what concerns only
// entries before the given index.
func Warnings(all []Held, from uint64) (sentences []string) {
	var stated []Evidence
	for _, h := range all {
		var e Evidence
		a, err := ledger.ParseAnchor(h.Body)
		if err == nil {
			e, err = Stated(h.Index, a, h.Checkpoint)
		}
		if err == nil {
			stated = append(stated, e)
		} else if h.Index >= from {
			sentences = append(sentences, fmt.Sprintf("the anchor in entry %d proves nothing: %v", h.Index, err))
		}
	}
	for _, c := range Contradictions(stated) {
		if c.Holder.Entry >= from || c.Covering.Entry >= from {
			sentences = append(sentences, c.String())
		}
	}
	return sentences
}
