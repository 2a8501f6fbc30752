package store

import (
	"fmt"
	"slices"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// authority is what is in force: which keys sign, which trustees read, and what
// a further change must follow. It is the state of crypto/ledger's Chain
// without the chain: read from the few governing entries.
type authority struct {
	state ledger.State // Size, Last, Range are the tip's
}

// loadAuthority reads the governing entries. They were verified before they
// were appended; Check verifies them again.
func loadAuthority(tx kv.Tx, g ledger.Genesis) (authority, error) {
	st := authority{ledger.State{Origin: g.Origin, Genesis: ledger.Hash(g.Card().Genesis), Rules: g.Rules, Delay: g.Delay}}
	var governing []uint64
	c := tx.Table(tableGoverning).Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		index, ok := readNumber(k)
		if !ok {
			return st, fmt.Errorf("%w: the list of entries that govern is damaged", ledger.ErrMismatch)
		}
		governing = append(governing, index)
	}
	ends := slotEnds(tx)
	for some := range slices.Chunk(governing, governingAhead) {
		announceEntries(tx, some)
		for _, index := range some {
			if err := st.read(tx, index, g, ends); err != nil {
				return st, fmt.Errorf("entry %d: %w", index, err)
			}
		}
	}
	st.state.Slots = uint64(len(ends))
	if len(st.state.Keys) == 0 || st.state.Keys[0].Index != 0 {
		return st, fmt.Errorf("%w: the genesis is not listed among the entries that govern", ledger.ErrMismatch)
	}
	return st, nil
}

// governingAhead is how many entries that govern are read at a time, with their bodies.
const governingAhead = 64

// announceEntries announces entries and their parts.
func announceEntries(tx kv.Tx, indexes []uint64) {
	var want []kv.Key
	for _, index := range indexes {
		want = append(want, kv.Key{Table: tableEntries, Key: number(index)})
	}
	tx.Want(want...)
	for _, index := range indexes {
		e, err := readEntry(tx.Table(tableEntries), index)
		if err != nil {
			continue // the reader returns the error
		}
		for _, p := range e.Body.Parts {
			want = append(want, kv.Key{Table: tableSmall, Key: p.Hash[:]})
		}
	}
	tx.Want(want...)
}

// read follows one entry that governs. ends are the sizes of the checkpoints, the smallest first.
func (st *authority) read(tx kv.Tx, index uint64, g ledger.Genesis, ends []uint64) error {
	text, err := entryText(tx.Table(tableEntries), index)
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
		if err := s.Keep(index, ledger.LeafHash(text), slotsBefore(ends, index), a); err != nil {
			return err
		}
	}
	s.Enacted(index, a.Text)
	return nil
}

// slotEnds reads the sizes of all checkpoints, the smallest first: 8 bytes of memory each.
func slotEnds(tx kv.Tx) (ends []uint64) {
	c := tx.Table(tableCheckpoints).Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		at, ok := readNumber(k)
		if !ok {
			break
		}
		ends = append(ends, at)
	}
	return ends
}

// slotsBefore counts the checkpoints of at most so many entries.
func slotsBefore(ends []uint64, size uint64) uint64 {
	n, _ := slices.BinarySearch(ends, size+1)
	return uint64(n)
}

// chain gives a Chain that stands at the tip, to try an entry with.
func (st authority) chain(t *tip) (*ledger.Chain, error) {
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
func (st authority) try(t *tip, body ledger.Body, small [][]byte) (authority, error) {
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
	return authority{c.State()}, nil
}

func (st authority) setIndex() uint64 { return st.state.Sets[len(st.state.Sets)-1].Index }

func (st authority) set() ledger.TrusteeSet { return *st.state.Sets[len(st.state.Sets)-1].Set }

// keysAt returns the log keys that sign a checkpoint of this size.
func (st authority) keysAt(size uint64) ledger.LogKeys {
	for i := len(st.state.Keys) - 1; ; i-- {
		if i == 0 || st.state.Keys[i].Index < size {
			return st.state.Keys[i].Keys
		}
	}
}

// verifiers returns those of all keys that were ever in force, newest first.
func (st authority) verifiers() ([]*ledger.Verifier, error) {
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
