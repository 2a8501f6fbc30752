package card

import (
	"errors"
	"strings"
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
	want := 1216
	if s[:i] == prefixTagHybrid {
		want = 1249
	}
	data := s[i+1:]
	if len(data) != (want*8+4)/5+6 || !bech32Checks(s[:i], data, uint(len(data)-6)*5-uint(want)*8) {
		return errRecipient
	}
	return nil
}

const bech32Charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// bech32Checks verifies the checksum of BIP 173 without its limit of 90
// characters, as age does, and that the bits of padding before it are zero.
func bech32Checks(prefix, data string, padding uint) bool {
	sum := uint32(1)
	step := func(v byte) {
		top := sum >> 25
		sum = (sum&0x1ffffff)<<5 ^ uint32(v)
		sum ^= bech32Top[top]
	}
	for i := 0; i < len(prefix); i++ {
		step(prefix[i] >> 5)
	}
	step(0)
	for i := 0; i < len(prefix); i++ {
		step(prefix[i] & 31)
	}
	for i := 0; i < len(data); i++ {
		v := bech32Value[data[i]]
		if v == notBech32 {
			return false
		}
		if i == len(data)-7 && v&(1<<padding-1) != 0 {
			return false
		}
		step(v)
	}
	return sum == 1
}

const notBech32 = 0xff

// Tables for the sum over a post-quantum key's 2,000 characters: every statement that is opened has one.
var (
	bech32Top   = bech32Tops()
	bech32Value = bech32Values()
)

// bech32Tops gives what each of the top five bits takes along.
func bech32Tops() (t [32]uint32) {
	for top := range t {
		for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				t[top] ^= g
			}
		}
	}
	return t
}

func bech32Values() (t [256]byte) {
	for c := range t {
		t[c] = notBech32
	}
	for v := range len(bech32Charset) {
		t[bech32Charset[v]] = byte(v)
	}
	return t
}
