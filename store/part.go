package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/kv"
)

// writeBehind is the number of bytes after which the kernel is asked to begin writing.
const writeBehind = 8 << 20

// partState decides which goroutine may delete a part that no body names yet.
type partState struct {
	size    int64
	claimed bool // a Submit is under way that names it
}

// pendingParts are the attachments under their final names that no committed body names: a crash leaves them behind,
// and the next opening removes them.
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

// settle ends a claim: committed attachments are no longer pending, others can be submitted again or discarded.
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

// begin registers a hash for a new attachment, unless one of this hash is pending.
func (p *pendingParts) begin(part ledger.Part) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.parts[part.Hash]; ok {
		return false
	}
	p.parts[part.Hash] = partState{size: part.Size}
	return true
}

// drop removes a pending attachment, unless a Submit has claimed it.
func (p *pendingParts) drop(h ledger.Hash) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.parts[h]
	if !ok || s.claimed {
		return false
	}
	delete(p.parts, h)
	return true
}

func (p *pendingParts) forget(h ledger.Hash) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.parts, h)
}

// has reports whether an attachment waits for the body that names it.
func (p *pendingParts) has(h ledger.Hash) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.parts[h]
	return ok
}

// PartWriter writes one attachment's ciphertext to a temporary file. It belongs to one goroutine and ends with Keep or
// Discard; Discard after either is safe, so that it can be deferred until the body that names the part is submitted.
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

// Write appends bytes of the ciphertext.
func (w *PartWriter) Write(b []byte) (int, error) {
	if w.f == nil {
		return 0, os.ErrClosed
	}
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.f.Write(b)
	w.s.volume.add(0, int64(n))
	before := w.size / writeBehind
	w.size += int64(n)
	if after := w.size / writeBehind; after > before && !w.s.shared { // else the file is a spool, and gone before the kernel would write it
		startWriting(w.f, before*writeBehind, (after-before)*writeBehind)
	}
	w.err = fileError(err)
	return n, w.err
}

// Keep makes the attachment durable under its final name, and returns the part as a body must name it. It is not yet
// part of the ledger: a Submit must name it before the store is closed.
//
// h is the SHA-256 of all that was written. The caller computes it: sealing does so on another core, and a second
// computation here would add its time. Check finds a wrong one, and so does every reader of the part.
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

// keep passes the file to the engine of the attachments.
func (w *PartWriter) keep(part ledger.Part) error {
	if err := w.f.Close(); err != nil {
		return err
	}
	p := &w.s.pending
	if !p.begin(part) {
		return fmt.Errorf("%w: %s", ErrPartTaken, part.Hash)
	}
	err := w.s.announce(part.Hash)
	if err == nil {
		err = w.s.parts.Put(context.Background(), blob.Hash(part.Hash), blob.Spool{Path: w.path, Size: w.size})
	}
	if err != nil {
		p.forget(part.Hash)
		if errors.Is(err, blob.ErrTaken) {
			err = fmt.Errorf("%w: %s", ErrPartTaken, part.Hash)
		}
		return err
	}
	w.f, w.hash, w.kept = nil, part.Hash, true
	return nil
}

// Discard removes the attachment, whole or not, unless a body that names it has
// been submitted, is being submitted, or may have reached a failing disk.
func (w *PartWriter) Discard() error {
	if w.kept {
		return w.discardKept()
	}
	if w.f == nil {
		return nil
	}
	_ = w.f.Close()
	w.f = nil
	w.s.volume.add(0, -w.size)
	return blob.Spool{Path: w.path}.Remove()
}

func (w *PartWriter) discardKept() error {
	if !w.s.pending.drop(w.hash) {
		return nil
	}
	w.kept = false
	w.s.volume.add(0, -w.size)
	return exit.First(w.s.parts.Remove(context.Background(), blob.Hash(w.hash)), w.s.settled(w.hash))
}

// Part opens a part's ciphertext and returns its size in bytes. The bytes are as on the disk: the caller compares the
// hash. ErrErased means that it was erased, ErrUnknown that it never existed.
func (s *Store) Part(h ledger.Hash) (r io.ReadCloser, size int64, err error) {
	err = s.view(func(v *view) error {
		r, size, err = v.openPart(h)
		return err
	})
	return r, size, err
}

func (v *view) openPart(h ledger.Hash) (io.ReadCloser, int64, error) {
	buf := v.spare
	v.spare = nil
	if small := v.tx.Copy(tableSmall, h[:], &buf); small != nil {
		return &openedPart{*bytes.NewReader(small), v, buf}, int64(len(small)), nil
	}
	v.spare = buf
	if v.tx.Table(tableErased).Get(h[:]) != nil {
		return nil, 0, fmt.Errorf("part %s: %w", h, ErrErased)
	}
	if _, ok := readNumber(v.tx.Table(tableFiles).Get(h[:])); !ok {
		return nil, 0, fmt.Errorf("part %s: %w", h, ErrUnknown)
	}
	return v.s.parts.Open(context.Background(), blob.Hash(h))
}

// openedPart reads a copy of a small part. Close gives the copy's memory back to the view, for the next part.
type openedPart struct {
	bytes.Reader
	v   *view
	buf []byte // nil once closed
}

func (p *openedPart) Close() error {
	if p.buf != nil {
		p.v.spare, p.buf = p.buf, nil
		p.Reset(nil)
	}
	return nil
}

// smallPart returns a part from the database, valid until the transaction ends.
func smallPart(tx kv.Tx, h ledger.Hash) ([]byte, bool) {
	part := tx.Table(tableSmall).Get(h[:])
	return part, part != nil
}

func putSmall(tx kv.Tx, h ledger.Hash, part []byte) error {
	return tx.Table(tableSmall).Put(h[:], part)
}
