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

// keyOf returns the key that a line sets, and whether the line is commented out. A comment sets a key only where `key
// = value` follows the # directly.
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

// valuesOf lists the values of a key in a configuration.
func valuesOf(text []byte, key string) (values []string) {
	for line := range strings.Lines(string(text)) {
		if k, value, commented := keyOf(line); k == key && !commented && value != "" {
			values = append(values, value)
		}
	}
	return values
}

// setKeys sets the values of keys in a configuration. It replaces a key's lines at the first of them; without one, the
// line that shows the key commented out; else it appends. All other lines stay as they are.
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

// first returns the first value, or the default where there is none.
func first(values []string, without string) string {
	if len(values) == 0 {
		return without
	}
	return values[0]
}
