package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// Check verifies the whole ledger in one snapshot: every entry's encoding,
// place and link, every hash of the tree, every checkpoint's signatures, root
// and time, the authority of changes of keys and trustees, every part's size
// and hash, every promise of what waits, and that the indexes and the files
// under parts/ contain exactly what the entries name. It returns one Fault per
// mismatch; the error means that the check could not be completed.
//
// progress, if not nil, is called at intervals with verified and total bytes,
// from one goroutine at a time.
//
// In a read-only store, whole attachments that nothing names are no fault: a
// crash leaves them, and the next opening removes them.
func (s *Store) Check(ctx context.Context, progress func(done, total int64)) ([]Fault, error) {
	return s.CheckPiece(ctx, Piece{1, 1}, progress)
}

// CheckPiece is Check, but that it reads only a piece of the attachments: of the others it verifies that each is there, and
// neither its bytes nor their number. Everything else is verified whole. All of the pieces one after the other verify what
// Check does at one moment.
func (s *Store) CheckPiece(ctx context.Context, piece Piece, progress func(done, total int64)) ([]Fault, error) {
	if err := piece.check(); err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(int64, int64) {}
	}
	var found []Fault
	err := s.view(func(v *view) (err error) {
		v.seeCommitted()
		c := &checker{v: v, ctx: ctx, piece: piece, progress: progress, damaged: make(numberSet), refused: make(numberSet), invalid: make(numberSet)}
		found, err = c.run()
		return err
	})
	return found, err
}

// checker is one run of Check.
type checker struct {
	v     *view
	ctx   context.Context
	piece Piece
	*share
	faults

	progress func(done, total int64)
	total    int64
	done     atomic.Int64
	told     int64

	chain    *ledger.Chain // nil once it refused something: what follows it can't judge
	tip      tip           // recomputed
	lost     uint64        // levels of the tip's edge that missing entries have left unknown, as bits
	ends     uint64        // size of the last checkpoint
	verifier map[ledger.LogKeys]*ledger.Verifier

	damaged   numberSet // entries that are missing or altered: what they named cannot be known
	refused   numberSet // entries whose body does not verify
	governing []uint64  // entries that govern
	work      *workers

	mu      sync.Mutex // over the next, while workers run
	invalid numberSet  // sizes of the checkpoints that do not verify
}

func (c *checker) run() (found []Fault, err error) {
	// bbolt panics on an invalid page. That is a finding, not a crash; a fault
	// of the map itself can't be recovered, and ends the process. An engine
	// that does not answer is no finding: kv.Catch returns its error.
	defer func() {
		p := recover()
		f, failed := p.(*kv.Failure)
		switch {
		case failed && errors.Is(f, kv.ErrTooLarge):
			c.add(-1, c.v.s.name, "%s", f.Err)
			found, err = c.sorted(), nil
		case failed:
			panic(f)
		case p != nil:
			c.add(-1, c.v.s.name, "its pages are damaged: %v", p)
			found, err = c.sorted(), nil
		}
	}()
	c.verifier = make(map[ledger.LogKeys]*ledger.Verifier)
	c.work = newWorkers(2 * runtime.GOMAXPROCS(0)) // while one waits for the disk, another hashes
	defer c.work.stop()
	c.chain = ledger.NewChain(nil)
	c.tip = tip{origin: c.v.s.genesis.Origin}
	number, size := c.filesSize()
	c.total = c.v.tx.Size() + size
	of := c.v.s.sharesOf(c.v.Size, number)
	for n := range of {
		if err := c.checkShare(Piece{n + 1, of}); err != nil {
			return nil, err
		}
	}
	if err := c.checkGuard(); err != nil {
		return nil, err
	}
	c.checkTimes()
	if err := c.ctx.Err(); err != nil {
		return nil, err
	}
	c.progress(c.total, c.total)
	return c.sorted(), nil
}

// read counts verified bytes, and reports progress after every megabyte.
func (c *checker) read(n int) error {
	done := c.done.Add(int64(n))
	if done-c.told >= 1<<20 {
		c.told = done
		c.progress(min(done, c.total), c.total)
		return c.ctx.Err()
	}
	return nil
}

// eachEntry visits the entries that the snapshot's checkpoint covers, and strange the keys that are none, or out of order.
func (c *checker) eachEntry(visit func(index uint64, value []byte) error, strange func(key []byte)) error {
	entries := c.v.tx.Table(tableEntries).Cursor()
	next := uint64(0)
	k, value := entries.First()
	for k, value := range ahead(c.v.tx, c.v.s.shared, entries, k, value, c.ofEntry) {
		index, ok := readNumber(k)
		if ok && index >= c.v.Size {
			break // committed, and its checkpoint not yet released
		}
		if !ok || index < next {
			strange(k)
			continue
		}
		next = index + 1
		if err := visit(index, value); err != nil {
			return err
		}
	}
	return nil
}

