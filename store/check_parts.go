package store

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"

	"zapis/crypto/ledger"
	"zapis/store/blob"
	"zapis/store/kv"
)

// ofEntry and ofWaiting are what the check reads beside a row, from a database on another machine: not the sealed parts, which
// have been verified.
func (c *checker) ofEntry(k, value []byte) ([]kv.Key, int64) {
	index, _ := readNumber(k)
	e, err := parseEntry(index, value)
	if err != nil {
		return nil, 0
	}
	return c.keysOfParts(e.Body)
}

func (c *checker) ofWaiting(k, file []byte) ([]kv.Key, int64) {
	w, err := readWaiting(k, file)
	if err != nil {
		return nil, 0
	}
	keys, size := c.keysOfParts(w.body)
	if c.first() {
		body := keyOf(w.hash)
		keys = append(keys, kv.Key{Table: tableBodies, Key: body[:]})
	}
	return keys, size
}

func (c *checker) keysOfParts(b ledger.Body) (keys []kv.Key, size int64) {
	for _, p := range b.Parts {
		switch {
		case p.Kind != ledger.PartBody && !c.lists(p.Hash):
		case p.Kind == ledger.PartAttachment:
			keys = append(keys, kv.Key{Table: tableErased, Key: p.Hash[:]}, kv.Key{Table: tableFiles, Key: p.Hash[:]})
		case p.Kind == ledger.PartBody || c.sealed.find(p.Hash) == nil:
			keys = append(keys, kv.Key{Table: tableSmall, Key: p.Hash[:]}, kv.Key{Table: tableErased, Key: p.Hash[:]})
			size += min(p.Size, ledger.MaxSmall)
		}
	}
	return keys, size
}

// checkParts verifies those of an entry's parts that this share lists, and the content of those that are not
// sealed.
func (c *checker) checkParts(n int64, e ledger.Entry) {
	for _, p := range e.Body.Parts {
		switch {
		case p.Kind == ledger.PartBody:
			if part, ok := smallPart(c.v.tx, p.Hash); ok {
				c.nameBody(p.Hash)
				c.checkBody(n, e, part)
			} else {
				c.lacks(n, e, p)
			}
		case !c.lists(p.Hash):
		case p.Kind == ledger.PartAttachment:
			c.checkAttachment(n, p)
		case !c.checkSealed(sealedPart{part: p, entry: n}):
			c.lacks(n, e, p)
		}
	}
}

// nameBody records that something names a body, if this share lists it.
func (c *checker) nameBody(h ledger.Hash) {
	if c.lists(h) {
		c.sealed.name(h)
	}
}

// lacks reports a part that the database does not hold, unless it was erased.
func (c *checker) lacks(n int64, e ledger.Entry, p ledger.Part) {
	governs := e.Body.Kind.Governs()
	erased := !governs && c.v.tx.Table(tableErased).Get(p.Hash[:]) != nil
	switch {
	case !c.lists(p.Hash):
	case erased:
		c.gone[p.Hash] = uint64(n) // whether a tombstone names it is seen at the end
	default:
		c.add(n, p.Kind+" "+p.Hash.String(), "it is missing")
	}
	if governs {
		c.chain = nil
	}
}

// checkBody verifies the body of an entry that is no report, with the first share, and collects what
// the indexes must contain.
func (c *checker) checkBody(n int64, e ledger.Entry, part []byte) {
	if c.first() && !c.verifyBody(n, e, part) {
		c.refused.add(uint64(n))
	}
	if c.refused.has(uint64(n)) {
		return
	}
	switch e.Body.Kind {
	case ledger.KindReply, ledger.KindDuty:
		c.listTag(e.Body, part)
	case ledger.KindTombstone:
		if a, err := ledger.ParseApproved(part); err == nil {
			parts, _ := ledger.ErasedBy(a.Text)
			for _, p := range parts {
				if c.lists(p.Hash) {
					c.named[p.Hash] = p.Index
				}
			}
		}
	}
}

