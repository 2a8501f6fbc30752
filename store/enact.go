package store

import (
	"errors"
	"fmt"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// enact makes the changes that were announced some slots before and were not
// stopped (docs/spec/ledger.md). They are the last entries of their slot: what
// waited goes by what was in force before. A change that is refused, because
// of a hold for instance, is left out, and lapses.
func (s *Store) enact(tx kv.Tx, t *tip, g *growth) error {
	for _, n := range g.authority.state.Due() {
		body, small, err := enactment(tx, n, g.authority.setIndex())
		if err != nil {
			return err
		}
		if _, err := g.authority.try(t, body, [][]byte{small}); errors.Is(err, ledger.ErrMismatch) {
			continue
		} else if err != nil {
			return err
		}
		if err := putSmall(tx, body.Parts[0].Hash, small); err != nil {
			return err
		}
		text := body.Marshal()
		if err := s.grow(tx, t, g, body, text, ledger.BodyHash(text)); err != nil {
			return err
		}
	}
	return nil
}

// enactment is the body of the entry that makes an announced change: its text, with
// the approvals of the notice.
func enactment(tx kv.Tx, n ledger.NoticeAt, set uint64) (body ledger.Body, small []byte, err error) {
	e, err := readEntry(tx.Table(tableEntries), n.Index)
	if err != nil {
		return body, nil, err
	}
	notice, ok := smallPart(tx, e.Body.Parts[0].Hash)
	if !ok {
		return body, nil, fmt.Errorf("%w: the body of entry %d is missing", ledger.ErrMismatch, n.Index)
	}
	a, err := ledger.ParseApproved(notice)
	if err != nil {
		return body, nil, err
	}
	small = ledger.Approved{Text: n.Proposal, Approvals: a.Approvals}.Marshal()
	return ledger.BodyOf(n.Kind(), set, small), small, nil
}

// Needed is how many approvals a proposal needs now.
func (s *Store) Needed(proposal []byte) int {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.authority.state.Needed(s.authority.set(), proposal)
}

// Announces says whether a proposal has to be announced before it takes effect.
func (s *Store) Announces(proposal []byte) bool {
	return s.genesis.Rules == ledger.Rules2 && s.genesis.Delay > 0 && ledger.IsDelayed(proposal)
}

// Announced gives the changes that were announced and may still come.
func (s *Store) Announced() []ledger.NoticeAt {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.authority.state.Announced()
}
