package store

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"sync"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// The index from a body's hash to its entry. Hashes are random, so writing
// each into a sorted tree would change one page of 8 KiB for every entry, more
// than the entry itself. So the newest entries are indexed in memory only, and
// are written to the database by the thousand, in order. Opening reads those
// again whose index was not yet written: meta's "indexed" has the first of
// them.

// maxTail is how many entries may be indexed in memory alone: 4 MB, and a
// tenth of a second when opening.
const maxTail = 1 << 15

// A reader keeps the tail of its snapshot: a flush creates a new one.
type tailIndex struct {
	from uint64 // the entries below are in the database's index

	late  bool      // of a read-only ledger: nothing is loaded until the first look-up
	once  sync.Once // then
	mu    sync.RWMutex
	after map[bodyKey]uint64
}

func newTail(from uint64) *tailIndex {
	return &tailIndex{from: from, after: make(map[bodyKey]uint64)}
}

// bodyKey is half of a body's hash. The caller compares the whole hash of the
// entry.
type bodyKey [16]byte

func keyOf(body ledger.Hash) bodyKey { return bodyKey(body[:16]) }

// find looks a body up among the first size entries.
func (x *tailIndex) find(tx kv.Tx, body ledger.Hash, size uint64) (uint64, bool) {
	key := keyOf(body)
	if x.late {
		x.once.Do(func() { x.after, _ = indexFrom(tx, x.from, size) }) // Check reports damaged ones
	}
	x.mu.RLock()
	index, ok := x.after[key]
	x.mu.RUnlock()
	if !ok {
		index, ok = readNumber(tx.Table(tableBodies).Get(key[:]))
	}
	return index, ok && index < size
}

// add indexes entries that have been committed, numbered on from first.
func (x *tailIndex) add(bodies []ledger.Hash, first uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, body := range bodies {
		x.after[keyOf(body)] = first + uint64(i)
	}
}

func (x *tailIndex) size() uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return uint64(len(x.after))
}

// flush writes the tail, and the bodies of the entries that this transaction
// appends, into the database's index. When the transaction is committed, a new
// tail replaces this one.
func (x *tailIndex) flush(tx kv.Tx, more []ledger.Hash) error {
	x.mu.RLock()
	all := maps.Clone(x.after)
	x.mu.RUnlock()
	next := x.from + uint64(len(all))
	for _, body := range more {
		all[keyOf(body)] = next
		next++
	}
	b := tx.Table(tableBodies)
	for _, key := range slices.SortedFunc(maps.Keys(all), func(a, b bodyKey) int { return bytes.Compare(a[:], b[:]) }) {
		if err := b.Put(key[:], number(all[key])); err != nil {
			return err
		}
	}
	return tx.Table(tableMeta).Put(metaIndexed, number(next))
}

// loadTail indexes the entries that the database's index does not have. For a
// read-only ledger, which may be damaged, it does so at the first look-up.
func loadTail(tx kv.Tx, size uint64, readOnly bool) (*tailIndex, error) {
	from, ok := readNumber(tx.Table(tableMeta).Get(metaIndexed))
	if !ok || from > size {
		return nil, fmt.Errorf("%w: ledger.db does not say how much of it is indexed", ledger.ErrMismatch)
	}
	if readOnly {
		return &tailIndex{from: from, late: true}, nil
	}
	after, err := indexFrom(tx, from, size)
	if err != nil {
		return nil, err
	}
	x := newTail(from)
	x.after = after
	return x, nil
}

func indexFrom(tx kv.Tx, from, size uint64) (map[bodyKey]uint64, error) {
	after := make(map[bodyKey]uint64)
	if from >= size {
		return after, nil
	}
	c := tx.Table(tableEntries).Cursor()
	i := from
	for k, value := c.Seek(number(from)); k != nil && i < size; k, value = c.Next() {
		if at, ok := readNumber(k); !ok || at != i {
			break
		}
		e, err := parseEntry(i, value)
		if err != nil {
			return after, err
		}
		after[keyOf(e.Body.Hash())] = i
		i++
	}
	if i < size {
		return after, fmt.Errorf("entry %d: %w", i, ErrUnknown)
	}
	return after, nil
}

func readEntry(entries kv.Table, index uint64) (ledger.Entry, error) {
	value := entries.Get(number(index))
	if value == nil {
		return ledger.Entry{}, fmt.Errorf("entry %d: %w", index, ErrUnknown)
	}
	return parseEntry(index, value)
}

// parseEntry reads an entry from its value in the database.
func parseEntry(index uint64, value []byte) (ledger.Entry, error) {
	text, ok := textOf(index, value)
	if !ok {
		return ledger.Entry{}, fmt.Errorf("%w: entry %d is cut short", ledger.ErrMismatch, index)
	}
	e, err := ledger.ParseEntry(text)
	if err != nil {
		return ledger.Entry{}, fmt.Errorf("entry %d: %w", index, err)
	}
	return e, nil
}

// entryText returns an entry's text, valid until the transaction ends.
func entryText(entries kv.Table, index uint64) ([]byte, error) {
	value := entries.Get(number(index))
	if value == nil {
		return nil, fmt.Errorf("entry %d: %w", index, ErrUnknown)
	}
	text, ok := textOf(index, value)
	if !ok {
		return nil, fmt.Errorf("%w: entry %d is cut short", ledger.ErrMismatch, index)
	}
	return text, nil
}
