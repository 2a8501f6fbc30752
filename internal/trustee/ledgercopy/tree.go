package ledgercopy

import (
	"zapis/crypto/ledger"
)

// Tree computes the hashes over all entries, for a receipt or an old root.
func (c *Copy) Tree() (ledger.StoredTree, error) {
	leaves := c.allLeaves()
	s := make(ledger.StoredTree, 0, ledger.StoredCount(uint64(len(leaves))))
	for i, leaf := range leaves {
		if err := s.Add(uint64(i), leaf); err != nil {
			return nil, err
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
