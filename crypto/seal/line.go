package seal

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// SaltSize is the number of random bytes that stand in front of every answer, so
// that a withheld one can't be guessed from its hash.
const SaltSize = 32

const saltText = 44 // base64 of SaltSize bytes

var strictBase64 = base64.StdEncoding.Strict()

// Line is one disclosure line: one field with its salt. The SHA-256 of its bytes,
// with the LF, is the field's commitment.
//
//	["kS3xWm0vYQ8Zr1b5o7n2c4d6e8f0A1B2C3D4E5F6G7g=","danger_now","yes"]
type Line struct {
	Salt  [SaltSize]byte
	Field string
	Value []byte // JSON in the one encoding of checkValue; nil means null
}

// Marshal returns the line with its LF.
func (l Line) Marshal() []byte { return l.append(make([]byte, 0, l.size())) }

// size is at least how many bytes Marshal gives.
func (l Line) size() int { return saltText + len(l.Field) + len(l.Value) + 16 }

func (l Line) append(b []byte) []byte {
	b = append(b, `["`...)
	b = base64.StdEncoding.AppendEncode(b, l.Salt[:])
	b = append(b, `","`...)
	b = append(b, l.Field...)
	b = append(b, `",`...)
	if l.Value == nil {
		b = append(b, "null"...)
	}
	b = append(b, l.Value...)
	return append(b, ']', '\n')
}

// Hash returns the field's commitment.
func (l Line) Hash() [32]byte {
	var room [256]byte // for most lines; a long one gets its own
	b := room[:0]
	if size := l.size(); size > len(room) {
		b = make([]byte, 0, size)
	}
	b = l.append(b)
	defer wipe(b)
	return sha256.Sum256(b)
}

// Null reports whether the field was left empty.
func (l Line) Null() bool { return l.Value == nil }

// The value of a line is never printed, logged or put into JSON by accident.
func (l Line) String() string               { return "[line " + l.Field + "]" }
func (l Line) LogValue() slog.Value         { return slog.StringValue(l.String()) }
func (l Line) Format(s fmt.State, _ rune)   { io.WriteString(s, l.String()) }
func (l Line) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// ParseLine reads one disclosure line with its LF, in its one encoding. The error
// names the field where it can be read, never the value.
func ParseLine(b []byte) (Line, error) { return parseLine(b, "]\n") }

// parseLine reads a line that ends so: a text's lines have no LF any more.
func parseLine(b []byte, end string) (Line, error) {
	var l Line
	rest, ok := bytes.CutPrefix(b, []byte(`["`))
	if !ok || len(rest) < saltText {
		return Line{}, mismatch(`a disclosure line begins with [" and %d characters of salt`, saltText)
	}
	var salt [saltText / 4 * 3]byte
	n, err := strictBase64.Decode(salt[:], rest[:saltText])
	if err != nil || n != SaltSize || bytes.ContainsAny(rest[:saltText], "\r\n") {
		return Line{}, mismatch("the salt is not %d bytes in base64", SaltSize)
	}
	copy(l.Salt[:], salt[:])
	rest, ok = bytes.CutPrefix(rest[saltText:], []byte(`","`))
	if !ok {
		return Line{}, mismatch("no field follows the salt")
	}
	field, value, ok := bytes.Cut(rest, []byte(`",`))
	if !ok || !FieldName(string(field)) {
		return Line{}, mismatch("the field's name is not made of a-z, 0-9, _ and -")
	}
	l.Field = string(field)
	value, ok = bytes.CutSuffix(value, []byte(end))
	if !ok {
		return Line{}, mismatch("%s: the line does not end with ] and LF", l.Field)
	}
	if err := l.set(value); err != nil {
		return Line{}, fmt.Errorf("%s: %w", l.Field, err)
	}
	return l, nil
}

func (l *Line) set(value []byte) error {
	if err := checkValue(value); err != nil {
		return err
	}
	if attachmentSlot(l.Field) != (value[0] == '{') && value[0] != 'n' {
		return mismatch("the value's type is not the field's")
	}
	if value[0] != 'n' {
		l.Value = slices.Clone(value)
	}
	return nil
}

// FieldName reports whether s can be a field's name, and so a file's:
// [a-z][a-z0-9_-]{0,31}.
func FieldName(s string) bool {
	if len(s) == 0 || len(s) > 32 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// attachmentSlot reports whether a field is that of an attachment.
func attachmentSlot(field string) bool {
	s, ok := strings.CutPrefix(field, "attachment-")
	if !ok {
		return false
	}
	n, ok := count(s)
	return ok && n >= 1
}

// Commit makes one line with a fresh salt for every field, in the order given. A
// value that is missing or nil becomes null. Values are JSON as in Line. Refused:
// a value for a field that is not in the list, a field that is in it twice.
func Commit(fields []string, values map[string][]byte) ([]Line, error) {
	return commit(rand.Reader, fields, values)
}

func commit(random io.Reader, fields []string, values map[string][]byte) ([]Line, error) {
	seen := make(map[string]bool, len(fields))
	lines := make([]Line, len(fields))
	for i, field := range fields {
		if !FieldName(field) {
			return nil, fmt.Errorf("seal: field %d can't be named so", i+1)
		}
		if seen[field] {
			return nil, fmt.Errorf("seal: the field %s is listed twice", field)
		}
		seen[field] = true
		lines[i].Field = field
		if _, err := io.ReadFull(random, lines[i].Salt[:]); err != nil {
			return nil, fmt.Errorf("seal: no salt: %w", err)
		}
		if value := values[field]; value != nil {
			if err := lines[i].set(value); err != nil {
				return nil, fmt.Errorf("%s: %w", field, err)
			}
		}
	}
	for field := range values {
		if !seen[field] {
			return nil, fmt.Errorf("seal: a value for %q, which is not a field", field)
		}
	}
	return lines, nil
}
