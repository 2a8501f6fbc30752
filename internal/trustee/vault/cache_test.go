package vault

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

type line struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

// Lines are decoded in pieces on all cores: none is lost or cut where two pieces meet, and one that is damaged is found
// wherever it is.
func TestLines(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 7, 1000} {
		var list []line
		for i := range n {
			list = append(list, line{i, fmt.Sprintf("a\nb %0*d", i%50, i)})
		}
		text, err := encodeLines("", list)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeLines[line](text)
		if err != nil || !slices.Equal(got, list) {
			t.Fatalf("%d lines came back as %d, %v", n, len(got), err)
		}
		for _, at := range []int{0, len(text) / 2, len(text) - 2} {
			if n == 0 {
				continue
			}
			damaged := slices.Clone(text)
			damaged[at] = 0
			if got, err := decodeLines[line](damaged); err == nil {
				t.Errorf("%d lines with a damaged byte %d came back as %d", n, at, len(got))
			}
		}
		if got, err := decodeLines[line](text[:max(len(text)-2, 0)]); n > 0 && err == nil {
			t.Errorf("%d lines, cut, came back as %d", n, len(got))
		}
	}
}

// Of items that have a text of their own, each line is one.
func TestTextLines(t *testing.T) {
	var list []netip.Addr
	for i := range 1000 {
		list = append(list, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	text, err := encodeLines("", list)
	if err != nil {
		t.Fatal(err)
	}
	if want := "10.0.0.0\n10.0.0.1\n"; string(text[:len(want)]) != want {
		t.Errorf("%.40q", text)
	}
	if got, err := decodeLines[netip.Addr](text); err != nil || !slices.Equal(got, list) {
		t.Errorf("%d came back, %v", len(got), err)
	}
	for name, damaged := range map[string][]byte{"cut": text[:len(text)-1], "changed": append([]byte("x"), text...)} {
		if got, err := decodeLines[netip.Addr](damaged); err == nil {
			t.Errorf("%s: %d came back", name, len(got))
		}
	}
}
