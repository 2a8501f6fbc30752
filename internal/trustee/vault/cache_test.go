package vault

import (
	"fmt"
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
		text, err := encodeLines(list)
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
