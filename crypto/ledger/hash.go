// Package ledger is the ledger's arithmetic: entries and their bodies, the
// chain and the tree over them, checkpoints, promises and receipts, and the
// rules by which keys and trustees change. It is pure: bytes in, bytes out, no
// clock, no disk, no network. Formats are specified in docs/spec/ledger.md.
package ledger

import (
	"crypto/sha256"
	"encoding/hex"

	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/canonical"
)

// ErrMismatch is the class of everything that does not verify.
var ErrMismatch = canonical.ErrMismatch

// Hash is a SHA-256 hash, written as 64 lower-case hexadecimal digits.
type Hash [32]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads 64 lower-case hexadecimal digits.
func (h *Hash) UnmarshalText(b []byte) error {
	v, err := ParseHash(string(b))
	*h = v
	return err
}

// ParseHash reads 64 lower-case hexadecimal digits.
func ParseHash(s string) (Hash, error) {
	h, err := canonical.ParseHash(s)
	if err != nil {
		return Hash{}, canonical.Refuse("hash: %w", err)
	}
	return h, nil
}

// Sum returns the plain SHA-256 of b: what names a part.
func Sum(b []byte) Hash { return sha256.Sum256(b) }

// LeafHash returns SHA-256(0x00 || entry): the entry's leaf in the tree (RFC 6962 §2.1), and its link in the chain.
func LeafHash(entry []byte) Hash { return prefixed(0x00, entry) }

// BodyHash returns SHA-256(0x02 || body): what a promise is about.
func BodyHash(body []byte) Hash { return prefixed(0x02, body) }

func prefixed(first byte, b []byte) Hash {
	// Nearly every entry and body fits the stack's kilobyte: no allocation, and little to clear.
	var small [1 << 10]byte
	if len(b) < len(small) {
		small[0] = first
		return sha256.Sum256(small[:1+copy(small[1:], b)])
	}
	h := sha256.New()
	h.Write([]byte{first})
	h.Write(b)
	return Hash(h.Sum(nil))
}

func fromTlog(hs []tlog.Hash) []Hash {
	out := make([]Hash, len(hs))
	for i, h := range hs {
		out[i] = Hash(h)
	}
	return out
}
