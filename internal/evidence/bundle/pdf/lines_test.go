package pdf

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"zapis/internal/shorttest"
)

// linesByTheRule is lines without its shortcuts: each line takes the whole text where that fits, and else its first words.
func linesByTheRule(f *face, text string, width int) (out []line) {
	for _, paragraph := range strings.Split(text, "\n") {
		right := rightToLeft(paragraph)
		for rest := paragraph; ; {
			n := len(rest)
			if f.shape(rest, right).width > width {
				n = f.fitting(rest, right, width)
			}
			out = append(out, f.shape(strings.TrimRight(rest[:n], " "), right))
			if rest = strings.TrimLeft(rest[n:], " "); rest == "" {
				break
			}
		}
	}
	return out
}

// Documents are compared byte by byte with those of other versions, so a shortcut must change no line.
func TestLinesAreThoseOfTheRule(t *testing.T) {
	shorttest.Skip(t, "lines are not compared with those that take no shortcut")
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Split("They came at six, fi ffl AVAST i\u0301 e\u0323\u0302 З’явіліся а шостай هجوم لا 2026 الإنسان 17.05 הגיע אתמול Anna – “it” "+
		strings.Repeat("longword", 6), " ")
	for range 20 {
		var text strings.Builder
		for range random.IntN(40) {
			text.WriteString(words[random.IntN(len(words))])
			text.WriteString([]string{" ", " ", " ", "  ", "\n", ""}[random.IntN(6)])
		}
		for _, f := range []*face{sans(), bold(), mono()} {
			shown, width := f.text(text.String()), 5000+random.IntN(40000)
			if got, want := f.lines(shown, width), linesByTheRule(f, shown, width); !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %d wide: %q is broken into %d lines, not %d", f.name, width, shown, len(got), len(want))
			}
			for _, paragraph := range strings.Split(shown, "\n") {
				if least, all := f.atLeast(paragraph), f.shape(paragraph, rightToLeft(paragraph)).width; least > all {
					t.Errorf("%s: %q has the width %d, and at least %d", f.name, paragraph, all, least)
				}
			}
		}
	}
}

// No mark above or below a Latin letter makes it narrower.
func TestMarksMakeNoLetterNarrower(t *testing.T) {
	for _, f := range []*face{sans(), bold(), mono()} {
		for r := 'A'; r <= 'z'; r++ {
			for mark := rune(0x300); mark < 0x370; mark += 3 {
				if text := f.text(string([]rune{r, mark})); f.atLeast(text) > f.shape(text, false).width {
					t.Errorf("%s: %q has the width %d, and at least %d", f.name, text, f.shape(text, false).width, f.atLeast(text))
				}
			}
		}
	}
}
