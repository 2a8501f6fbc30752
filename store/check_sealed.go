package store

import (
	"bytes"
	"slices"
	"sort"
	"sync"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// sealedPart is a part in the database of which only size and hash are verified.
type sealedPart struct {
	part  ledger.Part
	entry int64  // the one that names it, or -1
	waits string // the submission that waits and names it, as faults call it; empty for an entry's part
}

// sealedParts are the parts in the database whose content has the hash that is their key. They are verified before
// the entries are read, in the order in which they lie in the database: 40 bytes each are kept until entries name them.
type sealedParts struct {
	mu         sync.Mutex // over the next two, while workers run
	verified   []verifiedPart
	unreadable map[ledger.Hash]error
	others     map[ledger.Hash]bool // named, and not among those verified
}

type verifiedPart struct {
	hash  ledger.Hash
	size  uint32 // in bytes
	named bool   // by an entry, or by what waits
}

// find returns the verified part of this hash, or nil.
func (s *sealedParts) find(h ledger.Hash) *verifiedPart {
	i := sort.Search(len(s.verified), func(i int) bool { return bytes.Compare(s.verified[i].hash[:], h[:]) >= 0 })
	if i == len(s.verified) || s.verified[i].hash != h {
		return nil
	}
	return &s.verified[i]
}

// name records that something names a part.
func (s *sealedParts) name(h ledger.Hash) {
	if p := s.find(h); p != nil {
		p.named = true
		return
	}
	if s.others == nil {
		s.others = make(map[ledger.Hash]bool)
	}
	s.others[h] = true
}

// named reports whether something names a part.
func (s *sealedParts) named(h ledger.Hash) bool {
	p := s.find(h)
	return p != nil && p.named || s.others[h]
}

// add verifies the values of a chunk, in a worker.
func (s *sealedParts) add(chunk kv.Chunk, buf *[]byte) (bytes int) {
	var verified []verifiedPart
	chunk(buf, func(key, value []byte, err error) {
		switch h := ledger.Hash(pad(key)); {
		case err != nil:
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.unreadable == nil {
				s.unreadable = make(map[ledger.Hash]error)
			}
			s.unreadable[h] = err
		case ledger.Sum(value) == h:
			verified = append(verified, verifiedPart{hash: h, size: uint32(len(value))})
		}
		bytes += len(value)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verified = append(s.verified, verified...)
	return bytes
}

// scanSealed verifies the content of the parts in the database.
func (c *checker) scanSealed() error {
	var scanning sync.WaitGroup
	err := c.v.tx.Scan(tableSmall, c.Piece.keys(), func(chunk kv.Chunk) error {
		scanning.Add(1)
		c.work.do(func(r *room) {
			defer scanning.Done()
			if c.ctx.Err() == nil {
				c.done.Add(int64(c.sealed.add(chunk, &r.buf)))
			}
		})
		return c.read(0)
	})
	scanning.Wait()
	s := &c.sealed
	s.verified = slices.Clip(s.verified)
	slices.SortFunc(c.sealed.verified, func(a, b verifiedPart) int { return compareHashes(a.hash, b.hash) })
	return err
}

// checkSealed compares a part with what was verified. A part that was not is read here by the engine, which reports what
// is wrong with it. checkSealed returns false where the database does not have it.
func (c *checker) checkSealed(p sealedPart) bool {
	if v := c.sealed.find(p.part.Hash); v != nil && int64(v.size) == p.part.Size {
		v.named = true
		return true
	}
	c.sealed.name(p.part.Hash)
	if err := c.sealed.unreadable[p.part.Hash]; err != nil {
		c.partFault(p, "can't be read: "+err.Error())
		return true
	}
	part, ok := smallPart(c.v.tx, p.part.Hash)
	if ok {
		c.verifyPart(p, part)
	}
	return ok
}

// verifyPart compares a part with its name and size.
func (c *checker) verifyPart(p sealedPart, part []byte) {
	switch {
	case int64(len(part)) == p.part.Size && ledger.Sum(part) == p.part.Hash:
	case p.waits != "":
		c.partFault(p, "is altered")
	default:
		c.add(p.entry, p.part.Kind+" "+p.part.Hash.String(), "its %d bytes do not have this hash, or not the size %d", len(part), p.part.Size)
	}
}

// partFault reports what is wrong with a part, as the end of a sentence about it.
func (c *checker) partFault(p sealedPart, what string) {
	if p.waits != "" {
		c.add(-1, p.waits, "its %s %s %s", p.part.Kind, p.part.Hash, what)
		return
	}
	c.add(p.entry, p.part.Kind+" "+p.part.Hash.String(), "it %s", what)
}
