package store

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/kv"
)

// Locators visits the locators' boxes, in the order of their names.
func (n *Snapshot) Locators(visit func(name [32]byte, box []byte) error) error {
	c := n.v.tx.Table(tableLocators).Cursor()
	for k, box := c.First(); k != nil; k, box = c.Next() {
		if len(k) != 32 {
			return fmt.Errorf("%w: a locator whose name has %d bytes", ledger.ErrMismatch, len(k))
		}
		if err := visit([32]byte(k), box); err != nil {
			return err
		}
	}
	return nil
}

// Rebuild creates a ledger's folder from a backup. Its input is verified
// entries, in their order, and what belongs to them: it verifies only that the
// tree has the roots of the checkpoints, and the caller should run Check
// afterwards. The folder has no guard: Open refuses it until Confirm has
// created one. It belongs to one goroutine.
type Rebuild struct {
	dir, aside string
	place      Place
	origin     string
	engines    engines // db is nil before begin and after Finish
	tx         kv.Tx
	lock       *lockFile
	t          tip
	bytes      int // in tx
}

// rebuildBytes is the size of one transaction.
const rebuildBytes = 16 << 20

// NewRebuild begins in a folder that is missing or has no ledger.
func NewRebuild(dir, origin string) (*Rebuild, error) { return NewRebuildIn(dir, Place{}, origin) }

// NewRebuildIn is NewRebuild for a ledger at place p.
func NewRebuildIn(dir string, p Place, origin string) (*Rebuild, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := takeLock(dir, "a restore", true)
	if err != nil {
		return nil, err
	}
	r := &Rebuild{dir: dir, aside: filepath.Join(dir, creatingName), origin: origin, lock: lock, place: p,
		t: tip{origin: origin, values: new(arena)}}
	if err := r.begin(); err != nil {
		return nil, exit.First(err, r.Discard())
	}
	return r, nil
}

func (r *Rebuild) begin() error {
	if err := clearUnfinished(r.dir); err != nil {
		r.aside = "" // not ours to remove
		return err
	}
	for _, name := range []string{r.aside, filepath.Join(r.aside, partsName), filepath.Join(r.aside, partsName, incomingName)} {
		if err := atomicfile.MakeFolder(name); err != nil {
			return err
		}
	}
	var err error
	if r.engines, err = r.place.createEngines(r.aside); err != nil {
		return err
	}
	if r.tx, err = r.engines.db.Begin(true); err != nil {
		return err
	}
	meta := r.tx.Table(tableMeta)
	return exit.First(meta.Put(metaFormat, []byte(format)), meta.Put(metaIndexed, number(0)))
}

// Discard removes what was not finished. It is safe after Finish.
func (r *Rebuild) Discard() error {
	var err error
	if r.tx != nil {
		err = r.tx.Rollback()
		r.tx = nil
	}
	if r.engines.db != nil {
		err = exit.First(err, r.engines.discard())
		r.engines = engines{}
	}
	if r.aside != "" {
		err = exit.First(err, os.RemoveAll(r.aside))
		r.aside = ""
	}
	if r.lock != nil {
		err = exit.First(err, r.lock.release())
		r.lock = nil
	}
	return err
}

// wrote commits at intervals.
func (r *Rebuild) wrote(n int) error {
	if r.bytes += n; r.bytes < rebuildBytes {
		return nil
	}
	r.bytes = 0
	if err := r.tx.Commit(); err != nil {
		r.tx = nil
		return fileError(err)
	}
	r.t.values.reset()
	var err error
	r.tx, err = r.engines.db.Begin(true)
	return err
}

// Entry appends the next entry.
func (r *Rebuild) Entry(e ledger.Entry) error {
	if e.Index != r.t.size || e.Previous != r.t.leaf || e.Origin != r.origin {
		return fmt.Errorf("%w: entry %d does not follow", ledger.ErrMismatch, e.Index)
	}
	body := e.Body.Marshal()
	if err := r.t.appendEntry(r.tx, body); err != nil {
		return err
	}
	if e.Body.Kind.Governs() {
		if err := r.tx.Table(tableGoverning).Put(number(e.Index), nil); err != nil {
			return err
		}
	}
	return r.wrote(2 * len(body))
}

// Tag indexes a reply, or a duty entry, by the content of its body file.
func (r *Rebuild) Tag(kind ledger.Kind, body ledger.Hash, file []byte) error {
	tag, err := replyTag(kind, file)
	if err != nil {
		return err
	}
	return r.tx.Table(tableTags).Put(tag[:], body[:])
}

