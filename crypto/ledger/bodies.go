package ledger

import (
	"slices"
	"time"

	"zapis/crypto/canonical"
)

// AddBody verifies the body of an entry that is no report or exhibit, with the
// entry as Add returned it: its hash, its form, and the authority of its
// signers. The bodies of genesis, trustees, key and tombstone entries must
// come in the order of the entries; the others' after those of the sets that
// they name, or not at all where they were erased.
func (c *Chain) AddBody(e Entry, body []byte) error {
	if err := c.addBody(e, body); err != nil {
		return canonical.Refuse("entry %d (%s): %w", e.Index, e.Body.Kind, err)
	}
	return nil
}

func (c *Chain) addBody(e Entry, body []byte) error {
	if e.Body.Kind.HasParts() || len(e.Body.Parts) != 1 {
		return canonical.Refuse("its parts are sealed, and it has no body to check")
	}
	p := e.Body.Parts[0]
	if int64(len(body)) != p.Size || Sum(body) != p.Hash {
		return canonical.Refuse("the body has %d bytes and the hash %s, and the entry names %d and %s", len(body), Sum(body), p.Size, p.Hash)
	}
	if e.Body.Kind.Governs() {
		return c.govern(e, body)
	}
	of := kinds[e.Body.Kind]
	if of.signed {
		set, err := c.SetAt(e.Body.Trustees)
		if err != nil {
			return err
		}
		signed, err := ParseSignedBody(body)
		if err != nil {
			return err
		}
		if err := signed.check(e.Body.Kind, set, e.Body.Trustees, c.s.Genesis); err != nil {
			return err
		}
		body = signed.Content
	}
	if of.check == nil {
		return nil
	}
	return of.check(e, body)
}

func checkReply(_ Entry, content []byte) error {
	_, err := ParseReply(content)
	return err
}

func checkCustodyHead(_ Entry, content []byte) error {
	_, err := ParseCustodyHead(content)
	return err
}

// checkAnchor checks that the evidence is about a checkpoint before its own entry.
func checkAnchor(e Entry, body []byte) error {
	a, err := ParseAnchor(body)
	if err == nil && a.Size > e.Index {
		err = canonical.Refuse("it is about a checkpoint of %d entries, which is not before it", a.Size)
	}
	return err
}

// CheckFiller refuses what is not 64 lower-case hexadecimal digits.
func CheckFiller(body []byte) error {
	if _, err := canonical.ParseHash(string(body)); err != nil {
		return canonical.Refuse("a filler is %d lower-case hexadecimal digits and nothing else", FillerSize)
	}
	return nil
}

func (c *Chain) govern(e Entry, body []byte) error {
	if len(c.s.Pending) == 0 || c.s.Pending[0].Index > e.Index {
		return canonical.Refuse("its body was already given")
	}
	next := c.s.Pending[0]
	if next.Index != e.Index {
		return canonical.Refuse("the body of entry %d (%s) must be known first", next.Index, next.Kind)
	}
	if e.LeafHash() != next.Leaf {
		return canonical.Refuse("it is not the entry that was added")
	}
	var err error
	if e.Body.Kind == KindGenesis {
		err = c.genesis(body)
	} else {
		err = c.approved(e, body)
	}
	if err != nil {
		return err
	}
	if e.Body.Kind != KindTombstone {
		c.s.After = next.Leaf
	}
	c.s.Pending = c.s.Pending[1:]
	return nil
}

func (c *Chain) genesis(body []byte) error {
	g, err := ParseGenesis(body)
	if err != nil {
		return err
	}
	if g.Origin != c.s.Origin {
		return canonical.Refuse("the body is of %s, and the entry of %s", g.Origin, c.s.Origin)
	}
	c.s.Sets[0].Set = &g.Set
	c.s.Rules, c.s.Delay = g.Rules, g.Delay
	c.s.Keys = append(c.s.Keys, KeysAt{Index: 0, Keys: g.Log})
	c.s.Continues = g.Continues
	return nil
}

// approved verifies a trustees, key or tombstone body against what was in force
// before its entry.
func (c *Chain) approved(e Entry, body []byte) error {
	a, err := ParseApproved(body)
	if err != nil {
		return err
	}
	set, err := c.SetAt(e.Body.Trustees)
	if err != nil {
		return err
	}
	if len(a.KeyLines) > 0 && e.Body.Kind != KindKey {
		return canonical.Refuse("only a key entry is signed by log keys")
	}
	origin, after, apply, err := c.proposed(e, a)
	if err != nil {
		return err
	}
	if origin != c.s.Origin {
		return canonical.Refuse("the proposal is for %s", origin)
	}
	if after != c.s.After {
		return canonical.Refuse("the proposal comes after %s, and the newest change is %s", after, c.s.After)
	}
	if err := c.checkNotice(a.Text); err != nil {
		return err
	}
	if err := c.s.checkApprovals(a.Text, a.Approvals, set, e.Body.Trustees); err != nil {
		return err
	}
	if err := c.keepEnds(e.Index, a); err != nil {
		return err
	}
	apply()
	c.s.Enacted(e.Index, a.Text)
	return nil
}

