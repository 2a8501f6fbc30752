package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"

	bolt "go.etcd.io/bbolt"

	"zapis/crypto/ledger"
)

// inlineHash is up to how many bytes a part is hashed where it is met; larger
// ones go to the workers.
const inlineHash = 4 << 10

// checkParts verifies an entry's parts, and, of those that can be read, what
// they say.
func (c *checker) checkParts(n int64, e ledger.Entry) {
	for _, p := range e.Body.Parts {
		if p.Kind == ledger.PartAttachment {
			c.checkAttachment(n, p)
			continue
		}
		part, ok := smallPart(c.v.tx, p.Hash)
		switch {
		case !ok && c.v.tx.Bucket(bucketErased).Get(p.Hash[:]) != nil && p.Kind != ledger.PartBody:
			continue // whether a tombstone names it is seen at the end
		case !ok && c.v.tx.Bucket(bucketErased).Get(p.Hash[:]) != nil && !e.Body.Kind.Governs():
			continue
		case !ok:
			c.add(n, p.Kind+" "+p.Hash.String(), "it is missing")
			if e.Body.Kind.Governs() {
				c.chain = nil
			}
			continue
		}
		c.small = append(c.small, p.Hash)
		_ = c.read(len(part)) // a cancelled context is seen with the next entry
		if p.Kind == ledger.PartBody {
			c.checkBody(n, e, part)
			continue
		}
		verify := func() {
			if int64(len(part)) != p.Size || ledger.Sum(part) != p.Hash {
				c.add(n, p.Kind+" "+p.Hash.String(), "its %d bytes do not have this hash, or not the size %d", len(part), p.Size)
			}
		}
		if len(part) <= inlineHash {
			verify()
		} else {
			c.work.do(verify)
		}
	}
}

// checkBody verifies the body of an entry that is no report, and takes out what
// the indexes must hold.
func (c *checker) checkBody(n int64, e ledger.Entry, part []byte) {
	if c.chain == nil {
		if p := e.Body.Parts[0]; int64(len(part)) != p.Size || ledger.Sum(part) != p.Hash {
			c.add(n, "body "+p.Hash.String(), "its %d bytes do not have this hash, or not the size %d", len(part), p.Size)
			return
		}
	} else if err := c.chain.AddBody(e, part); err != nil {
		c.add(n, "body "+e.Body.Parts[0].Hash.String(), "%s", trimEntry(err))
		if e.Body.Kind.Governs() {
			c.chain = nil
		}
		return
	}
	switch e.Body.Kind {
	case ledger.KindReply:
		if tag, err := replyTag(part); err == nil {
			c.tags[tag] = e.Body.Hash()
		}
	case ledger.KindTombstone:
		if a, err := ledger.ParseApproved(part); err == nil {
			if t, err := ledger.ParseTombstone(a.Text); err == nil {
				for _, p := range t.Parts {
					c.named[p.Hash] = true
				}
			}
		}
	}
}

// checkAttachment has a worker verify the file of an attachment.
func (c *checker) checkAttachment(n int64, p ledger.Part) {
	if c.v.tx.Bucket(bucketErased).Get(p.Hash[:]) != nil {
		return
	}
	c.files[p.Hash] = p.Size
	if size, ok := readNumber(c.v.tx.Bucket(bucketFiles).Get(p.Hash[:])); !ok || size != uint64(p.Size) {
		c.add(n, "attachment "+p.Hash.String(), "the index of files does not have it, or with another size")
	}
	name := "attachment " + p.Hash.String()
	path := partPath(c.v.s.dir, p.Hash)
	c.work.do(func() {
		h, size, err := hashFile(c.ctx, path, func(n int) { c.done.Add(int64(n)) })
		switch {
		case c.ctx.Err() != nil:
		case errors.Is(err, fs.ErrNotExist):
			c.add(n, name, "its file is missing")
		case err != nil:
			c.add(n, name, "its file can't be read: %s", err)
		case size != p.Size:
			c.add(n, name, "its file has %d bytes, and the entry says %d", size, p.Size)
		case h != p.Hash:
			c.add(n, name, "its file has the hash %s", h)
		}
	})
}

// filesSize is how many bytes of attachments there are to verify.
func (c *checker) filesSize() (total int64) {
	files := c.v.tx.Bucket(bucketFiles).Cursor()
	for k, v := files.First(); k != nil; k, v = files.Next() {
		size, _ := readNumber(v)
		total += int64(size)
	}
	return total
}