// Checkpoint stores a checkpoint of as many entries as were appended.
func (r *Rebuild) Checkpoint(c ledger.Checkpoint, note []byte) error {
	if c.Size != r.t.size || c.Root != r.t.root() {
		return fmt.Errorf("%w: the checkpoint of %d entries is not of these", ledger.ErrMismatch, c.Size)
	}
	return exit.First(r.tx.Table(tableCheckpoints).Put(number(c.Size), note), r.wrote(len(note)))
}

// Erased records that a tombstone has erased a part.
func (r *Rebuild) Erased(part ledger.Hash, tombstone uint64) error {
	return r.tx.Table(tableErased).Put(part[:], number(tombstone))
}

// Part stores a part of an entry or of what waits, and compares its hash. Two
// entries may name one part; it is passed once.
func (r *Rebuild) Part(p ledger.Part, content io.Reader) error {
	if p.Kind != ledger.PartAttachment {
		b, err := io.ReadAll(io.LimitReader(content, p.Size+1))
		if err != nil {
			return err
		}
		if int64(len(b)) != p.Size || ledger.Sum(b) != p.Hash {
			return fmt.Errorf("%w: the %s %s is altered", ledger.ErrMismatch, p.Kind, p.Hash)
		}
		return exit.First(putSmall(r.tx, p.Hash, b), r.wrote(len(b)))
	}
	path := filepath.Join(r.aside, partsName, incomingName, p.Hash.String())
	if err := copyPart(path, p, content); err != nil {
		return err
	}
	if err := r.engines.parts.Put(context.Background(), blob.Hash(p.Hash), blob.Spool{Path: path, Size: p.Size}); err != nil {
		return fileError(err)
	}
	return r.tx.Table(tableFiles).Put(p.Hash[:], number(uint64(p.Size)))
}

func copyPart(path string, p ledger.Part, content io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	h, n, err := hashing(f, content)
	if err == nil && (h != p.Hash || n != p.Size) {
		err = fmt.Errorf("%w: the attachment %s is altered", ledger.ErrMismatch, p.Hash)
	}
	return exit.First(fileError(err), f.Close())
}

// Waiting stores a submission that waits, by its promise file.
func (r *Rebuild) Waiting(body ledger.Hash, promise []byte) error {
	return exit.First(r.tx.Table(tableWaiting).Put(body[:], promise), r.wrote(len(promise)))
}

// Locator stores a locator's box.
func (r *Rebuild) Locator(name [32]byte, box []byte) error {
	return exit.First(r.tx.Table(tableLocators).Put(name[:], box), r.wrote(len(box)+32))
}

// Finish moves the ledger into place. key may be nil: without it the ledger
// can be read, checked and exported, and signs nothing.
func (r *Rebuild) Finish(key *ledger.SigningKey) error {
	err := r.tx.Commit()
	r.tx = nil
	err = fileError(exit.First(err, r.engines.close()))
	r.engines = engines{}
	if err != nil {
		return err
	}
	names := []string{partsName, dbName}
	if !r.place.folder() {
		r.place.Host = newHost()
		conf, err := r.place.write(r.aside, r.dir)
		if err != nil {
			return err
		}
		names = append([]string{partsName}, conf...)
	}
	if key != nil {
		if err := writeAside(filepath.Join(r.aside, keyName), key.Marshal()); err != nil {
			return err
		}
		names = slices.Insert(names, 1, keyName)
	}
	if err := syncFolders(filepath.Join(r.aside, partsName)); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(r.dir, partsName)); err != nil && !os.IsNotExist(err) {
		return exit.New(exit.Failed, "choose another folder", "%s has parts and no ledger: %w", r.dir, err)
	}
	if err := putInPlace(r.aside, r.dir, names...); err != nil {
		return err
	}
	return r.Discard()
}

// syncFolders syncs parts/ and its folders.
func syncFolders(dir string) error {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range folders {
		if err := atomicfile.SyncFolder(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return atomicfile.SyncFolder(dir)
}

// ConfirmShown is Confirm with the largest of several checkpoints from
// outside. Each must be signed with a key that this ledger has had.
func ConfirmShown(dir string, notes ...[]byte) error {
	s, err := OpenReadOnly(dir)
	if err != nil {
		return err
	}
	var newest ledger.Checkpoint
	for _, note := range notes {
		c, err := s.openShown(note)
		if err != nil {
			err = exit.New(exit.Mismatch, "if the log's keys have changed since this copy was made, the copy is too old to go on from",
				"what was shown is not a checkpoint that this ledger has signed: %w", err)
			return exit.First(err, s.Close())
		}
		if c.Size <= s.released.Size && !s.holds(c) {
			err = exit.New(exit.Mismatch, "keep everything: the log has shown two histories",
				"%w: the checkpoint that was shown has %d entries, and another root than this ledger at that size", ErrForked, c.Size)
			return exit.First(err, s.Close())
		}
		if c.Size > newest.Size {
			newest = c
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	return Confirm(dir, newest)
}
