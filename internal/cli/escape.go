package cli

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape makes a foreign text safe to show on a terminal as part of one line. Characters that could move the cursor,
// change the direction of text, or are invisible are shown as their code point, `\u{202e}`; an invalid UTF-8 byte as
// `\x{9b}`. Everything visible stays as it is.
func Escape(text string) string { return escape(text, false) }

// EscapeLines is Escape for text of several lines: a line feed stays.
func EscapeLines(text string) string { return escape(text, true) }

func escape(text string, lines bool) string {
	clean := true
	for i, r := range text {
		if !visible(r) || (r == utf8.RuneError && !isReplacement(text[i:])) {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !isReplacement(text[i:]):
			fmt.Fprintf(&b, `\x{%02x}`, text[i])
		case visible(r), lines && r == '\n':
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	return b.String()
}

// isReplacement distinguishes an encoded U+FFFD from an invalid byte.
func isReplacement(text string) bool {
	_, size := utf8.DecodeRuneInString(text)
	return size == len(string(utf8.RuneError))
}

// visible reports whether a rune is shown as itself: letters, marks, numbers, punctuation, symbols and spaces; not
// controls (C0, C1, ESC), formats (direction, zero width, tags), separators of lines and paragraphs, surrogates,
// private use and unassigned, nor default-ignorable ones. The variation selectors of text and emoji style are the one
// exception, since they are common.
func visible(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r >= ' ' && r < 0x7f
	case r == 0xfe0e, r == 0xfe0f:
		return true
	case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return false
	}
	return unicode.IsGraphic(r)
}

// Columns returns how many columns of a terminal a text takes after Escape: marks take none, East Asian wide
// characters and emoji two.
func Columns(text string) int {
	n := 0
	for _, r := range Escape(text) {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// wide reports whether terminals draw a rune in two columns (Unicode Standard Annex 11, W and F).
func wide(r rune) bool {
	switch {
	case r < 0x1100:
		return false
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf && r != 0x303f, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60,
		r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1f64f, r >= 0x1f680 && r <= 0x1faff,
		r >= 0x20000 && r <= 0x3fffd:
		return true
	}
	return false
}