// verifyBody reports whether an entry's body fits what came before, and what is wrong with it.
func (c *checker) verifyBody(n int64, e ledger.Entry, part []byte) bool {
	p := e.Body.Parts[0]
	name := "body " + p.Hash.String()
	if c.chain == nil {
		if int64(len(part)) == p.Size && ledger.Sum(part) == p.Hash {
			return true
		}
		c.add(n, name, "its %d bytes do not have this hash, or not the size %d", len(part), p.Size)
		return false
	}
	err := c.chain.AddBody(e, part)
	if err == nil {
		return true
	}
	c.add(n, name, "%s", trimEntry(err))
	if e.Body.Kind.Governs() {
		c.chain = nil
	}
	return false
}

// checkAttachment lists an attachment, whose file compareFiles verifies.
func (c *checker) checkAttachment(n int64, p ledger.Part) {
	if c.v.tx.Table(tableErased).Get(p.Hash[:]) != nil {
		if n >= 0 {
			c.gone[p.Hash] = uint64(n)
		}
		return
	}
	c.files[p.Hash] = true
	if size, ok := readNumber(c.v.tx.Table(tableFiles).Get(p.Hash[:])); !ok || size != uint64(p.Size) {
		c.add(n, "attachment "+p.Hash.String(), "the index of files does not have it, or with another size")
	}
	if !c.piece.has(p.Hash) {
		c.unseen[p.Hash] = n
		return
	}
	c.toRead = append(c.toRead, partFile{p.Hash, p.Size, n})
}

// compareFiles compares the files of attachments with what names them. Those that the database lists have been hashed while the
// rest was verified.
func (c *checker) compareFiles() error {
	c.wait()
	hashed := c.hashed
	for _, f := range c.toRead {
		c.work.do(func(*room) {
			name := "attachment " + f.hash.String()
			h, size, err := hashed.of(f.hash)
			switch {
			case c.ctx.Err() != nil:
			case errors.Is(err, fs.ErrNotExist):
				c.add(f.entry, name, "its file is missing")
			case err != nil:
				c.add(f.entry, name, "its file can't be read: %s", err)
			case size != f.size:
				c.add(f.entry, name, "its file has %d bytes, and the entry says %d", size, f.size)
			case h != f.hash:
				c.add(f.entry, name, "its file has the hash %s", h)
			}
		})
	}
	return nil
}

// indexedFiles returns the attachments that the database lists and that are to be read, the largest first: while a large one is
// hashed last, the other cores have no work.
func (c *checker) indexedFiles() (files []partFile) {
	c.eachListed(tableFiles, func(k, v []byte) {
		if h := ledger.Hash(pad(k)); c.piece.has(h) {
			size, _ := readNumber(v)
			files = append(files, partFile{hash: h, size: int64(size)})
		}
	})
	slices.SortStableFunc(files, func(a, b partFile) int { return cmp.Compare(b.size, a.size) })
	return slices.Clip(files)
}

// filesSize returns how many attachments there are, and how many bytes of them are to be verified.
func (c *checker) filesSize() (number uint64, total int64) {
	files := c.v.tx.Table(tableFiles).Cursor()
	for k, v := files.First(); k != nil; k, v = files.Next() {
		if size, _ := readNumber(v); c.piece.has(ledger.Hash(pad(k))) {
			total += int64(size)
		}
		number++
	}
	return number, total
}

// checkPromises verifies the promises of what waits concurrently with the
// rest: two signatures each take some 200 µs, and no disk access.
func (c *checker) checkPromises() error {
	verifiers, err := c.v.authority.verifiers()
	if err != nil {
		c.add(-1, "", "the log's keys: %s", err)
		return nil
	}
	var all []func()
	cursor := c.v.tx.Table(tableWaiting).Cursor()
	for k, file := cursor.First(); k != nil; k, file = cursor.Next() {
		w, err := readWaiting(k, file)
		if err != nil {
			c.add(-1, "waiting "+ledger.Hash(pad(k)).String(), "%s", err)
			continue
		}
		all = append(all, func() {
			if c.ctx.Err() != nil {
				return
			}
			if err := openWith(verifiers, file); err != nil {
				c.add(-1, "waiting "+w.hash.String(), "%s", err)
			}
		})
	}
	c.work.beside(all)
	return nil
}