// checkEntries verifies the entries and, beside them, the checkpoints.
func (c *checker) checkEntries() error {
	points := c.v.tx.Table(tableCheckpoints).Cursor()
	pointKey, note := points.First()
	next := uint64(0)
	err := c.eachEntry(func(index uint64, value []byte) error {
		if index > next {
			c.add(int64(next), "", "it is missing, and so are all up to %d", index-1)
			c.lose(index)
		}
		next = index + 1
		c.checkEntry(index, value)
		for pointKey != nil && bytes.Compare(pointKey, number(next)) <= 0 {
			c.checkCheckpoint(pointKey, note, next)
			c.endSlot(pointKey, next)
			pointKey, note = points.Next()
		}
		return c.read(len(value))
	}, func(key []byte) { c.add(-1, c.v.s.name, "a key %x among the entries", key) })
	if err != nil {
		return err
	}
	if next != c.v.Size {
		c.add(int64(next), "", "it is missing: the last checkpoint covers %d entries", c.v.Size)
	}
	for ; pointKey != nil; pointKey, note = points.Next() {
		if size, ok := readNumber(pointKey); !ok || size <= c.v.Size {
			c.checkCheckpoint(pointKey, note, 0)
		} else if c.v.s.queue == nil {
			c.add(-1, fmt.Sprintf("checkpoint %d", size), "the ledger has %d entries", c.v.Size)
		}
	}
	if c.ends != c.v.Size {
		c.add(-1, fmt.Sprintf("checkpoint %d", c.v.Size), "the last entries have no checkpoint of their own")
	}
	return nil
}

// endSlot tells the chain that a checkpoint of its size was there.
func (c *checker) endSlot(pointKey []byte, size uint64) {
	if at, ok := readNumber(pointKey); !ok || at != size || c.chain == nil {
		return
	}
	if err := c.chain.Mark(size); err != nil {
		c.add(-1, fmt.Sprintf("checkpoint %d", size), "%s", err)
	}
	c.chain.ForgetRoots()
}

// checkEntry verifies one entry. Where the chain has broken already, the tree's
// stored hash stands in for the link, so that one fault is not told for all
// entries that follow.
func (c *checker) checkEntry(index uint64, value []byte) {
	n := int64(index)
	text, ok := textOf(index, value)
	if !ok {
		c.add(n, "", "it is cut short")
		c.damaged.add(index)
		c.lose(index + 1)
		return
	}
	leaf := ledger.LeafHash(text)
	e, err := c.follow(index, text)
	if err != nil {
		c.add(n, "", "%s", err)
		c.chain = nil
	}
	if !bytes.Equal(leaf[:], value[:32]) {
		c.add(n, "", "its text has the leaf hash %s, and the tree has %x", leaf, value[:32])
		if c.previousOf(index+1) != leaf { // else the tree is wrong, and not the text
			leaf, c.chain = ledger.Hash(value[:32]), nil
			c.damaged.add(index)
		}
	}
	c.checkNodes(index, leaf, value)
	if e.Body.Kind == "" {
		c.damaged.add(index)
		return
	}
	if e.Body.Kind.Governs() {
		c.governing = append(c.governing, index)
	}
	c.listEntry(index, e)
}

// previousOf returns the previous hash of an entry; zeros if it can't be read.
func (c *checker) previousOf(index uint64) ledger.Hash {
	e, err := readEntry(c.v.tx.Table(tableEntries), index)
	if err != nil {
		return ledger.Hash{}
	}
	return e.Previous
}

// lose continues after missing entries: what is before size is unknown.
func (c *checker) lose(size uint64) {
	for i := c.tip.size; i < size; i++ {
		c.damaged.add(i)
		if len(c.damaged) > maxFaults {
			break
		}
	}
	c.chain, c.tip.size, c.tip.leaf, c.lost = nil, size, ledger.Hash{}, ^uint64(0)
}

