package ledger

import "crypto/sha256"

// compact is a compact range (RFC 9162 calls its like a frontier): the roots of
// the complete subtrees that the first size leaves fall into, largest first.
// One leaf costs one hash on average, and no more than 40 hashes are kept.
type compact []Hash

// add appends a leaf; size is the number of leaves before it.
func (c *compact) add(size uint64, leaf Hash) {
	h := leaf
	for ; size&1 == 1; size >>= 1 {
		last := len(*c) - 1
		h = nodeHash((*c)[last], h)
		*c = (*c)[:last]
	}
	*c = append(*c, h)
}

// root returns the tree's root; there must be a leaf.
func (c compact) root() Hash {
	h := c[len(c)-1]
	for i := len(c) - 2; i >= 0; i-- {
		h = nodeHash(c[i], h)
	}
	return h
}

// nodeHash returns SHA-256(0x01 || left || right), RFC 6962 §2.1.
func nodeHash(left, right Hash) Hash {
	var b [65]byte
	b[0] = 0x01
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}
