package ledgercopy

import (
	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/ledger"
)

// Tree holds the hashes of the Merkle tree in memory, as golang.org/x/mod/sumdb/tlog numbers them.
type Tree []tlog.Hash

func (s Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, n := range indexes {
		out[i] = s[n]
	}
	return out, nil
}

// Tree computes the hashes over all entries, for a receipt or an old root.
func (c *Copy) Tree() (Tree, error) {
	leaves := c.allLeaves()
	s := make(Tree, 0, ledger.StoredCount(uint64(len(leaves))))
	for i, leaf := range leaves {
		more, err := ledger.StoredHashes(uint64(i), leaf, s)
		if err != nil {
			return nil, err
		}
		for _, m := range more {
			s = append(s, tlog.Hash(m))
		}
	}
	return s, nil
}

// Root returns the tree's root over the first size entries.
func (c *Copy) Root(size uint64) (ledger.Hash, error) {
	s, err := c.Tree()
	if err != nil {
		return ledger.Hash{}, err
	}
	return ledger.RootAt(size, s)
}
