package casefile

import (
	"bytes"
	"encoding/json"
	"strings"

	"zapis/crypto/seal"
)

// Texts returns the one or more texts of an answer; none where it was left
// empty.
func Texts(l seal.Line) []string {
	if l.Null() {
		return nil
	}
	if v := l.Value; !bytes.ContainsRune(v, '\\') { // nearly all values contain no escape, and then no quotation mark
		switch v[0] {
		case '"':
			return []string{string(v[1 : len(v)-1])}
		case '[':
			return strings.Split(string(v[2:len(v)-2]), `","`)
		}
	}
	var one string
	var many []string
	switch {
	case json.Unmarshal(l.Value, &one) == nil:
		return []string{one}
	case json.Unmarshal(l.Value, &many) == nil:
		return many
	}
	return nil
}
