package bech32

import "testing"

// What fills up the last character is zeros, or two texts would hold the same
// bytes: one byte is eight bits, and two characters have ten.
func TestFill(t *testing.T) {
	for v := range byte(4) {
		sum := start("a")
		data := ""
		for _, v := range []byte{0, v} {
			sum = step(sum, v)
			data += string(charset[v])
		}
		for range sumLength {
			sum = step(sum, 0)
		}
		for i := range sumLength {
			data += string(charset[(sum^1)>>(5*(sumLength-1-i))&31])
		}
		if got := Check("a", data, 1); got != (v == 0) {
			t.Errorf("filled with %02b: %t", v, got)
		}
	}
}
