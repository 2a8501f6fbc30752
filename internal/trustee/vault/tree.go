package vault

import (
	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/ledger"
)

// storedHashes are the tree's hashes in memory, as golang.org/x/mod/sumdb/tlog numbers them.
type storedHashes []tlog.Hash

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, n := range indexes {
		out[i] = s[n]
	}
	return out, nil
}

// tree computes the hashes over all entries; a receipt or an old root needs them, and nothing else does.
func (h *held) tree() (storedHashes, error) {
	s := make(storedHashes, 0, ledger.StoredCount(uint64(len(h.leaves))))
	for i, leaf := range h.leaves {
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

// root is the tree's root over the first size entries.
func (h *held) root(size uint64) (ledger.Hash, error) {
	s, err := h.tree()
	if err != nil {
		return ledger.Hash{}, err
	}
	return ledger.RootAt(size, s)
}
