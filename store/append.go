package store

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// tip is the position of the next entry: the ledger's size, its last leaf, and
// the roots of the complete subtrees at its right edge, by level. An append
// needs to read nothing else. The committer owns it; it changes a copy, and
// keeps that when the transaction has been committed.
type tip struct {
	origin string
	size   uint64
	leaf   ledger.Hash
	edge   [64]tlog.Hash

	// values holds the values of one transaction; bbolt needs them until the
	// commit.
	values *arena
}

// arena hands out byte slices that are valid until it is reset.
type arena struct {
	free, whole []byte
	head        []byte // of one entry
}

func (a *arena) take(n int) []byte {
	if len(a.free) < n {
		a.whole = make([]byte, max(n, 2*len(a.whole), 64<<10))
		a.free = a.whole
	}
	b := a.free[:n:n]
	a.free = a.free[n:]
	return b
}

// maxArena is the capacity that is kept for the next transaction, in bytes.
const maxArena = 8 << 20

func (a *arena) reset() {
	if len(a.whole) > maxArena {
		a.whole = nil
	}
	a.free = a.whole
}

// appendEntry appends a body as the next entry, and writes its text and the
// hashes of the tree that it completes as one value: no earlier value is
// changed, and only the database's last page grows.
func (t *tip) appendEntry(tx kv.Tx, body []byte) error {
	b := tx.Table(tableEntries)
	t.values.head = ledger.AppendHead(t.values.head[:0], t.origin, t.size, t.leaf)
	head := t.values.head
	hashes := hashesIn(t.size)
	value := t.values.take(32*hashes + len(head) + len(body))
	copy(value[32*hashes+copy(value[32*hashes:], head):], body)
	text := value[32*hashes:]
	if len(text) > ledger.MaxEntry {
		return fmt.Errorf("%w: the entry would have %d bytes, and at most %d are allowed", ErrRefused, len(text), ledger.MaxEntry)
	}
	t.leaf = ledger.LeafHash(text)
	h := tlog.Hash(t.leaf)
	copy(value, h[:])
	for level := 0; level < hashes-1; level++ {
		h = tlog.NodeHash(t.edge[level], h)
		copy(value[32*(level+1):], h[:])
	}
	t.edge[hashes-1] = h
	if err := b.Put(number(t.size), value); err != nil {
		return err
	}
	t.size++
	return nil
}

// root returns the tree's root over all entries so far.
func (t *tip) root() ledger.Hash {
	var h tlog.Hash
	first := true
	for level := 0; t.size>>level > 0; level++ {
		switch {
		case t.size>>level&1 == 0:
		case first:
			h, first = t.edge[level], false
		default:
			h = tlog.NodeHash(t.edge[level], h)
		}
	}
	return ledger.Hash(h)
}

// loadTip reads the tip from the database.
func loadTip(tx kv.Tx, origin string) (tip, error) {
	t := tip{origin: origin, values: new(arena)}
	entries := tx.Table(tableEntries)
	k, _ := entries.Cursor().Last()
	last, ok := readNumber(k)
	if !ok {
		return t, fmt.Errorf("%w: no entry 0", ledger.ErrMismatch)
	}
	t.size = last + 1
	r := hashReader{tx: tx, size: t.size}
	want := []int64{tlog.StoredHashIndex(0, int64(last))}
	for level := range t.edge {
		// The left sibling that the next complete subtree of this level needs.
		if n := t.size >> level; n&1 == 1 {
			want = append(want, tlog.StoredHashIndex(level, int64(n-1)))
		}
	}
	hashes, err := r.ReadHashes(want)
	if err != nil {
		return t, err
	}
	t.leaf, hashes = ledger.Hash(hashes[0]), hashes[1:]
	for level := range t.edge {
		if t.size>>level&1 == 1 {
			t.edge[level], hashes = hashes[0], hashes[1:]
		}
	}
	return t, nil
}

// hashReader reads the tree's hashes as golang.org/x/mod/sumdb/tlog numbers
// them, among the first size entries: the subtree (level, n) was completed by
// entry (n+1)·2^level - 1, whose value begins with its hashes by level. It announces those entries (kv.Tx.Want).
type hashReader struct {
	tx   kv.Tx
	size uint64
}

func (r hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	want := make([]kv.Key, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		by := uint64(n+1)<<level - 1
		if by >= r.size {
			return nil, fmt.Errorf("%w: the tree of %d entries has no hash %d at level %d", ErrUnknown, r.size, n, level)
		}
		want[i] = kv.Key{Table: tableEntries, Key: number(by)}
	}
	r.tx.Want(want...)
	entries := r.tx.Table(tableEntries)
	for i, index := range indexes {
		level, _ := tlog.SplitStoredHashIndex(index)
		v := entries.Get(want[i].Key)
		if len(v) < 32*(level+1) {
			by, _ := readNumber(want[i].Key)
			return nil, fmt.Errorf("%w: entry %d, or its part of the tree, is missing", ledger.ErrMismatch, by)
		}
		copy(hashes[i][:], v[32*level:])
	}
	return hashes, nil
}
