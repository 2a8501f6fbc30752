package carry

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
)

// Writer writes a carry file. Its methods are called in the order of the file:
// checkpoints by size, entries by index, parts in the order in which the
// entries first name them, then each waiting submission with its parts. It
// refuses any other order, and anything that a Reader would refuse. Erased
// parts are left out. It does not close the underlying writer.
type Writer struct {
	t tarWriter
	c *course
}

// NewStream is NewWriter for a ledger of any size: the parts that entries name are not kept in memory. They are written by
// Parts, which reads the entries again, and no two entries may name one part.
func NewStream(w io.Writer, h Header) (*Writer, error) {
	x, err := NewWriter(w, h)
	x.c.again = sha256.New()
	return x, err
}

// NewWriter writes carry.txt.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	t, err := carryFormat.create(w, h)
	return &Writer{t, newCourse(h)}, err
}

// Checkpoint writes a checkpoint, with the known lines of witnesses.
func (w *Writer) Checkpoint(note []byte) error {
	cp, err := w.c.takeCheckpoint(note)
	if err != nil {
		return w.t.misuse(err)
	}
	return w.t.bytes(checkpointName(cp.Size), note)
}

// Entry writes an entry.
func (w *Writer) Entry(text []byte) error {
	e, err := w.c.takeEntry(text)
	if err != nil {
		return w.t.misuse(err)
	}
	return w.t.bytes(entryName(e.Index), text)
}

// Part writes a part that an entry named, from r, and compares its hash.
func (w *Writer) Part(h ledger.Hash, r io.Reader) error {
	e, err := w.c.takePart(h)
	if err != nil {
		return w.t.misuse(fmt.Errorf("%s: %w", partName(h), err))
	}
	return w.entryPart(e.part, r)
}

// Parts writes the parts of all entries, of a Writer of NewStream. again reads the entries' texts once more, in the same
// order; open gives a part's bytes, or nil for one that was erased. A text is not used after visit returns.
func (w *Writer) Parts(again func(visit func(text []byte) error) error, open func(ledger.Part) (io.ReadCloser, error)) error {
	if err := w.c.entriesDone(); err != nil {
		return w.t.misuse(err)
	}
	read := sha256.New()
	err := again(func(text []byte) error {
		e, err := ledger.ParseEntry(text)
		if err != nil {
			return w.t.misuse(err)
		}
		leaf := ledger.LeafHash(text)
		read.Write(leaf[:])
		for _, p := range e.Body.Parts {
			r, err := open(p)
			if err != nil {
				return err
			}
			if r == nil {
				w.c.missing = append(w.c.missing, expected{p, e.Index})
				continue
			}
			if err := exit.First(w.entryPart(p, r), r.Close()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !bytes.Equal(read.Sum(nil), w.c.again.Sum(nil)) {
		return w.t.misuse(errors.New("the entries were others when they were read again"))
	}
	return nil
}

// entryPart writes a part that an entry names. The body of a tombstone says what was erased.
func (w *Writer) entryPart(p ledger.Part, r io.Reader) error {
	h := p.Hash
	if w.c.tombstones[h] {
		body, err := io.ReadAll(io.LimitReader(r, ledger.MaxSmall+1))
		if err != nil {
			return err
		}
		if err := w.c.sawTombstone(body); err != nil {
			return w.t.misuse(err)
		}
		if ledger.Sum(body) != h {
			return w.t.misuse(fmt.Errorf("%s: its bytes have another hash", partName(h)))
		}
		return w.t.bytes(partName(h), body)
	}
	return w.t.misuse(w.t.part(partName(h), p, r))
}

// Waiting writes a submission that is not an entry yet: its body, and its
// promise file. Submissions are ordered by their body hashes.
func (w *Writer) Waiting(body, promise []byte) error {
	if _, err := w.c.takeWaitingBody(body); err != nil {
		return w.t.misuse(err)
	}
	if err := w.t.bytes(waitingName(w.c.body, "body"), body); err != nil {
		return err
	}
	if err := w.c.takePromise(promise); err != nil {
		return w.t.misuse(err)
	}
	return w.t.bytes(waitingName(w.c.body, "promise"), promise)
}

// WaitingPart writes the next part of the submission just begun.
func (w *Writer) WaitingPart(h ledger.Hash, r io.Reader) error {
	p, err := w.c.takeWaitingPart(h)
	if err != nil {
		return w.t.misuse(fmt.Errorf("%s: %w", waitingName(w.c.body, partName(h)), err))
	}
	return w.t.misuse(w.t.part(waitingName(w.c.body, partName(h)), p, r))
}

// Close ends the archive. It fails if a member is missing.
func (w *Writer) Close() error {
	return w.t.close(w.c.end)
}
