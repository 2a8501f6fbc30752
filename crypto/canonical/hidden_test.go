package canonical

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode"
)

// The list on the page is what other implementations use.
func TestHiddenIsWhatThePageLists(t *testing.T) {
	spec, err := os.ReadFile("../../docs/spec/custody.md")
	if err != nil {
		t.Fatal(err)
	}
	var ranges []string
	for i, of := range hidden {
		if i > 0 && of[0] <= hidden[i-1][1] {
			t.Errorf("U+%04X is out of order", of[0])
		}
		name := fmt.Sprintf("%04X", of[0])
		if of[1] > of[0] {
			name += fmt.Sprintf("-%04X", of[1])
		}
		ranges = append(ranges, name)
	}
	if want := "\n```\n" + strings.Join(ranges, " ") + "\n```\n"; !strings.Contains(string(spec), want) {
		t.Errorf("docs/spec/custody.md does not list %s", want)
	}
}

func TestHidden(t *testing.T) {
	for r := range unicode.MaxRune + 1 {
		in := false
		for _, of := range hidden {
			in = in || of[0] <= r && r <= of[1]
		}
		if Hidden(r) != in {
			t.Fatalf("U+%04X: %v", r, Hidden(r))
		}
		// A control, a direction or a private character never passes for a letter.
		if !in && (unicode.In(r, unicode.Cc, unicode.Co, unicode.Bidi_Control, unicode.Zl, unicode.Zp)) {
			t.Errorf("U+%04X is not listed", r)
		}
	}
	for _, r := range "aжłü ѝ\u00a0\u0301ⓐ😀\ufe0f\U0001fae9" {
		if Hidden(r) {
			t.Errorf("U+%04X shows", r)
		}
	}
}
