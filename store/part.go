package store

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// partTime is what every part's file says of when it was written. The hour of a
// report is nobody's business: file times would tell it to whoever takes the
// machine. (The inode's change time can't be set: docs/spec/store.md.)
var partTime = time.Unix(0, 0)

// writeBehind is after how many bytes the kernel is asked to begin writing out.
const writeBehind = 8 << 20

// partState says who may still delete a part that no body names yet.
type partState struct {
	size    int64
	claimed bool // a Submit is under way that names it
}

// pendingParts are the attachments that lie under their final names, while no
// committed body names them: a crash leaves them behind, and the next opening
// removes them.
type pendingParts struct {
	mu    sync.Mutex
	parts map[ledger.Hash]partState
}

// claim takes all of a body's attachments for one Submit, or none.
func (p *pendingParts) claim(parts []ledger.Part) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, part := range parts {
		switch s, ok := p.parts[part.Hash]; {
		case !ok:
			return fmt.Errorf("%w: attachment %s was not kept", ErrRefused, part.Hash)
		case s.size != part.Size:
			return fmt.Errorf("%w: attachment %s has %d bytes, and the body says %d", ErrRefused, part.Hash, s.size, part.Size)
		case s.claimed:
			return fmt.Errorf("%w: %s", ErrPartTaken, part.Hash)
		}
	}
	for _, part := range parts {
		p.parts[part.Hash] = partState{part.Size, true}
	}
	return nil
}

// settle ends a claim: committed attachments are pending no more, others can be
// submitted again or discarded.
func (p *pendingParts) settle(parts []ledger.Part, committed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, part := range parts {
		if committed {
			delete(p.parts, part.Hash)
		} else {
			p.parts[part.Hash] = partState{part.Size, false}
		}
	}
}

// PartWriter takes one attachment's ciphertext, aside. It belongs to one
// goroutine and ends with Keep or Discard; Discard after either is safe, so
// that it can be deferred until the body that names the part is submitted.
type PartWriter struct {
	s    *Store
	f    *os.File // nil once kept or discarded
	path string
	size int64
	hash ledger.Hash // once kept
	kept bool
	err  error // the first that Write met; Keep then refuses
}

// NewPart begins an attachment.
func (s *Store) NewPart() (*PartWriter, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	path := filepath.Join(s.dir, partsName, incomingName, rand.Text())
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fileError(err)
	}
	return &PartWriter{s: s, f: f, path: path}, nil
}

// fileError is diskError for a file apart from the database: its failure
// spoils that file and nothing else.
func fileError(err error) error {
	if err != nil && isFull(err) {
		return fmt.Errorf("%w (%w)", ErrFull, err)
	}
	return err
}

// Write takes the next bytes of the ciphertext.
func (w *PartWriter) Write(b []byte) (int, error) {
	if w.f == nil {
		return 0, os.ErrClosed
	}
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.f.Write(b)
	before := w.size / writeBehind
	w.size += int64(n)
	if after := w.size / writeBehind; after > before {
		startWriting(w.f, before*writeBehind, (after-before)*writeBehind)
	}
	w.err = fileError(err)
	return n, w.err
}

// Keep makes the attachment durable under its final name, and gives the part as
// a body must name it. It is not yet part of the ledger: a Submit must name it
// before the store is closed.
//
// h is the SHA-256 of all that was written. Whoever writes hashes too: sealing
// does so on another core, and a second time here would be waited for. A wrong
// one is found by Check, and by whoever reads the part.
func (w *PartWriter) Keep(h ledger.Hash) (ledger.Part, error) {
	if w.f == nil {
		return ledger.Part{}, os.ErrClosed
	}
	part := ledger.Part{Kind: ledger.PartAttachment, Hash: h, Size: w.size}
	err := w.err
	if err == nil && w.size == 0 {
		err = fmt.Errorf("%w: an attachment's ciphertext is never empty", ErrRefused)
	}
	if err == nil {
		err = w.keep(part)
	}
	if err != nil {
		return ledger.Part{}, exit.First(fileError(err), w.Discard())
	}
	return part, nil
}

func (w *PartWriter) keep(part ledger.Part) error {
	if err := os.Chtimes(w.path, partTime, partTime); err != nil {
		return err
	}
	if err := syncData(w.f); err != nil {
		return err
	}
	if err := w.f.Close(); err != nil {
		return err
	}
	path := partPath(w.s.dir, part.Hash)
	if err := makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	p := &w.s.pending
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.parts[part.Hash]; ok || exists(path) {
		return fmt.Errorf("%w: %s", ErrPartTaken, part.Hash)
	}
	if err := os.Rename(w.path, path); err != nil {
		return err
	}
	w.f, w.path, w.hash, w.kept = nil, path, part.Hash, true
	p.parts[part.Hash] = partState{size: part.Size}
	return atomicfile.SyncFolder(filepath.Dir(path))
}

// Discard removes the attachment, whole or not, unless a body that names it has
// been submitted, is being submitted, or may have reached a failing disk. Its bytes are cut off before its name
// is taken away, so that whoever still has it open does not keep them on the
// disk.
func (w *PartWriter) Discard() error {
	if w.kept {
		return w.discardKept()
	}
	if w.f == nil {
		return nil
	}
	_ = w.f.Truncate(0)
	_ = w.f.Close()
	w.f = nil
	return os.Remove(w.path)
}

func (w *PartWriter) discardKept() error {
	p := &w.s.pending
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.parts[w.hash]; !ok || s.claimed {
		return nil
	}
	delete(p.parts, w.hash)
	w.kept = false
	return removePart(w.path)
}

func removePart(path string) error {
	_ = os.Truncate(path, 0)
	return os.Remove(path)
}

// Part opens a part's ciphertext and gives its size in bytes. The bytes are as
// the disk has them: who uses them compares the hash. ErrErased and ErrUnknown
// tell what was forgotten from what never was.
func (s *Store) Part(h ledger.Hash) (r io.ReadCloser, size int64, err error) {
	err = s.view(func(v *view) error {
		r, size, err = openPart(s.dir, v.tx, h)
		return err
	})
	return r, size, err
}

func openPart(dir string, tx *bolt.Tx, h ledger.Hash) (io.ReadCloser, int64, error) {
	if small, ok := smallPart(tx, h); ok {
		return io.NopCloser(bytes.NewReader(bytes.Clone(small))), int64(len(small)), nil
	}
	if tx.Bucket(bucketErased).Get(h[:]) != nil {
		return nil, 0, fmt.Errorf("part %s: %w", h, ErrErased)
	}
	if _, ok := readNumber(tx.Bucket(bucketFiles).Get(h[:])); !ok {
		return nil, 0, fmt.Errorf("part %s: %w", h, ErrUnknown)
	}
	f, err := os.Open(partPath(dir, h))
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, exit.First(err, f.Close())
	}
	return f, info.Size(), nil
}

// smallPart gives a part that is kept in the database, for as long as the
// transaction lasts. Each has a bucket of its own, and so pages of its own:
// bbolt then never copies a neighbour's 70 KB when it splits a page.
func smallPart(tx *bolt.Tx, h ledger.Hash) ([]byte, bool) {
	b := tx.Bucket(bucketSmall).Bucket(h[:])
	if b == nil {
		return nil, false
	}
	part := b.Get(smallKey)
	return part, part != nil
}

func putSmall(tx *bolt.Tx, h ledger.Hash, part []byte) error {
	b, err := tx.Bucket(bucketSmall).CreateBucket(h[:])
	if err != nil {
		return err
	}
	return b.Put(smallKey, part)
}