// follow adds the entry to the chain, or, where that is broken, checks what is
// possible without it.
func (c *checker) follow(index uint64, text []byte) (ledger.Entry, error) {
	if c.chain != nil {
		e, err := c.chain.Add(text)
		if err == nil {
			return e, nil
		}
		c.chain = nil
		again, parseErr := ledger.ParseEntry(text)
		if parseErr != nil {
			return ledger.Entry{}, trimEntry(err)
		}
		return again, trimEntry(err)
	}
	e, err := ledger.ParseEntry(text)
	switch {
	case err != nil:
		return ledger.Entry{}, err
	case e.Index != index:
		return e, canonical.Refuse("it says index %d", e.Index)
	case e.Origin != c.tip.origin:
		return e, canonical.Refuse("it is of %s", e.Origin)
	case c.tip.leaf != ledger.Hash{} && e.Previous != c.tip.leaf:
		return e, canonical.Refuse("its previous is %s, and the entry before has the leaf hash %s", e.Previous, c.tip.leaf)
	}
	return e, nil
}

// trimEntry removes the prefix of a chain's error, which names the entry as a
// Fault does already.
func trimEntry(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// checkNodes recomputes the tree's hashes that the entry completes.
func (c *checker) checkNodes(index uint64, leaf ledger.Hash, value []byte) {
	h := tlog.Hash(leaf)
	level := 0
	for ; level < hashesIn(index)-1; level++ {
		stored := value[32*(level+1) : 32*(level+2)]
		if c.lost>>level&1 == 1 {
			h = tlog.Hash(stored)
			continue
		}
		h = tlog.NodeHash(c.tip.edge[level], h)
		if !bytes.Equal(h[:], stored) {
			c.add(int64(index), "", "the tree's hash that it completes at level %d is %x, and should be %x", level+1, stored, h[:])
		}
	}
	c.tip.edge[level] = h
	c.lost &^= 1 << level
	c.tip.leaf, c.tip.size = leaf, index+1
}

// checkCheckpoint verifies a stored checkpoint; at is the number of entries
// verified so far, which must be its size.
func (c *checker) checkCheckpoint(key, note []byte, at uint64) {
	size, ok := readNumber(key)
	switch {
	case !ok || size != at:
		c.refusePoint(size, errors.New("no entries end there"))
		return
	case size&c.lost != 0:
		c.refusePoint(size, errors.New("its root can't be computed: entries before it are missing"))
		return
	}
	root := c.tip.root()
	v, err := c.verifierAt(size)
	if err != nil {
		c.refusePoint(size, err)
		return
	}
	unverified, err := ledger.ParseNote(note)
	switch {
	case err != nil:
	case unverified.Size != size:
		err = canonical.Refuse("it says size %d", unverified.Size)
	case unverified.Root != root:
		err = canonical.Refuse("its root is %s, and the entries have %s", unverified.Root, root)
	}
	if err != nil {
		c.refusePoint(size, err)
		return
	}
	c.work.do(func(*room) { // two signatures: some 200 µs
		if _, err := v.OpenStored(note); err != nil {
			c.refusePoint(size, err)
		}
	})
	c.ends = size
	_ = c.read(len(note)) // a cancelled context is seen with the next entry
}

// refusePoint reports a checkpoint whose time then says nothing.
func (c *checker) refusePoint(size uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.invalid.add(size)
	c.add(-1, fmt.Sprintf("checkpoint %d", size), "%s", err)
}

// checkTimes compares the times of the checkpoints that verify, once all are verified.
func (c *checker) checkTimes() {
	var last ledger.Checkpoint
	eachRow(c.v.tx.Table(tableCheckpoints), func(k, note []byte) {
		size, ok := readNumber(k)
		if !ok || size > c.ends || c.invalid.has(size) {
			return
		}
		p, err := ledger.ParseNote(note)
		if err != nil {
			return // it was reported
		}
		name := fmt.Sprintf("checkpoint %d", size)
		if err := ledger.CheckOrder(last, p); err != nil {
			c.add(-1, name, "%s", err)
		}
		if c.chain != nil {
			if err := c.chain.CheckEnds(p); err != nil {
				c.add(-1, name, "%s", err)
			}
		}
		last = p
	})
}

// verifierAt returns the verifier of the keys in force at a size: by the
// chain, or where that is broken, by what the store has loaded.
func (c *checker) verifierAt(size uint64) (*ledger.Verifier, error) {
	keys := c.v.authority.keysAt(size)
	if c.chain != nil {
		found := false
		for _, k := range c.chain.State().Keys {
			if k.Index < size {
				keys, found = k.Keys, true
			}
		}
		if !found {
			return nil, canonical.Refuse("no log key is in force")
		}
	}
	if v := c.verifier[keys]; v != nil {
		return v, nil
	}
	v, err := ledger.NewVerifier(keys[:]...)
	if err == nil {
		c.verifier[keys] = v
	}
	return v, err
}
