package card

import (
	"errors"
	"strings"

	"zapis/crypto/bech32"
)

// The recipients that a card may name. Classic keys (age1 and no more) would
// fall to a quantum computer, and everything sealed today with them.
const (
	prefixHybrid    = "age1pq"    // software: ML-KEM-768 with X25519, 1,216 bytes
	prefixTagHybrid = "age1tagpq" // hardware: ML-KEM-768 with P-256, 1,249 bytes
)

var (
	errClassic   = errors.New("not a post-quantum recipient (age1pq1… or age1tagpq1…)")
	errRecipient = errors.New("the recipient is damaged: its checksum does not fit")
)

// CheckRecipient refuses what is not a post-quantum age recipient with a right
// checksum. It looks at the writing only, so that a ledger can be checked
// without anything that encrypts; crypto/seal reads the key itself.
func CheckRecipient(s string) error {
	i := strings.LastIndexByte(s, '1')
	if i < 0 || s[:i] != prefixHybrid && s[:i] != prefixTagHybrid {
		return errClassic
	}
	size := 1216
	if s[:i] == prefixTagHybrid {
		size = 1249
	}
	if !bech32.Check(s[:i], s[i+1:], size) {
		return errRecipient
	}
	return nil
}
