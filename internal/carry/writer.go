package carry

import (
	"fmt"
	"io"

	"zapis/crypto/ledger"
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
	return w.t.misuse(w.t.part(partName(h), e.part, r))
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
	if err := w.c.end(); err != nil {
		return w.t.misuse(err)
	}
	return w.t.close()
}
