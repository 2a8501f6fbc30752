package export

import (
	"strings"
	"unicode"
)

// byteOrderMark is U+FEFF in UTF-8. Without it Excel reads a table in the system's code page.
const byteOrderMark = "\ufeff"

// appendRow writes a row by RFC 4180: every cell in quotation marks, those within doubled, commas between, CR LF at
// the end. Line feeds within a cell are unchanged.
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

// triggers begin a formula in some spreadsheets. Excel treats the full-width ones the same.
const triggers = "=+-@＝＋－＠"

// separators begin a new cell or row in some spreadsheets: where the locale's list separator is a semicolon, our
// commas and quotation marks are ignored, and a formula within a text would begin a cell of its own.
const separators = ",;|\t\r\n"

// harmless inserts an apostrophe, which makes the rest text, before everything that a spreadsheet might execute: at
// the beginning of a cell, and after every character that some spreadsheet takes for its end.
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

// overlooked reports whether a character at the beginning of a cell is invisible, or removed by spreadsheets.
func overlooked(r rune) bool {
	return r == '"' || r < ' ' || unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point)
}
