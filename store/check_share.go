package store

import (
	"bytes"
	"encoding/binary"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// atOnce is for how many entries a check keeps lists at a time: up to some 150 bytes for each, and 400 for an attachment,
// which counts twice. Of a larger ledger the entries are read several times, each time for a share of all hashes, while
// parts and attachments are read and hashed once.
const atOnce = 1 << 20

// share is what a check lists and compares at a time: the hashes of one Piece of all, whatever they are hashes of. The
// pieces that attachments are verified in are others.
type share struct {
	Piece
	bodies []indexed              // what the index must hold
	sealed sealedParts            // parts in the database
	files  map[ledger.Hash]bool   // attachments that must lie under parts/
	toRead []partFile             // those of them that are to be read
	unseen map[ledger.Hash]int64  // those that are not to be read, until they are found, and the entries that name them, or -1
	named  map[ledger.Hash]uint64 // parts that a tombstone names, and the entries that it names for them
	gone   map[ledger.Hash]uint64 // parts that are marked as erased, and their entries
	tags   map[ledger.Hash]ledger.Hash
	hashed *hashedFiles
}

// partFile is an attachment that must lie under parts/.
type partFile struct {
	hash  ledger.Hash
	size  int64
	entry int64 // that names it, or -1
}

// indexed is one body and its place.
type indexed struct {
	key   bodyKey
	index uint64
}

// sharesOf returns how many shares a check makes of a ledger.
func (s *Store) sharesOf(entries, attachments uint64) int {
	n := uint64(atOnce)
	if s.checkAtOnce > 0 {
		n = s.checkAtOnce
	}
	return int(min(1+(entries+2*attachments)/n, 1<<16))
}

func (s *share) lists(h ledger.Hash) bool { return s.has(h) }

// first reports whether this is the share with which everything is verified that is in no list.
func (s *share) first() bool { return s.Number == 1 }

// keys are the piece's hashes as a range of keys.
func (p Piece) keys() (r kv.Range) {
	prefix := func(number int) []byte { // the first of a piece
		return binary.BigEndian.AppendUint16(nil, uint16((number<<16+p.Of-1)/p.Of))
	}
	if p.Number > 1 {
		r.From = prefix(p.Number - 1)
	}
	if p.Number < p.Of {
		r.Below = prefix(p.Number)
	}
	return r
}

// checkShare lists and compares the hashes of a share; with the first, everything else is verified too.
func (c *checker) checkShare(of Piece) error {
	c.share = &share{Piece: of, files: make(map[ledger.Hash]bool), unseen: make(map[ledger.Hash]int64), named: make(map[ledger.Hash]uint64),
		gone: make(map[ledger.Hash]uint64), tags: make(map[ledger.Hash]ledger.Hash)}
	c.hashed = &hashedFiles{ctx: c.ctx, parts: c.v.s.parts, read: func(n int) { c.done.Add(int64(n)) }, files: make(map[ledger.Hash]*hashedFile)}
	defer c.hashed.begin(c.work, c.indexedFiles())()
	steps := []func() error{c.scanSealed, c.listEntries, c.checkWaiting, c.checkIndexes, c.checkFiles, c.compareFiles}
	if c.first() {
		steps = []func() error{c.scanSealed, c.checkEngine, c.checkPromises, c.checkEntries, c.checkWaiting, c.checkOthers, c.checkIndexes, c.checkFiles, c.compareFiles}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	c.wait()
	if told := c.v.s.checkedShare; told != nil {
		told()
	}
	return nil
}

// wait waits for the workers.
func (c *checker) wait() {
	c.work.wait(func() { c.progress(min(c.done.Load(), c.total), c.total) })
}

// listEntries reads the entries again, which were verified with the first share, for what this one lists.
func (c *checker) listEntries() error {
	return c.eachEntry(func(index uint64, value []byte) error {
		if text, ok := textOf(index, value); ok {
			if e, err := ledger.ParseEntry(text); err == nil {
				c.listEntry(index, e)
			}
		}
		return c.ctx.Err()
	}, func([]byte) {}) // the first share has reported them
}

// listEntry lists what the indexes must hold for an entry, and compares its parts.
func (c *checker) listEntry(index uint64, e ledger.Entry) {
	body := e.Body.Hash()
	if c.lists(body) {
		c.bodies = append(c.bodies, indexed{keyOf(body), index})
	}
	c.checkParts(int64(index), e)
}

// eachListed visits the rows of a table whose keys this share lists. One that is too short for a hash counts as if zeros
// followed it.
func (c *checker) eachListed(table string, visit func(k, v []byte)) {
	within := c.keys()
	cursor := c.v.tx.Table(table).Cursor()
	k, v := cursor.First()
	if within.From != nil {
		k, v = cursor.Seek(bytes.TrimRight(within.From, "\x00"))
	}
	for ; k != nil && (within.Below == nil || bytes.Compare(k, within.Below) < 0); k, v = cursor.Next() {
		var padded ledger.Hash
		copy(padded[:], k)
		if c.lists(padded) {
			visit(k, v)
		}
	}
}

// numberSet is a set of numbers: 64 of them a word.
type numberSet map[uint64]uint64

func (s numberSet) add(n uint64)      { s[n/64] |= 1 << (n % 64) }
func (s numberSet) has(n uint64) bool { return s[n/64]>>(n%64)&1 == 1 }
