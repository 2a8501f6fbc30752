package store

import (
	"errors"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// sealedPart is a part in the database of which only size and hash are verified.
type sealedPart struct {
	part  ledger.Part
	entry int64  // the one that names it, or -1
	waits string // the submission that waits and names it, as faults call it; empty for an entry's part
	read  kv.Read
}

// inlineHash is the size in bytes up to which a part is hashed in place: bbolt keeps such a value beside its key, on a
// page that was read anyway. Larger parts go to the workers, in batches.
const inlineHash = 4 << 10

// A worker takes a batch of parts at once: to hand one over costs two changes of goroutine where the queue is full, and
// that is little beside hashing a megabyte.
const (
	batchBytes = 1 << 20
	batchParts = 64
)

// batch is a list of parts that no worker has yet, and their bytes.
type batch struct {
	parts []sealedPart
	bytes int64
}

// checkSealed verifies a part: in place where it is small, else in a worker. It returns false where the database does
// not have it.
func (c *checker) checkSealed(p sealedPart) bool {
	if p.part.Size <= inlineHash {
		part, ok := smallPart(c.v.tx, p.part.Hash)
		if !ok {
			return false
		}
		c.verifyPart(p, part)
	} else {
		p.read = c.v.tx.Locate(tableSmall, p.part.Hash[:], p.part.Size)
		if p.read == nil {
			return false
		}
		c.batch.parts, c.batch.bytes = append(c.batch.parts, p), c.batch.bytes+p.part.Size
		if c.batch.bytes >= batchBytes || len(c.batch.parts) == batchParts {
			c.endBatch()
		}
	}
	c.small = append(c.small, p.part.Hash)
	_ = c.read(int(p.part.Size)) // a cancelled context is seen with the next entry
	return true
}

// endBatch gives the batch to a worker.
func (c *checker) endBatch() {
	parts := c.batch.parts
	c.batch = batch{}
	if len(parts) > 0 {
		c.work.do(func(r *room) { c.verifyBatch(r, parts) })
	}
}

// verifyBatch reads and verifies parts, in a worker.
func (c *checker) verifyBatch(r *room, parts []sealedPart) {
	for _, p := range parts {
		if c.ctx.Err() != nil {
			return
		}
		switch part, err := p.read(r.of(int(p.part.Size) + kv.ReadSlack)); {
		case err == nil:
			c.verifyPart(p, part)
		case errors.Is(err, kv.ErrIrregular):
			c.mu.Lock()
			c.irregular = append(c.irregular, p)
			c.mu.Unlock()
		default:
			c.partFault(p, "can't be read: "+err.Error())
		}
	}
}

// checkIrregular verifies the parts that do not lie in the database as the engine writes one of their size, by the
// engine's own reading, once the workers are done. bbolt panics over a page that it can't read: run reports that.
func (c *checker) checkIrregular() {
	for _, p := range c.irregular {
		if part, ok := smallPart(c.v.tx, p.part.Hash); ok {
			c.verifyPart(p, part)
		} else {
			c.partFault(p, "is missing")
		}
	}
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
