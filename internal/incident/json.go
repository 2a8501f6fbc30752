package incident

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// appendString writes s as JSON the way Python's
// json.dumps(ensure_ascii=False) does: it escapes only the quotation mark, the
// backslash and U+0000 to U+001F. encoding/json always escapes U+2028, and a
// committed value must have one encoding.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\t':
			b = append(b, '\\', 't')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\b':
			b = append(b, '\\', 'b')
		case c == '\f':
			b = append(b, '\\', 'f')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// quoted is appendString into a slice of the exact size, since growing a slice
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
	return appendString(make([]byte, 0, size), s)
}

func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// FromAnswers builds a report from opened committed values: field names to
// JSON, with null or nothing where there is no answer. It refuses by the
// field's name unknown names, values of the wrong type, and values that are
// not in their one encoding. It does not validate codes and dates: a report
// keeps its meaning when the vocabulary grows.
func FromAnswers(values map[string][]byte) (*Report, error) {
	for name := range values {
		if _, ok := FieldByName(name); !ok {
			return nil, fmt.Errorf("%s is not a question of vocabulary %d", plainName(name), VocabularyVersion)
		}
	}
	r := newReport()
	for _, f := range fields {
		value := values[f.Name]
		if len(value) == 0 || string(value) == "null" {
			continue
		}
		given, err := f.decode(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		r.set(f.Name, given)
	}
	return r, nil
}

// decode never wraps an error of encoding/json, which quotes its input.
func (f Field) decode(value []byte) ([]string, error) {
	if !utf8.Valid(value) {
		return nil, fmt.Errorf("the answer is not UTF-8")
	}
	var given []string
	var again []byte
	if f.Multi {
		if json.Unmarshal(value, &given) != nil {
			return nil, fmt.Errorf("the answer is not an array of strings")
		}
		again = appendStrings(nil, given)
	} else {
		given = make([]string, 1)
		if json.Unmarshal(value, &given[0]) != nil {
			return nil, fmt.Errorf("the answer is not a string")
		}
		again = appendString(nil, given[0])
	}
	if len(given) == 0 || slices.Contains(given, "") {
		return nil, fmt.Errorf("an empty answer, which has to be null")
	}
	if !bytes.Equal(again, value) {
		return nil, fmt.Errorf("the answer is not in its one encoding")
	}
	return given, nil
}
