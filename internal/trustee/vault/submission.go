package vault

import (
	"zapis/crypto/ledger"
)

// Submission is a report, a follow-up, a change of consent, a withdrawal or an exhibit, as the ledger has
// it: sealed.
type Submission struct {
	Index   uint64 // of its entry; meaningless while Waiting
	Waiting bool
	Hash    ledger.Hash // of its body
	Body    ledger.Body

	dir string // the import that brought it, while it waits
}

// Where names the submission for people.
func (s Submission) Where() string {
	if s.Waiting {
		return "waiting submission " + s.Hash.String()[:12]
	}
	return where(s.Index)
}

// submissions lists all there are: those with entries in their order, then those that wait.
func (h *held) submissions() []Submission {
	var list []Submission
	for _, e := range h.entries {
		if e.Body.Kind.HasParts() {
			list = append(list, Submission{Index: e.Index, Hash: e.Body.Hash(), Body: e.Body})
		}
	}
	for _, w := range h.waiting {
		if w.body.Kind.HasParts() {
			list = append(list, Submission{Waiting: true, Hash: w.hash, Body: w.body, dir: w.dir})
		}
	}
	return list
}

// waitingPart is where a part lies that came with a waiting submission; empty where none did.
func (h *held) waitingPart(part ledger.Hash) string {
	for _, w := range h.waiting {
		for _, p := range w.body.Parts {
			if p.Hash == part {
				return partFile(w.dir, part)
			}
		}
	}
	return ""
}