// proposed reads a proposal and checks what is its kind's own; apply brings it
// into force.
func (c *Chain) proposed(e Entry, a Approved) (origin string, after Hash, apply func(), err error) {
	switch e.Body.Kind {
	case KindTrustees:
		t, err := ParseTrusteesChange(a.Text)
		if err == nil {
			err = c.mayReplace(e, t.Set)
		}
		return t.Origin, t.After, func() {
			i := slices.IndexFunc(c.s.Sets, func(s SetAt) bool { return s.Index == e.Index })
			c.s.Sets[i].Set = &t.Set
		}, err
	case KindKey:
		k, err := ParseKeyChange(a.Text)
		if err == nil {
			err = c.newKeys(k, a)
		}
		return k.Origin, k.After, func() { c.s.Keys = append(c.s.Keys, KeysAt{Index: e.Index, Keys: k.New}) }, err
	}
	origin, err = c.kept(e, a)
	return origin, c.s.After, func() { c.s.Keep(e.Index, c.s.Pending[0].Leaf, c.s.Pending[0].Slot, a) }, err
}

func (c *Chain) mayErase(e Entry, t Tombstone) error {
	for _, p := range t.Parts {
		if p.Index >= e.Index {
			return canonical.Refuse("it erases a part of entry %d, which is not before it", p.Index)
		}
		if _, fixed := slices.BinarySearch(c.s.Fixed, p.Index); fixed {
			return canonical.Refuse("it erases the body of entry %d, by which the ledger is governed", p.Index)
		}
		if h, held := c.s.HeldBy(p.Index); held {
			return canonical.Refuse("it erases a part of entry %d, and the hold of entry %d forbids that", p.Index, h.Index)
		}
	}
	return nil
}

func (c *Chain) newKeys(k KeyChange, a Approved) error {
	if k.Old != c.s.Keys[len(c.s.Keys)-1].Keys {
		return canonical.Refuse("its old keys are not those in force")
	}
	for _, was := range c.s.Keys {
		if k.New[0] == was.Keys[0] || k.New[1] == was.Keys[1] {
			return canonical.Refuse("a log key never comes back, and the keys of entry %d would", was.Index)
		}
	}
	return checkKeyLines(k, a.Text, a.KeyLines)
}

// Settled refuses a chain to which the body of an entry that governs was not
// given.
func (c *Chain) Settled() error {
	if len(c.s.Pending) > 0 {
		p := c.s.Pending[0]
		return canonical.Refuse("entry %d (%s): its body is missing", p.Index, p.Kind)
	}
	return nil
}

// SetAt returns the set that the genesis or trustees entry at index brought.
func (c *Chain) SetAt(index uint64) (TrusteeSet, error) {
	for _, s := range c.s.Sets {
		if s.Index == index {
			if s.Set == nil {
				return TrusteeSet{}, canonical.Refuse("the body of entry %d, which names the trustees, must be known first", index)
			}
			return *s.Set, nil
		}
	}
	return TrusteeSet{}, canonical.Refuse("entry %d names no trustees", index)
}

// Needed is how many approvals a proposal needs of the set in force.
func (c *Chain) Needed(text []byte) (int, error) {
	_, set, err := c.SetInForce()
	return c.s.Needed(set, text), err
}

// Rules gives the version of the rules by which the ledger is governed, and for how
// many slots a change is announced before.
func (c *Chain) Rules() (version, delay int) { return max(c.s.Rules, Rules1), c.s.Delay }

// Notices gives the changes that were announced, those that were made or stopped
// too, in their order.
func (c *Chain) Notices() []NoticeAt { return slices.Clone(c.s.Notices) }

// Slots is how many checkpoints the entries so far have, of those that were marked.
func (c *Chain) Slots() uint64 { return c.s.Slots }

// SetInForce gives the newest set, and the index of its entry.
func (c *Chain) SetInForce() (uint64, TrusteeSet, error) {
	if len(c.s.Sets) == 0 {
		return 0, TrusteeSet{}, canonical.Refuse("there is no entry yet")
	}
	index := c.s.Sets[len(c.s.Sets)-1].Index
	set, err := c.SetAt(index)
	return index, set, err
}

