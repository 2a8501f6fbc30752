package main

import (
	"strings"

	"zapis/internal/escape"
)

// wrap breaks a line of escaped text at spaces so that each piece takes at most so many columns; 0 for as many
// as there are. A word that is longer stays whole: the terminal breaks it.
func wrap(line string, columns int) []string {
	if columns <= 0 || escape.Columns(line) <= columns {
		return []string{line}
	}
	var lines []string
	var now strings.Builder
	used := 0
	for _, word := range strings.Split(line, " ") {
		n := escape.Columns(word)
		if used > 0 && used+1+n > columns {
			lines = append(lines, now.String())
			now.Reset()
			used = 0
		} else if used > 0 {
			now.WriteByte(' ')
			used++
		}
		now.WriteString(word)
		used += n
	}
	return append(lines, now.String())
}
