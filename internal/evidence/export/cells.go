package export

import (
	"strings"
	"unicode"
)

// appendRow writes a row as RFC 4180 has it: every cell in quotation marks, those within doubled, commas
// between, CR LF at the end. Line feeds within a cell stay what they are.
func appendRow(b []byte, cells []string) []byte {
	for i, c := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, strings.ReplaceAll(harmless(c), `"`, `""`)...)
		b = append(b, '"')
	}
	return append(b, "\r\n"...)
}

// triggers begin a formula in some spreadsheet. Excel reads the full-width ones like the others.
const triggers = "=+-@＝＋－＠"

// separators begin a new cell or row in some spreadsheet: where the locale's list separator is a semicolon, our
// commas and quotation marks mean nothing, and a formula in the middle of a text would stand at the head of a
// cell of its own.
const separators = ",;|\t\r\n"

// harmless puts an apostrophe, which makes text of what follows, before whatever a spreadsheet might execute:
// at the head of a cell, and behind everything that somebody's spreadsheet takes for the end of one.
func harmless(s string) string {
	var b strings.Builder
	head := true
	for i, r := range s {
		switch {
		case head && strings.ContainsRune(triggers, r), i == 0 && strings.ContainsRune("\t\r\n", r):
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		switch {
		case strings.ContainsRune(separators, r):
			head = true
		case !overlooked(r):
			head = false
		}
	}
	return b.String()
}

// overlooked is what stands at the head of a cell without being seen, or is taken away there.
func overlooked(r rune) bool {
	return r == '"' || r < ' ' || unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point)
}
