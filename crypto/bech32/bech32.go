// Package bech32 writes and checks Bech32 (BIP 173) without its limit of 90
// characters, as age writes recipients and identities, whose own encoder it
// keeps to itself.
//
// A text is a prefix, "1", the bytes as characters of five bits, and six
// characters of checksum, all in small letters.
package bech32

const charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

const sumLength = 6 // characters

// Encode writes data under a prefix in small letters. The result may be a
// secret: the caller clears it.
func Encode(prefix string, data []byte) []byte {
	values := make([]byte, 0, len(data)*8/5+1)
	defer func() { clear(values[:cap(values)]) }()
	var acc, bits uint
	for _, b := range data {
		acc, bits = acc<<8|uint(b), bits+8
		for bits >= 5 {
			bits -= 5
			values = append(values, byte(acc>>bits)&31)
		}
		acc &= 1<<bits - 1
	}
	if bits > 0 {
		values = append(values, byte(acc<<(5-bits))&31)
	}

	sum := start(prefix)
	out := make([]byte, 0, len(prefix)+1+cap(values)+sumLength)
	out = append(append(out, prefix...), '1')
	for _, v := range values {
		sum = step(sum, v)
		out = append(out, charset[v])
	}
	for range sumLength {
		sum = step(sum, 0)
	}
	sum ^= 1
	for i := range sumLength {
		out = append(out, charset[sum>>(5*(sumLength-1-i))&31])
	}
	return out
}

// Length returns how many characters follow the "1" for so many bytes.
func Length(bytes int) int { return (bytes*8+4)/5 + sumLength }

// Check reports whether data, what stands behind the prefix and "1", holds so
// many bytes, with the right checksum, and zeros in the bits that fill up the
// last character before it. It decodes nothing.
func Check(prefix, data string, bytes int) bool {
	if len(data) != Length(bytes) {
		return false
	}
	fill := uint((len(data)-sumLength)*5 - bytes*8)
	if fill > 0 && value[data[len(data)-sumLength-1]]&(1<<fill-1) != 0 {
		return false
	}
	sum := start(prefix)
	if len(data)%2 == 1 {
		v := value[data[0]]
		if v == none {
			return false
		}
		sum, data = step(sum, v), data[1:]
	}
	for i := 0; i < len(data); i += 2 { // two at a time: each waits for the one before
		v, w := value[data[i]], value[data[i+1]]
		if v|w == none {
			return false
		}
		sum = sum&0xfffff<<10 ^ uint32(v)<<5 ^ uint32(w) ^ tops[sum>>20]
	}
	return sum == 1
}

// start returns the checksum's polynomial over the prefix.
func start(prefix string) uint32 {
	sum := uint32(1)
	for i := range len(prefix) {
		sum = step(sum, prefix[i]>>5)
	}
	sum = step(sum, 0)
	for i := range len(prefix) {
		sum = step(sum, prefix[i]&31)
	}
	return sum
}

// step advances the polynomial by one value.
func step(sum uint32, v byte) uint32 {
	top := sum >> 25
	sum = sum&0x1ffffff<<5 ^ uint32(v)
	for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		if top>>i&1 == 1 {
			sum ^= g
		}
	}
	return sum
}

const none = 0xff

// Tables for the sum over a post-quantum key's 2,000 characters: every statement
// that is opened has one.
var (
	tops = func() (t [1 << 10]uint32) { // what the top ten bits become in two steps
		for top := range t {
			t[top] = step(step(uint32(top)<<20, 0), 0)
		}
		return t
	}()
	value = func() (t [256]byte) {
		for c := range t {
			t[c] = none
		}
		for v := range len(charset) {
			t[charset[v]] = byte(v)
		}
		return t
	}()
)
