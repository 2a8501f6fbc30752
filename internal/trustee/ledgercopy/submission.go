package ledgercopy

import (
	"fmt"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// Submission is a report, a follow-up, a change of consent, a withdrawal or an exhibit, sealed, as in the ledger.
type Submission struct {
	Index   uint64 // of its entry; meaningless while Waiting
	Waiting bool
	Hash    ledger.Hash // of its body
	Body    ledger.Body

	dir string // the import that brought it, while it waits
}

// Where returns the position of the submission in words.
func (s Submission) Where() string {
	if s.Waiting {
		return "waiting submission " + s.Hash.String()[:12]
	}
	return EntryName(s.Index)
}

// Part finds the one part of a kind.
func (s Submission) Part(kind string) (ledger.Part, bool) { return PartOf(s.Body, kind) }

// PartOf finds the one part of a kind in a body.
func PartOf(b ledger.Body, kind string) (ledger.Part, bool) {
	for _, p := range b.Parts {
		if p.Kind == kind {
			return p, true
		}
	}
	return ledger.Part{}, false
}

// EntryName returns the name of an entry in words.
func EntryName(index uint64) string { return fmt.Sprintf("entry %d", index) }

// Submissions lists all submissions: those with entries in their order, then those that wait.
func (c *Copy) Submissions() []Submission {
	entries := c.Entries()
	list := make([]Submission, 0, len(entries)+len(c.waiting))
	for _, e := range entries {
		if e.Body.Kind.HasParts() {
			list = append(list, Submission{Index: e.Index, Hash: e.Body.Hash(), Body: e.Body})
		}
	}
	for _, w := range c.waiting {
		if w.Body.Kind.HasParts() {
			list = append(list, Submission{Waiting: true, Hash: w.Hash, Body: w.Body, dir: w.dir})
		}
	}
	return list
}

// waitingPart returns the file of a part that came with a waiting submission; empty where there is none.
func (c *Copy) waitingPart(part ledger.Hash) string {
	for _, w := range c.waiting {
		for _, p := range w.Body.Parts {
			if p.Hash == part {
				return partFile(w.dir, part)
			}
		}
	}
	return ""
}

// EachPart visits every part of every entry and waiting submission. where is the entry's name; the error of open wraps
// os.ErrNotExist where the part is missing.
func (c *Copy) EachPart(visit func(where string, p ledger.Part, open func() (*PartFile, error)) error) error {
	for _, e := range c.Entries() {
		for _, p := range e.Body.Parts {
			if err := visit(EntryName(e.Index), p, func() (*PartFile, error) { return c.OpenEntryPart(e.Index, p.Hash) }); err != nil {
				return err
			}
		}
	}
	for _, w := range c.waiting {
		for _, p := range w.Body.Parts {
			if err := visit("waiting submission "+w.Hash.String()[:12], p, func() (*PartFile, error) { return w.OpenPart(p.Hash) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// IsTrustee reports whether both keys of a card are together in a set.
func IsTrustee(s ledger.TrusteeSet, c card.Card) bool { return Position(s, c) > 0 }

// Position returns a trustee's place in a set, from 1; 0 where both their keys are not in it together.
func Position(s ledger.TrusteeSet, c card.Card) int {
	n := s.Position(c.Fingerprint())
	if n == 0 || s.Trustees[n-1].Age != c.Age {
		return 0
	}
	return n
}

// SubmissionAt finds a submission by its body's hash and the index of its entry; nil for a waiting one.
func (c *Copy) SubmissionAt(body ledger.Hash, index *uint64) (Submission, bool) {
	if index != nil {
		if *index >= c.Size() {
			return Submission{}, false
		}
		e := c.Entry(*index)
		return Submission{Index: e.Index, Hash: body, Body: e.Body}, e.Body.Hash() == body
	}
	for _, w := range c.waiting {
		if w.Hash == body {
			return Submission{Waiting: true, Hash: w.Hash, Body: w.Body, dir: w.dir}, true
		}
	}
	return Submission{}, false
}
