// Package localefile reads the files of sentences that all pages and tables are translated in:
//
//	# Deutsch. Not reviewed by a native speaker yet.
//	form.heading = Erzählen Sie uns, was passiert ist
//
// one sentence a line, placeholders in braces, no markup. Blank lines and lines that start with # say nothing.
package localefile

import (
	"bufio"
	"fmt"
	"strings"
)

// Languages returns the codes of the languages that the pages and tables are in, in the order in which people choose
// one. English is the reference of all others.
func Languages() []string { return []string{"be", "ru", "uk", "pl", "lt", "de", "en"} }

// Fill replaces the placeholders of a sentence. pairs are names without braces, each before its value.
func Fill(text string, pairs ...any) string {
	if len(pairs) == 0 {
		return text
	}
	old := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		old = append(old, "{"+fmt.Sprint(pairs[i])+"}", fmt.Sprint(pairs[i+1]))
	}
	return strings.NewReplacer(old...).Replace(text)
}

// Parse returns a file's sentences by key. An error names the locale and the line.
func Parse(code, raw string) (map[string]string, error) {
	text := make(map[string]string)
	lines := bufio.NewScanner(strings.NewReader(raw))
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, sentence, ok := strings.Cut(line, " = ")
		if !ok || key == "" || strings.TrimSpace(sentence) != sentence || sentence == "" {
			return nil, fmt.Errorf("locale %s, line %d: not `key = text`", code, n)
		}
		if _, twice := text[key]; twice {
			return nil, fmt.Errorf("locale %s, line %d: %s stands twice", code, n, key)
		}
		text[key] = sentence
	}
	return text, lines.Err()
}
