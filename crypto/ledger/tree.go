package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/canonical"
)

// The tree is RFC 6962's, over the entries' leaf hashes, kept as the stored
// hashes of golang.org/x/mod/sumdb/tlog: hash number StoredIndex(level, n) for
// every complete subtree, appended as leaves come.

// StoredTree is a tree's stored hashes in memory. It implements tlog.HashReader.
type StoredTree []tlog.Hash

// ReadHashes returns the hashes of these numbers.
func (t StoredTree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, n := range indexes {
		out[i] = t[n]
	}
	return out, nil
}

// Add appends what leaf number index stores: the leaf's own hash, then those of the subtrees that it completes. The tree
// must hold exactly the hashes of the leaves before it.
func (t *StoredTree) Add(index uint64, leaf Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(int64(index), tlog.Hash(leaf), *t)
	*t = append(*t, hashes...)
	return err
}

// StoredCount returns how many stored hashes a ledger of this size has.
func StoredCount(size uint64) uint64 { return uint64(tlog.StoredHashCount(int64(size))) }

// RootAt computes the root of the first size entries.
func RootAt(size uint64, r tlog.HashReader) (Hash, error) {
	if size == 0 {
		return Hash{}, fmt.Errorf("ledger: an empty ledger has no root")
	}
	h, err := tlog.TreeHash(int64(size), r)
	return Hash(h), err
}

// ProveEntry returns the inclusion path of entry index in the first size
// entries (RFC 6962 §2.1.1).
func ProveEntry(size, index uint64, r tlog.HashReader) ([]Hash, error) {
	if index >= size || size > MaxIndex {
		return nil, fmt.Errorf("ledger: entry %d is not among the first %d", index, size)
	}
	p, err := tlog.ProveRecord(int64(size), int64(index), r)
	return fromTlog(p), err
}

// ProveConsistency returns the path by which the first old entries are seen to
// be the beginning of the first size (RFC 6962 §2.1.2). old is 1 to size.
func ProveConsistency(size, old uint64, r tlog.HashReader) ([]Hash, error) {
	if old == 0 || old > size || size > MaxIndex {
		return nil, fmt.Errorf("ledger: no proof from %d to %d entries", old, size)
	}
	p, err := tlog.ProveTree(int64(size), int64(old), r)
	return fromTlog(p), err
}

// CheckInclusion verifies that leaf is entry index under a checkpoint.
func CheckInclusion(c Checkpoint, index uint64, leaf Hash, path []Hash) error {
	if index >= c.Size || c.Size > MaxIndex {
		return canonical.Refuse("inclusion: entry %d is not among the first %d", index, c.Size)
	}
	if tlog.CheckRecord(toTlog(path), int64(c.Size), tlog.Hash(c.Root), int64(index), tlog.Hash(leaf)) != nil {
		return canonical.Refuse("inclusion: the path does not lead from entry %d to the root of %d entries", index, c.Size)
	}
	return nil
}

// CheckConsistency verifies that the ledger at old is the beginning of the
// ledger at c.
func CheckConsistency(c, old Checkpoint, path []Hash) error {
	if old.Size == 0 || old.Size > c.Size || c.Size > MaxIndex {
		return canonical.Refuse("consistency: no way from %d to %d entries", old.Size, c.Size)
	}
	if tlog.CheckTree(toTlog(path), int64(c.Size), tlog.Hash(c.Root), int64(old.Size), tlog.Hash(old.Root)) != nil {
		return canonical.Refuse("consistency: the ledger of %d entries is not the beginning of that of %d", old.Size, c.Size)
	}
	return nil
}

func toTlog(hs []Hash) []tlog.Hash {
	out := make([]tlog.Hash, len(hs))
	for i, h := range hs {
		out[i] = tlog.Hash(h)
	}
	return out
}
