package store

import (
	"fmt"
	"math"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// standing is what is in force: which keys sign, which trustees read, and what
// a further change must follow. It is the state of crypto/ledger's Chain
// without the chain: read from the few governing entries.
type standing struct {
	state ledger.State // Size, Last, Range are the tip's
}

// loadStanding reads the governing entries. They were verified before they
// were appended; Check verifies them again.
func loadStanding(tx kv.Tx, g ledger.Genesis) (standing, error) {
	st := standing{ledger.State{Origin: g.Origin, Genesis: ledger.Hash(g.Card().Genesis), Rules: g.Rules, Delay: g.Delay}}
	entries := tx.Table(tableEntries)
	c := tx.Table(tableGoverning).Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		index, ok := readNumber(k)
		if !ok {
			return st, fmt.Errorf("%w: the list of entries that govern is damaged", ledger.ErrMismatch)
		}
		if err := st.read(tx, entries, index, g); err != nil {
			return st, fmt.Errorf("entry %d: %w", index, err)
		}
	}
	st.state.Slots = slotsBefore(tx, math.MaxUint64)
	if len(st.state.Keys) == 0 || st.state.Keys[0].Index != 0 {
		return st, fmt.Errorf("%w: the genesis is not listed among the entries that govern", ledger.ErrMismatch)
	}
	return st, nil
}

func (st *standing) read(tx kv.Tx, entries kv.Table, index uint64, g ledger.Genesis) error {
	text, err := entryText(entries, index)
	if err != nil {
		return fmt.Errorf("%w: it should govern, and is missing", ledger.ErrMismatch)
	}
	e, err := ledger.ParseEntry(text)
	if err != nil {
		return err
	}
	s := &st.state
	s.Fixed = append(s.Fixed, index)
	if e.Body.Kind == ledger.KindGenesis {
		s.Sets = append(s.Sets, ledger.SetAt{Index: index, Set: &g.Set})
		s.Keys = append(s.Keys, ledger.KeysAt{Index: index, Keys: g.Log})
		s.After = ledger.LeafHash(text)
		return nil
	}
	body, ok := smallPart(tx, e.Body.Parts[0].Hash)
	if !ok {
		return fmt.Errorf("%w: its body is missing", ledger.ErrMismatch)
	}
	a, err := ledger.ParseApproved(body)
	if err != nil {
		return err
	}
	switch e.Body.Kind {
	case ledger.KindTrustees:
		t, err := ledger.ParseTrusteesChange(a.Text)
		if err != nil {
			return err
		}
		s.Sets, s.After = append(s.Sets, ledger.SetAt{Index: index, Set: &t.Set}), ledger.LeafHash(text)
	case ledger.KindKey:
		k, err := ledger.ParseKeyChange(a.Text)
		if err != nil {
			return err
		}
		s.Keys, s.After = append(s.Keys, ledger.KeysAt{Index: index, Keys: k.New}), ledger.LeafHash(text)
	case ledger.KindTombstone:
		if err := s.Keep(index, ledger.LeafHash(text), slotsBefore(tx, index), a); err != nil {
			return err
		}
	}
	s.Enacted(index, a.Text)
	return nil
}

// slotsBefore counts the checkpoints of at most so many entries.
func slotsBefore(tx kv.Tx, size uint64) (n uint64) {
	c := tx.Table(tableCheckpoints).Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		if at, ok := readNumber(k); !ok || at > size {
			break
		}
		n++
	}
	return n
}

// chain gives a Chain that stands at the tip, to try an entry with.
func (st standing) chain(t *tip) (*ledger.Chain, error) {
	s := st.state
	s.Size, s.Last, s.Range = t.size, t.leaf, nil
	for level := len(t.edge) - 1; level >= 0; level-- {
		if t.size>>level&1 == 1 {
			s.Range = append(s.Range, ledger.Hash(t.edge[level]))
		}
	}
	return ledger.ResumeChain(s)
}

// try verifies that every verifier of the ledger would accept a body as the
// next entry, and returns what would then be in force. The content of a report
// or exhibit is sealed: only its form can be verified.
func (st standing) try(t *tip, body ledger.Body, small [][]byte) (standing, error) {
	c, err := st.chain(t)
	if err != nil {
		return st, err
	}
	e, err := c.Add(append(ledger.Head(t.origin, t.size, t.leaf), body.Marshal()...))
	if err != nil {
		return st, err
	}
	if !body.Kind.HasParts() {
		if err := c.AddBody(e, small[0]); err != nil {
			return st, err
		}
	}
	return standing{c.State()}, nil
}

func (st standing) setIndex() uint64 { return st.state.Sets[len(st.state.Sets)-1].Index }

func (st standing) set() ledger.TrusteeSet { return *st.state.Sets[len(st.state.Sets)-1].Set }

// keysAt returns the log keys that sign a checkpoint of this size.
func (st standing) keysAt(size uint64) ledger.LogKeys {
	for i := len(st.state.Keys) - 1; ; i-- {
		if i == 0 || st.state.Keys[i].Index < size {
			return st.state.Keys[i].Keys
		}
	}
}

// verifiers returns those of all keys that were ever in force, newest first.
func (st standing) verifiers() ([]*ledger.Verifier, error) {
	var all []*ledger.Verifier
	for i := len(st.state.Keys) - 1; i >= 0; i-- {
		v, err := ledger.NewVerifier(st.state.Keys[i].Keys[:]...)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}
