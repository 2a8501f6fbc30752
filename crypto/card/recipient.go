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
	if bech32Value[data[len(data)-7]]&(1<<padding-1) != 0 {
		return false
	}
	sum := uint32(1)
	for i := range len(prefix) {
		sum = bech32Step(sum, prefix[i]>>5)
	}
	sum = bech32Step(sum, 0)
	for i := range len(prefix) {
		sum = bech32Step(sum, prefix[i]&31)
	}
	if len(data)%2 == 1 {
		v := bech32Value[data[0]]
		if v == notBech32 {
			return false
		}
		sum, data = bech32Step(sum, v), data[1:]
	}
	for i := 0; i < len(data); i += 2 { // two at a time: each waits for the one before
		v, w := bech32Value[data[i]], bech32Value[data[i+1]]
		if v|w == notBech32 {
			return false
		}
		sum = sum&0xfffff<<10 ^ uint32(v)<<5 ^ uint32(w) ^ bech32Tops[sum>>20]
	}
	return sum == 1
}

// bech32Step takes the checksum's polynomial one value further.
func bech32Step(sum uint32, v byte) uint32 {
	top := sum >> 25
	sum = sum&0x1ffffff<<5 ^ uint32(v)
	for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		if top>>i&1 == 1 {
			sum ^= g
		}
	}
	return sum
}

const notBech32 = 0xff

// Tables for the sum over a post-quantum key's 2,000 characters: every statement that is opened has one.
var (
	bech32Tops = func() (t [1 << 10]uint32) { // what the top ten bits become in two steps
		for top := range t {
			t[top] = bech32Step(bech32Step(uint32(top)<<20, 0), 0)
		}
		return t
	}()
	bech32Value = func() (t [256]byte) {
		for c := range t {
			t[c] = notBech32
		}
		for v := range len(bech32Charset) {
			t[bech32Charset[v]] = byte(v)
		}
		return t
	}()
)
