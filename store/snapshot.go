package store

import (
	"fmt"
	"io"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// Snapshot is a read view of the ledger, for an export or a backup while
// submissions continue. What it returns is valid until Snapshot's function
// returns; attachments are files that never change, and stay open longer.
type Snapshot struct{ v *view }

// Snapshot runs fn over a snapshot. A long one costs disk space: for pages that
// can't be reused until it ends, and for the whole file that a compaction has
// replaced meanwhile. Nothing that is written waits for it.
func (s *Store) Snapshot(fn func(*Snapshot) error) error {
	return s.view(func(v *view) error { return fn(&Snapshot{v}) })
}

// Card returns the ledger's card.
func (n *Snapshot) Card() card.LedgerCard { return n.v.s.card }

// Size returns how many entries there are, all under the latest checkpoint.
func (n *Snapshot) Size() uint64 { return n.v.Size }

// Checkpoints visits the signed checkpoints of more than since entries, the
// smallest first; the latest is always among them.
func (n *Snapshot) Checkpoints(since uint64, visit func(size uint64, note []byte) error) error {
	since = min(since, n.v.Size-1)
	c := n.v.tx.Table(tableCheckpoints).Cursor()
	for k, note := c.Seek(number(since + 1)); k != nil; k, note = c.Next() {
		size, _ := readNumber(k)
		if size > n.v.Size {
			break // not released: its guard could not be written
		}
		if err := visit(size, note); err != nil {
			return err
		}
	}
	return nil
}

// Entries visits the entries' texts from this index on.
func (n *Snapshot) Entries(from uint64, visit func(index uint64, text []byte) error) error {
	return n.entries(from, nil, visit)
}

// EntriesWithParts is Entries where visit reads the parts of each entry too, by Part.
func (n *Snapshot) EntriesWithParts(from uint64, visit func(index uint64, text []byte) error) error {
	return n.entries(from, partsOfEntry, visit)
}

func (n *Snapshot) entries(from uint64, needs needs, visit func(index uint64, text []byte) error) error {
	if from >= n.v.Size {
		return nil
	}
	c := n.v.tx.Table(tableEntries).Cursor() // brings many rows in one round trip
	k, value := c.Seek(number(from))
	i := from
	for k, value := range ahead(n.v.tx, n.v.s.shared && needs != nil, c, k, value, needs) {
		if at, ok := readNumber(k); !ok || at != i {
			break
		}
		text, ok := textOf(i, value)
		if !ok {
			return fmt.Errorf("%w: entry %d is cut short", ledger.ErrMismatch, i)
		}
		if err := visit(i, text); err != nil {
			return err
		}
		if i++; i == n.v.Size {
			return nil
		}
	}
	return fmt.Errorf("entry %d: %w", i, ErrUnknown)
}

// Part opens a part's ciphertext and returns its size. ErrErased means erased,
// ErrUnknown missing.
func (n *Snapshot) Part(h ledger.Hash) (io.ReadCloser, int64, error) {
	return n.v.openPart(h)
}

// Waiting is a submission that waits for its slot.
type Waiting struct {
	Hash    ledger.Hash // of the body
	Body    ledger.Body
	Text    []byte // the body's lines
	Promise []byte // the promise file: note, blank line, body
}

// Waiting visits the waiting submissions, in the order of the bodies' hashes.
func (n *Snapshot) Waiting(visit func(Waiting) error) error {
	return eachWaiting(n.v.tx, func(w waiting) error {
		return visit(Waiting{w.hash, w.body, w.text, w.promise})
	})
}

// WaitingWithParts is Waiting where visit reads the parts of each too, by Part, or asks whether it is Urgent.
func (n *Snapshot) WaitingWithParts(visit func(Waiting) error) error {
	c := n.v.tx.Table(tableWaiting).Cursor()
	k, file := c.First()
	for k, file := range ahead(n.v.tx, n.v.s.shared, c, k, file, partsOfWaiting) {
		w, err := readWaiting(k, file)
		if err == nil {
			err = visit(Waiting{w.hash, w.body, w.text, w.promise})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// WaitingCount returns how many submissions wait.
func (n *Snapshot) WaitingCount() (count int) {
	c := n.v.tx.Table(tableWaiting).Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		count++
	}
	return count
}

// Waiting visits the waiting submissions, in the order of the bodies' hashes.
func (s *Store) Waiting(visit func(Waiting) error) error {
	return s.Snapshot(func(n *Snapshot) error { return n.Waiting(visit) })
}
