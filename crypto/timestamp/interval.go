package timestamp

import (
	"errors"
	"slices"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/witness"
)

// ErrNotTrusted says that a cosignature is by a witness that nobody named. It
// proves nothing, and nothing is wrong with it.
var ErrNotTrusted = errors.New("the witness is not among those that are trusted")

// Trust is whose word on time counts.
type Trust struct {
	Options                       // for tokens; Nonce, Certificates and Revocations are ignored
	Witnesses []*witness.Verifier // for cosignatures
}

// Evidence is what one verified anchor says: the first Size entries existed at
// Time, as By says; and whatever follows entry Entry, which holds it, was put
// into the ledger no earlier.
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

// Interval is when an entry was put into the ledger: after NotBefore, and by
// NotAfter. Either may be nil.
type Interval struct {
	NotBefore *Evidence
	NotAfter  *Evidence
}

// Earliest is the beginning of what evidence e leaves possible.
func (e Evidence) Earliest() time.Time { return e.Time.Add(-e.Accuracy) }

// Latest is its end.
func (e Evidence) Latest() time.Time { return e.Time.Add(e.Accuracy) }

// Tightest gives the narrowest interval in which an entry was put into the
// ledger, from all anchors that verified.
//
// Not after: a checkpoint that covers the entry existed then. Not before: the
// entry is behind the anchor in the chain, so its bytes depend on a token that
// nobody could have had earlier. What a report says, and when it was received,
// may be older: within a slot the store puts anchors behind all reports, so a
// report behind an anchor was received after the anchor's slot.
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

// Possible is false where those who vouch for the two ends contradict each
// other: a clock was wrong, or somebody lied.
func (i Interval) Possible() bool {
	return i.NotBefore == nil || i.NotAfter == nil || !i.NotBefore.Earliest().After(i.NotAfter.Latest())
}