// checkWaiting verifies what waits: bodies, promises, parts.
func (c *checker) checkWaiting() error {
	verifiers, err := c.v.s.standing.verifiers()
	if err != nil {
		c.add(-1, "", "the log's keys: %s", err)
		return nil
	}
	cursor := c.v.tx.Bucket(bucketWaiting).Cursor()
	for k, file := cursor.First(); k != nil; k, file = cursor.Next() {
		w, err := readWaiting(k, file)
		if err != nil {
			c.add(-1, "waiting "+ledger.Hash(pad(k)).String(), "%s", err)
			continue
		}
		name := "waiting " + w.hash.String()
		if err := openWith(verifiers, file); err != nil {
			c.add(-1, name, "%s", err)
		}
		if !w.slot.After(c.v.Time) {
			c.add(-1, name, "it was promised for %s, and the checkpoint of %s is without it", w.slot, c.v.Time)
		}
		if w.body.Kind == ledger.KindGenesis || w.body.Kind == ledger.KindFiller {
			c.add(-1, name, "an entry of kind %s never waits", w.body.Kind)
		}
		if _, ok := c.v.tail.find(c.v.tx, w.hash, c.v.Size); ok {
			c.add(-1, name, "it is an entry already")
		}
		c.checkWaitingParts(name, w)
		if err := c.read(len(file)); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) checkWaitingParts(name string, w waiting) {
	for _, p := range w.body.Parts {
		if p.Kind == ledger.PartAttachment {
			c.checkAttachment(-1, p)
			continue
		}
		part, ok := smallPart(c.v.tx, p.Hash)
		if !ok || int64(len(part)) != p.Size || ledger.Sum(part) != p.Hash {
			c.add(-1, name, "its %s %s is missing or altered", p.Kind, p.Hash)
			continue
		}
		c.small = append(c.small, p.Hash)
		if w.body.Kind == ledger.KindReply {
			if tag, err := replyTag(part); err == nil {
				c.tags[tag] = w.hash
			}
		}
	}
}

// openWith verifies a promise with any of the keys that the log ever had.
func openWith(verifiers []*ledger.Verifier, file []byte) (err error) {
	for _, v := range verifiers {
		if _, err = v.OpenPromise(file); err == nil {
			return nil
		}
	}
	return err
}

func pad(b []byte) []byte { return append(bytes.Clone(b), make([]byte, 32)...)[:32] }

// checkIndexes compares what the entries have led to expect with the buckets
// that lead to them.
func (c *checker) checkIndexes() error {
	tx := c.v.tx
	c.checkBodyIndex()
	var governing []uint64
	eachKey(tx.Bucket(bucketGoverning), func(k, _ []byte) {
		if n, ok := readNumber(k); ok && n < c.v.Size {
			governing = append(governing, n)
		} else if !ok {
			c.add(-1, dbName, "a key %x among the entries that govern", k)
		}
	})
	if !slices.Equal(governing, c.governing) {
		c.add(-1, dbName, "the list of entries that govern is %d, and should be %d", governing, c.governing)
	}
	slices.SortFunc(c.small, compareHashes)
	c.compareKeys(tx.Bucket(bucketSmall), c.small, "a part that no body names")
	c.compareKeys(tx.Bucket(bucketFiles), sortedKeys(c.files), "an attachment in the index of files that no body names")
	eachKey(tx.Bucket(bucketSmall), func(k, v []byte) {
		if v != nil {
			c.add(-1, "part "+ledger.Hash(pad(k)).String(), "it is not kept as parts are")
		}
	})
	eachKey(tx.Bucket(bucketErased), func(k, v []byte) {
		h := ledger.Hash(pad(k))
		if index, ok := readNumber(v); !ok || index >= c.v.Size || c.chain != nil && !c.named[h] {
			c.add(-1, "part "+h.String(), "it was erased, and no tombstone names it")
		}
	})
	eachKey(tx.Bucket(bucketTags), func(k, v []byte) {
		h := ledger.Hash(pad(k))
		if body, ok := c.tags[h]; ok && bytes.Equal(v, body[:]) {
			delete(c.tags, h)
		} else if c.chain != nil && !ok {
			// The reply itself may have been erased; its tag then leads nowhere.
			if b, err := c.v.bodyOf(ledger.Hash(pad(v))); err != nil || tx.Bucket(bucketErased).Get(b.Parts[0].Hash[:]) == nil {
				c.add(-1, "reply "+h.String(), "its tag leads to no such reply")
			}
		}
	})
	for tag := range c.tags {
		c.add(-1, "reply "+tag.String(), "its tag is not indexed, or leads to another reply")
	}
	eachKey(tx.Bucket(bucketLocators), func(k, v []byte) {
		if len(k) != 32 || v == nil || len(v) > MaxLocator {
			c.add(-1, "locator "+ledger.Hash(pad(k)).String(), "it is no locator")
		}
	})
	return nil
}

func eachKey(b *bolt.Bucket, visit func(k, v []byte)) {
	c := b.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		visit(k, v)
	}
}

