// Package escape makes foreign text safe to show as text: in a terminal, a page, a text file.
package escape

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Text makes a foreign text safe to show as part of one line. Characters that could move the cursor,
// change the direction of text, or are invisible are shown as their code point, `\u{202e}`; an invalid UTF-8 byte as
// `\x{9b}`. Everything visible stays as it is.
func Text(text string) string { return escape(text, false) }

// Lines is Text for text of several lines: a line feed stays.
func Lines(text string) string { return escape(text, true) }

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

// Columns returns how many columns of a terminal a text takes after Text: marks take none, East Asian wide
// characters and emoji two (Unicode Standard Annex 11, W and F).
func Columns(text string) int {
	n := 0
	for _, r := range Text(text) {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case kind == width.EastAsianWide, kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
