package ledger

import (
	"math/bits"
	"slices"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
)

// Chain follows a ledger from its first entry and verifies, one entry at a
// time, everything that can be verified without a key: encodings, places,
// links, the tree, the authority of changes of keys and trustees, and which
// keys a checkpoint must be signed by. Its order of use:
//
//	Mark       the sizes whose roots will be asked for: those of all checkpoints,
//	           for where a checkpoint is, a slot ends
//	Add        every entry
//	AddBody    the bodies, in the same order; it may come at once or later
//	Settled    nothing is missing
//	CheckCheckpoint, Verifier
//
// It keeps a few hashes, the sets and keys, and the roots that were marked: not
// the entries. A Chain that has refused something is not used again. It belongs
// to one goroutine.
type Chain struct {
	s     State
	marks map[uint64]bool
}

// State is the state of a Chain, to be stored and resumed from.
type State struct {
	Origin    string        // empty before the first entry, if there was no card
	Genesis   Hash          // leaf hash of entry 0
	Size      uint64        // entries so far
	Last      Hash          // leaf hash of the newest
	Range     []Hash        // roots of the complete subtrees, largest first
	After     Hash          // leaf hash of the newest genesis, trustees or key entry whose body is known
	Sets      []SetAt       // genesis and trustees entries
	Keys      []KeysAt      // genesis and key entries whose bodies are known
	Fixed     []uint64      // entries whose bodies can't be erased
	Held      []HeldAt      // holds, released ones too
	Rules     int           // as in Genesis; 0 before its body is known
	Delay     int           // as in Genesis
	Slots     uint64        // checkpoints over the entries so far: of the sizes that were marked
	SlotEnd   uint64        // size of the newest of them
	Notices   []NoticeAt    // of changes that were announced
	Sparse    bool          // entries were passed over: notices and slots are not known
	Ends      []ApprovalEnd // of approvals under the second rules
	Continues *Continued    // the older ledger that this one goes on from, as its genesis says
	Pending   []PendingAt   // entries that govern and whose bodies were not given yet
	Roots     []Checkpoint  // of the marked sizes; origin, size and root
	Signed    Checkpoint    // the largest whose signatures were checked; zero before the first
}

// SetAt is a set of trustees, and the entry that brought it.
type SetAt struct {
	Index uint64
	Set   *TrusteeSet // nil until the body was given
}

// KeysAt are log keys, and the entry that brought them. They sign checkpoints
// of more than Index entries.
type KeysAt struct {
	Index uint64
	Keys  LogKeys
	Since time.Time // of the earliest checkpoint that is known to be signed by them; zero before the first
}

// PendingAt is an entry whose body must be given.
type PendingAt struct {
	Index uint64
	Leaf  Hash
	Kind  Kind
	Slot  uint64 // checkpoints before it
}

// NewChain begins at entry 0. With a card, that entry must be the one it names.
func NewChain(c *card.LedgerCard) *Chain {
	ch := &Chain{marks: map[uint64]bool{}}
	if c != nil {
		ch.s.Origin, ch.s.Genesis = c.Origin, c.Genesis
	}
	return ch
}

// ResumeChain goes on from a state that State gave. It refuses one that
// contradicts itself.
func ResumeChain(s State) (*Chain, error) {
	if len(s.Range) != bits.OnesCount64(s.Size) || s.Size > 0 && (len(s.Sets) == 0 || s.Sets[0].Index != 0 || s.Origin == "") {
		return nil, canonical.Refuse("chain: the stored state contradicts itself")
	}
	if s.Size == 1 && s.Range[0] != s.Genesis {
		return nil, canonical.Refuse("chain: the stored state contradicts itself")
	}
	return &Chain{s: s.clone(), marks: map[uint64]bool{}}, nil
}

// State returns what is needed to go on later.
func (c *Chain) State() State { return c.s.clone() }

func (s State) clone() State {
	s.Range, s.Sets, s.Keys = slices.Clone(s.Range), slices.Clone(s.Sets), slices.Clone(s.Keys)
	s.Fixed, s.Pending, s.Roots = slices.Clone(s.Fixed), slices.Clone(s.Pending), slices.Clone(s.Roots)
	s.Held, s.Notices = slices.Clone(s.Held), slices.Clone(s.Notices)
	return s
}

// Size returns how many entries were added.
func (c *Chain) Size() uint64 { return c.s.Size }

// Last returns the leaf hash of the newest entry.
func (c *Chain) Last() Hash { return c.s.Last }

// Origin returns the ledger's name; empty before the first entry if there was
// no card.
func (c *Chain) Origin() string { return c.s.Origin }

// Card returns the ledger's card, once entry 0 was added.
func (c *Chain) Card() card.LedgerCard {
	return card.LedgerCard{Origin: c.s.Origin, Genesis: c.s.Genesis}
}