// checkBodyIndex compares the index of bodies in the database with the entries
// that it is to cover.
func (c *checker) checkBodyIndex() {
	from, ok := readNumber(c.v.tx.Bucket(bucketMeta).Get(metaIndexed))
	if !ok || from != c.v.tail.from {
		c.add(-1, dbName, "it does not say rightly how much of it is indexed")
		return
	}
	want := slices.DeleteFunc(c.bodies, func(x indexed) bool { return x.index >= from })
	slices.SortFunc(want, func(a, b indexed) int { return bytes.Compare(a.key[:], b.key[:]) })
	i := 0
	eachKey(c.v.tx.Bucket(bucketBodies), func(k, v []byte) {
		index, ok := readNumber(v)
		for i < len(want) && bytes.Compare(want[i].key[:], k) < 0 {
			c.add(int64(want[i].index), "", "its body is not indexed")
			i++
		}
		if !ok || i == len(want) || !bytes.Equal(want[i].key[:], k) || want[i].index != index {
			c.add(-1, dbName, "the index of bodies leads from %x to entry %d, and no such body stands there", k, index)
		}
		if i < len(want) && bytes.Equal(want[i].key[:], k) {
			i++
		}
	})
	for ; i < len(want); i++ {
		c.add(int64(want[i].index), "", "its body is not indexed")
	}
}

// compareKeys finds keys of a bucket that are not among what is named. What is
// named and missing was told with its entry.
func (c *checker) compareKeys(b *bolt.Bucket, named []ledger.Hash, what string) {
	i := 0
	eachKey(b, func(k, _ []byte) {
		for i < len(named) && bytes.Compare(named[i][:], k) < 0 {
			i++
		}
		if i == len(named) || !bytes.Equal(named[i][:], k) {
			c.add(-1, "part "+ledger.Hash(pad(k)).String(), "%s", what)
		}
	})
}

func compareHashes(a, b ledger.Hash) int { return bytes.Compare(a[:], b[:]) }

func sortedKeys(m map[ledger.Hash]int64) []ledger.Hash {
	keys := make([]ledger.Hash, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareHashes)
	return keys
}

// checkFiles finds files under parts/ that nothing names.
func (c *checker) checkFiles() error {
	strange := func(path string) error {
		c.add(-1, path, "it does not belong here")
		return nil
	}
	err := eachPartFile(c.v.s.dir, func(path string, h ledger.Hash, _ fs.DirEntry) error {
		if _, ok := c.files[h]; ok || c.v.s.isPending(h) {
			return nil
		}
		c.work.do(func() {
			got, _, err := hashFile(c.ctx, path, func(int) {})
			switch {
			case c.ctx.Err() != nil, errors.Is(err, fs.ErrNotExist):
			case err != nil || got != h:
				c.add(-1, path, "nothing names it, and it is damaged")
			case c.v.s.queue != nil && !c.v.s.isPending(h) && !c.v.s.isFile(h):
				c.add(-1, path, "nothing names it")
			}
		})
		return nil
	}, strange)
	if errors.Is(err, os.ErrNotExist) {
		c.add(-1, partsName, "the folder is missing")
		return nil
	}
	return err
}

// isPending reports whether an attachment waits for the body that names it.
func (s *Store) isPending(h ledger.Hash) bool {
	s.pending.mu.Lock()
	defer s.pending.mu.Unlock()
	_, ok := s.pending.parts[h]
	return ok
}

// isFile reports whether an attachment is named by now.
func (s *Store) isFile(h ledger.Hash) (ok bool) {
	err := s.view(func(v *view) error {
		ok = v.tx.Bucket(bucketFiles).Get(h[:]) != nil
		return nil
	})
	return ok || err != nil
}

// checkGuard compares the guard, if there is one: a copy or a backup has none.
func (c *checker) checkGuard() error {
	g, _, err := readGuard(c.v.s.dir)
	if errors.Is(err, ErrNoGuard) {
		return nil
	}
	if err != nil {
		return err
	}
	if g.Size > c.v.Size && c.v.s.queue != nil {
		return nil // the ledger has grown since this snapshot was taken
	}
	err = compareGuard(c.v.s.dir, g, c.v.Checkpoint, func(size uint64) (ledger.Hash, bool) {
		root, err := ledger.RootAt(size, c.v.hashes())
		return root, err == nil
	})
	if err != nil {
		c.add(-1, guardName, "%s", err)
	}
	return nil
}

// checkPages has bbolt verify its own pages: that each is used once or free.
// While the committer changes what is free, that can't be asked.
func (c *checker) checkPages() error {
	if c.v.s.queue != nil {
		return nil
	}
	for err := range c.v.tx.Check() {
		c.add(-1, dbName, "%s", err)
	}
	return nil
}