// checkWaiting verifies the bodies and parts of what waits.
func (c *checker) checkWaiting() error {
	cursor := c.v.tx.Table(tableWaiting).Cursor()
	k, file := cursor.First()
	for k, file := range ahead(c.v.tx, c.v.s.shared, cursor, k, file, c.ofWaiting) {
		w, err := readWaiting(k, file)
		if err != nil {
			continue // reported with its promise
		}
		name := "waiting " + w.hash.String()
		c.checkWaitingParts(name, w)
		if !c.first() {
			continue
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
		if err := c.read(len(file)); err != nil {
			return err
		}
	}
	return c.ctx.Err()
}

func (c *checker) checkWaitingParts(name string, w waiting) {
	for _, p := range w.body.Parts {
		listed, there := c.lists(p.Hash), true
		switch {
		case p.Kind == ledger.PartAttachment:
			if listed {
				c.checkAttachment(-1, p)
			}
		case w.body.Kind.Tagged():
			var part []byte
			if part, there = smallPart(c.v.tx, p.Hash); there && listed {
				c.sealed.name(p.Hash)
				c.verifyPart(sealedPart{part: p, entry: -1, waits: name}, part)
			}
			if there {
				c.listTag(w.body, part)
			}
		case listed:
			there = c.checkSealed(sealedPart{part: p, entry: -1, waits: name})
		}
		if listed && !there {
			c.add(-1, name, "its %s %s is missing", p.Kind, p.Hash)
		}
	}
}

// listTag lists the tag of a reply or a duty entry, whose own place in the index this share may have or not.
func (c *checker) listTag(b ledger.Body, part []byte) {
	if tag, err := replyTag(b.Kind, part); err == nil && c.lists(tag) {
		c.tags[tag] = b.Hash()
	}
}

// openWith verifies a promise with any key that the log ever had.
func openWith(verifiers []*ledger.Verifier, file []byte) (err error) {
	for _, v := range verifiers {
		if _, err = v.OpenPromise(file); err == nil {
			return nil
		}
	}
	return err
}

func pad(b []byte) []byte { return append(bytes.Clone(b), make([]byte, 32)...)[:32] }

// checkFiles reports files under parts/ that nothing names.
func (c *checker) checkFiles() error {
	strange := func(path string) error {
		if c.first() {
			c.add(-1, path, "it does not belong here")
		}
		return nil
	}
	hashed := c.hashed
	err := c.v.s.parts.Each(c.ctx, func(name blob.Hash) error {
		h, path := ledger.Hash(name), c.v.s.parts.Where(name)
		if !c.lists(h) {
			return nil
		}
		delete(c.unseen, h)
		if c.files[h] || c.v.s.pending.has(h) || c.announced(h) {
			return nil
		}
		c.work.do(func(*room) {
			got, err := h, error(nil)
			if c.piece.has(h) {
				got, _, err = hashed.of(h)
			}
			switch {
			case c.ctx.Err() != nil, errors.Is(err, fs.ErrNotExist):
			case err != nil || got != h:
				c.add(-1, path, "nothing names it, and it is damaged")
			case c.v.s.queue != nil && !c.v.s.pending.has(h) && !c.v.s.isFile(h):
				c.add(-1, path, "nothing names it")
			}
		})
		return nil
	}, strange)
	if errors.Is(err, os.ErrNotExist) {
		if c.first() {
			c.add(-1, partsName, "the folder is missing")
		}
		return nil
	}
	if err == nil {
		for h, n := range c.unseen {
			c.add(n, "attachment "+h.String(), "its file is missing")
		}
	}
	return err
}

// announced reports whether a host has announced this attachment. One that was erased is announced no more.
func (c *checker) announced(h ledger.Hash) bool {
	pending := c.v.tx.Table(tablePending)
	if pending == nil {
		return false
	}
	host := pending.Get(h[:])
	return host != nil && !bytes.Equal(host, erasedMark)
}

// isFile reports whether an attachment is named meanwhile.
func (s *Store) isFile(h ledger.Hash) (ok bool) {
	err := s.view(func(v *view) error {
		ok = v.tx.Table(tableFiles).Get(h[:]) != nil
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
		return nil // the ledger has grown since this snapshot
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

// checkEngine runs the engine's own check.
func (c *checker) checkEngine() error {
	c.v.tx.Check(c.v.s.queue != nil, func(text string) { c.add(-1, c.v.s.name, "%s", text) })
	return nil
}