// Verifier returns the verifier of the keys that sign a checkpoint of this size:
// those of the newest genesis or key entry that it covers.
func (c *Chain) Verifier(size uint64) (*Verifier, error) {
	for _, p := range c.s.Pending {
		if p.Index < size && p.Kind != KindTombstone {
			return nil, canonical.Refuse("entry %d (%s): its body is missing", p.Index, p.Kind)
		}
	}
	for i := len(c.s.Keys) - 1; i >= 0; i-- {
		if c.s.Keys[i].Index < size {
			return NewVerifier(c.s.Keys[i].Keys[:]...)
		}
	}
	return nil, canonical.Refuse("no log key is in force at %d entries", size)
}

// promiseAhead is how long after the first checkpoint of the new keys the slot of a
// promise by the old ones may be: with slot 0 a promise is for a few seconds ahead.
const promiseAhead = 10 * time.Second

// OpenPromise verifies a promise file with the keys that the log ever had: a
// promise may be older than a change of keys. It refuses one by keys that were
// replaced, for a slot after the first known checkpoint that the new keys have
// signed: ErrRetiredKey. From that checkpoint on the log promised by its new
// keys, and a holder of the old ones can sign anything.
func (c *Chain) OpenPromise(file []byte) (Promise, error) {
	first := error(canonical.Refuse("promise: no log key is known"))
	for i := len(c.s.Keys) - 1; i >= 0; i-- {
		v, err := NewVerifier(c.s.Keys[i].Keys[:]...)
		if err != nil {
			return Promise{}, err
		}
		p, err := v.OpenPromise(file)
		if err == nil {
			return c.inPeriod(p, i)
		}
		if i == len(c.s.Keys)-1 {
			first = err
		}
	}
	return Promise{}, first
}

// inPeriod refuses a promise whose slot is after the period of the keys with this
// number.
func (c *Chain) inPeriod(p Promise, n int) (Promise, error) {
	if n == len(c.s.Keys)-1 {
		return p, nil
	}
	next := c.s.Keys[n+1]
	if !next.Since.IsZero() && p.Slot.After(next.Since.Add(promiseAhead)) {
		return Promise{}, canonical.Refuse("promise: %w: entry %d replaced it, at %s at the latest, and the promise is for the slot of %s. It proves nothing against the log: anybody who has the old key can sign one",
			ErrRetiredKey, next.Index, next.Since.Format(time.RFC3339), p.Slot.Format(time.RFC3339))
	}
	return p, nil
}

// Saw notes a checkpoint that was verified with the keys in force at its size:
// these had replaced older ones by then.
func (c *Chain) Saw(cp Checkpoint) {
	for i := len(c.s.Keys) - 1; i >= 0; i-- {
		k := &c.s.Keys[i]
		if k.Index >= cp.Size {
			continue
		}
		if k.Since.IsZero() || cp.Time.Before(k.Since) {
			k.Since = cp.Time
		}
	}
}

// CheckCheckpoint verifies a checkpoint against the chain: the signatures of
// the keys in force at its size, and its root. Its size must be one that was
// marked, or the chain's own.
func (c *Chain) CheckCheckpoint(msg []byte) (Checkpoint, error) {
	unverified, err := ParseNote(msg)
	if err != nil {
		return Checkpoint{}, err
	}
	size := unverified.Size
	if size > c.s.Size {
		return Checkpoint{}, canonical.Refuse("checkpoint %d: there are only %d entries", size, c.s.Size)
	}
	v, err := c.Verifier(size)
	if err != nil {
		return Checkpoint{}, canonical.Refuse("checkpoint %d: %w", size, err)
	}
	cp, err := v.OpenCheckpoint(msg)
	if err != nil {
		return Checkpoint{}, canonical.Refuse("checkpoint %d: %w", size, err)
	}
	root, ok := c.rootOf(size)
	if !ok && size == c.s.Size {
		root, ok = c.Root(), true
	}
	if !ok {
		return Checkpoint{}, canonical.Refuse("checkpoint %d: the root at this size was not asked for", size)
	}
	if cp.Root != root {
		return Checkpoint{}, canonical.Refuse("checkpoint %d: its root is %s, and the entries have %s", size, cp.Root, root)
	}
	if err := CheckOrder(c.s.Signed, cp); err != nil {
		return Checkpoint{}, err
	}
	if err := CheckOrder(cp, c.s.Signed); err != nil {
		return Checkpoint{}, err
	}
	if err := c.CheckEnds(cp); err != nil {
		return Checkpoint{}, err
	}
	if cp.Size > c.s.Signed.Size {
		c.s.Signed = cp
	}
	c.Saw(cp)
	return cp, nil
}
