package main

import (
	"slices"
	"strings"
)

// assignment is a key of a configuration file with its values, each on a line of its own; without values the key is
// commented out.
type assignment struct {
	key    string
	values []string
}

// keyOf is the key that a line sets, and whether the line is commented out. A comment sets none unless `key = value`
// follows the # at once.
func keyOf(line string) (key, value string, commented bool) {
	line, commented = strings.CutPrefix(strings.TrimSpace(line), "#")
	if commented && strings.HasPrefix(line, " ") {
		return "", "", true
	}
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		return "", "", commented
	}
	return strings.TrimSpace(key), strings.TrimSpace(value), commented
}

// valuesOf lists the values that a configuration gives a key.
func valuesOf(text []byte, key string) (values []string) {
	for line := range strings.Lines(string(text)) {
		if k, value, commented := keyOf(line); k == key && !commented && value != "" {
			values = append(values, value)
		}
	}
	return values
}

// setKeys sets the values of keys in a configuration. A key's lines are replaced where the first of them stands; where
// there is none, the line that shows the key commented out is, or the end. All other lines stay as they are.
func setKeys(text []byte, list []assignment) []byte {
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	for _, a := range list {
		at := -1
		for _, want := range []bool{false, true} { // lines that set it, then those that show it
			if at >= 0 {
				break
			}
			at = slices.IndexFunc(lines, func(line string) bool {
				key, _, commented := keyOf(line)
				return key == a.key && commented == want
			})
		}
		var set []string
		for _, value := range a.values {
			set = append(set, a.key+" = "+value)
		}
		switch {
		case at < 0:
			lines = append(lines, set...)
			continue
		case len(set) == 0:
			if _, _, commented := keyOf(lines[at]); commented {
				continue
			}
			set = []string{"#" + lines[at]}
		}
		rest := slices.DeleteFunc(slices.Clone(lines[at+1:]), func(line string) bool {
			key, _, commented := keyOf(line)
			return key == a.key && !commented
		})
		lines = slices.Concat(lines[:at], set, rest)
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// first is the first value, or what counts where there is none.
func first(values []string, without string) string {
	if len(values) == 0 {
		return without
	}
	return values[0]
}
