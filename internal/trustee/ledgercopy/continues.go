package ledgercopy

import (
	"fmt"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

// Follows verifies that the staged ledger continues the one in an old vault, in the folder name. What the old vault
// has beyond the end that the new ledger names is lost: that is a Mismatch, and no refusal.
func (s *Stage) Follows(old *Copy, name string) (*Mismatch, error) {
	c := s.chain.Continues()
	switch {
	case old.Size() == 0:
		return nil, exit.New(exit.Mismatch, "import the old ledger's last carry file into it", "the vault %s is empty", name)
	case c == nil:
		return nil, exit.Advise(exit.Mismatch, exit.LeaveOutContinues.With(), "the ledger %s does not say that it goes on from another", s.chain.Card())
	}
	named := card.LedgerCard{Origin: c.Origin, Genesis: c.Genesis}
	if named != old.Card() {
		return nil, exit.New(exit.Mismatch, "name the old ledger's vault", "the ledger %s goes on from %s, and the vault %s holds %s", s.chain.Origin(), named, name, old.Card())
	}
	if c.Size > old.Size() {
		return nil, exit.New(exit.Mismatch, "import the old ledger's last carry file into the old vault, then this one again",
			"the ledger %s goes on from %d entries of %s, and the vault %s holds %d: whether it does can't be verified",
			s.chain.Origin(), c.Size, c.Origin, name, old.Size())
	}
	root, err := old.Root(c.Size)
	if err != nil {
		return nil, err
	}
	if root != c.Root {
		return nil, exit.New(exit.Mismatch, forkHint, "the ledger %s goes on from a history of %s that the vault %s does not hold: the first %d entries have the root %s, and it names %s",
			s.chain.Origin(), c.Origin, name, c.Size, root, c.Root)
	}
	if c.Size == old.Size() {
		return nil, nil
	}
	reports := 0
	for _, e := range old.Entries()[c.Size:] {
		if e.Body.Kind == ledger.KindReport {
			reports++
		}
	}
	return &Mismatch{Text: fmt.Sprintf("the ledger goes on from %d entries of %s, and your old vault holds %d: the new one has lost the last %d, reports among them: %d; keep the old vault",
		c.Size, c.Origin, old.Size(), old.Size()-c.Size, reports)}, nil
}

// BrokenPromises names the submissions without an entry whose slot has passed.
func (c *Copy) BrokenPromises() []Mismatch {
	var broken []Mismatch
	for _, w := range c.waiting {
		if c.head.Time.Before(w.Promise.Slot) {
			continue
		}
		broken = append(broken, Mismatch{Text: fmt.Sprintf("waiting submission %s: the log promised it for the slot of %s, has signed that of %s, and left it out: its promise is the proof",
			w.Hash.String()[:12], w.Promise.Slot.Format("2006-01-02 15:04:05"), c.head.Time.Format("2006-01-02 15:04:05")), Part: w.Hash})
	}
	return broken
}
