package code

// encodeBech32 writes data in Bech32 (BIP 173) under a human-readable part in
// small letters. age writes and reads identities in that form, but keeps its
// encoder to itself. The result may be a secret: the caller clears it.
func encodeBech32(hrp string, data []byte) []byte {
	const charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
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

	sum := uint32(1)
	for i := range len(hrp) {
		sum = bech32Step(sum, hrp[i]>>5)
	}
	sum = bech32Step(sum, 0)
	for i := range len(hrp) {
		sum = bech32Step(sum, hrp[i]&31)
	}
	out := make([]byte, 0, len(hrp)+1+cap(values)+6)
	out = append(append(out, hrp...), '1')
	for _, v := range values {
		sum = bech32Step(sum, v)
		out = append(out, charset[v])
	}
	for range 6 {
		sum = bech32Step(sum, 0)
	}
	sum ^= 1
	for i := range 6 {
		out = append(out, charset[sum>>(5*(5-i))&31])
	}
	return out
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
