package incident

import "zapis/crypto/canonical"

// quoted is canonical.AppendString into a slice of the exact size, since growing a slice
// leaves copies of an answer in memory.
func quoted(s string) []byte {
	size := len(s) + 2
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\' || c >= '\b' && c <= '\r' && c != '\v':
			size++
		case c < 0x20:
			size += 5
		}
	}
	return canonical.AppendString(make([]byte, 0, size), s)
}
