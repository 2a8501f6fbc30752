package bundle

import (
	"math/bits"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/incident"
)

// governance is the part of a ledger's governance that a bundle shows: its
// genesis, then every entry that changed the trustees or the log's keys. Each
// of these names the previous one, so that none can be left out.
type governance struct {
	Card  card.LedgerCard
	Set   ledger.TrusteeSet // in force after the last of them
	SetAt uint64            // the entry that holds it
	Keys  ledger.KeysAt     // the log's keys in force, and the entry that names them
	chain *ledger.Chain
}

// governing is a governing entry with its body.
type governing struct {
	Index       uint64
	Entry, Body []byte
}

// readGovernance verifies the governing entries in their order by the rules of
// the ledger: each must be the next change, approved by enough of the trustees
// then in force.
func readGovernance(entries []governing) (*governance, error) {
	if len(entries) == 0 || entries[0].Index != 0 {
		return nil, canonical.Refuse("entry 0 or its body, with which the ledger begins, is missing")
	}
	// What was announced, and in which slots, is not in a bundle: only that each
	// change has its approvals.
	chain, err := ledger.ResumeChain(ledger.State{Sparse: true})
	if err != nil {
		return nil, err
	}
	for _, g := range entries {
		e, err := ledger.ParseEntry(g.Entry)
		if err != nil {
			return nil, err
		}
		switch {
		case e.Index != g.Index:
			return nil, canonical.Refuse("entry %d stands under the number %d", e.Index, g.Index)
		case !e.Body.Kind.Governs() || e.Body.Kind == ledger.KindTombstone:
			return nil, canonical.Refuse("entry %d is of the kind %s, whose body does not belong in a bundle", e.Index, e.Body.Kind)
		}
		if e.Index > 0 {
			if chain, err = skipTo(chain, e); err != nil {
				return nil, err
			}
		}
		if _, err = chain.Add(g.Entry); err == nil {
			err = chain.AddBody(e, g.Body)
		}
		if err != nil {
			return nil, err
		}
	}
	c := &governance{Card: chain.Card(), chain: chain}
	keys := chain.State().Keys
	c.Keys = keys[len(keys)-1]
	c.SetAt, c.Set, err = chain.SetInForce()
	return c, err
}

// skipTo moves a chain past the entries that a bundle does not show, up to e.
// The receipt proves the position of e, not the chain, whose tree is invalid
// from here on.
func skipTo(chain *ledger.Chain, e ledger.Entry) (*ledger.Chain, error) {
	s := chain.State()
	if e.Index < s.Size {
		return nil, canonical.Refuse("entry %d is there twice", e.Index)
	}
	if e.Index > s.Size {
		s.Size, s.Last = e.Index, e.Previous
		s.Range = make([]ledger.Hash, bits.OnesCount64(e.Index))
	}
	return ledger.ResumeChain(s)
}

// signer finds a trustee of the set in force by name.
func (c *governance) signer(name string) (card.Card, bool) {
	for _, t := range c.Set.Trustees {
		if t.Name == name {
			return t, true
		}
	}
	return card.Card{}, false
}

// hasSet reports whether an entry holds a set of trustees.
func (c *governance) hasSet(index uint64) bool {
	_, err := c.chain.SetAt(index)
	return err == nil
}

// fieldsOf returns the names of everything that a body commits to, by the
// vocabulary of the set that it is sealed to.
func (c *governance) fieldsOf(b ledger.Body) ([]string, error) {
	set, err := c.chain.SetAt(b.Trustees)
	if err != nil {
		return nil, err
	}
	return incident.FieldNames(set.Vocabulary)
}

// openPromise verifies a promise file with all keys of the log, each for its
// own period.
func (c *governance) openPromise(file []byte) (ledger.Promise, error) {
	return c.chain.OpenPromise(file)
}

// openCheckpoint verifies a checkpoint with the keys that sign ledgers of its
// size, and returns their verifier.
func (c *governance) openCheckpoint(msg []byte) (*ledger.Verifier, ledger.Checkpoint, error) {
	unverified, err := ledger.ParseNote(msg)
	if err != nil {
		return nil, ledger.Checkpoint{}, err
	}
	v, err := c.chain.Verifier(unverified.Size)
	if err != nil {
		return nil, ledger.Checkpoint{}, err
	}
	cp, err := v.OpenCheckpoint(msg)
	if err != nil {
		return nil, ledger.Checkpoint{}, err
	}
	c.chain.Saw(cp)
	return v, cp, nil
}