// Continues returns the last checkpoint of the ledger that this one continues;
// nil where there is none, or before the genesis body is known.
func (c *Chain) Continues() *Continued {
	if c.s.Continues == nil {
		return nil
	}
	copied := *c.s.Continues
	return &copied
}

// After returns the value of the line after in a new trustees or key proposal.
func (c *Chain) After() Hash { return c.s.After }

// Root returns the tree's root over the entries so far; zero if there are
// none.
func (c *Chain) Root() Hash {
	if c.s.Size == 0 {
		return Hash{}
	}
	return compact(c.s.Range).root()
}

// Mark asks for the root at a size that lies ahead, or is just reached.
func (c *Chain) Mark(size uint64) error {
	switch {
	case size == 0 || size > MaxIndex:
		return canonical.Refuse("chain: no checkpoint has the size %d", size)
	case size == c.s.Size:
		c.keepRoot()
	case size < c.s.Size:
		if _, ok := c.rootOf(size); !ok {
			return canonical.Refuse("chain: entry %d is already added, and the root of %d was not kept", c.s.Size-1, size)
		}
	default:
		c.marks[size] = true
	}
	return nil
}

func (c *Chain) keepRoot() {
	if c.s.Size > c.s.SlotEnd {
		c.s.Slots, c.s.SlotEnd = c.s.Slots+1, c.s.Size
	}
	if _, ok := c.rootOf(c.s.Size); !ok {
		c.s.Roots = append(c.s.Roots, Checkpoint{Origin: c.s.Origin, Size: c.s.Size, Root: c.Root()})
	}
}

func (c *Chain) rootOf(size uint64) (Hash, bool) {
	i, ok := slices.BinarySearchFunc(c.s.Roots, size, func(r Checkpoint, n uint64) int {
		switch {
		case r.Size < n:
			return -1
		case r.Size > n:
			return 1
		}
		return 0
	})
	if !ok {
		return Hash{}, false
	}
	return c.s.Roots[i].Root, true
}

// ForgetRoots drops the roots that were kept, once their checkpoints are
// checked.
func (c *Chain) ForgetRoots() { c.s.Roots, c.marks = nil, map[uint64]bool{} }

// Add verifies the next entry. Errors name it and are an ErrMismatch.
func (c *Chain) Add(entry []byte) (Entry, error) {
	e, err := ParseEntry(entry)
	if err != nil {
		return Entry{}, canonical.Refuse("entry %d: %w", c.s.Size, err)
	}
	leaf := LeafHash(entry)
	if err := c.fits(e, leaf); err != nil {
		return Entry{}, canonical.Refuse("entry %d: %w", c.s.Size, err)
	}
	if e.Index == 0 {
		c.s.Origin, c.s.Genesis = e.Origin, leaf
	}
	switch e.Body.Kind {
	case KindGenesis, KindTrustees:
		c.s.Sets = append(c.s.Sets, SetAt{Index: e.Index})
	}
	if e.Body.Kind.Governs() {
		c.s.Fixed = append(c.s.Fixed, e.Index)
		c.s.Pending = append(c.s.Pending, PendingAt{e.Index, leaf, e.Body.Kind, c.s.Slots})
	}
	(*compact)(&c.s.Range).add(c.s.Size, leaf)
	c.s.Size, c.s.Last = c.s.Size+1, leaf
	if c.marks[c.s.Size] {
		delete(c.marks, c.s.Size)
		c.keepRoot()
	}
	return e, nil
}

func (c *Chain) fits(e Entry, leaf Hash) error {
	if e.Index != c.s.Size {
		return canonical.Refuse("it says index %d", e.Index)
	}
	if c.s.Origin != "" && e.Origin != c.s.Origin {
		return canonical.Refuse("it is of %s, and this is the ledger %s", e.Origin, c.s.Origin)
	}
	if e.Index == 0 {
		if c.s.Genesis != (Hash{}) && leaf != c.s.Genesis {
			return canonical.Refuse("its leaf hash is %s, and the ledger card names %s", leaf, c.s.Genesis)
		}
		return nil
	}
	if e.Previous != c.s.Last {
		return canonical.Refuse("its previous is %s, and entry %d has the leaf hash %s", e.Previous, e.Index-1, c.s.Last)
	}
	if !slices.ContainsFunc(c.s.Sets, func(s SetAt) bool { return s.Index == e.Body.Trustees }) {
		return canonical.Refuse("it goes by the trustees of entry %d, which is neither the genesis nor a trustees entry", e.Body.Trustees)
	}
	if newest := c.s.Sets[len(c.s.Sets)-1].Index; e.Body.Kind.Governs() && e.Body.Trustees != newest {
		return canonical.Refuse("it goes by the trustees of entry %d, and those of entry %d are in force", e.Body.Trustees, newest)
	}
	return nil
}
