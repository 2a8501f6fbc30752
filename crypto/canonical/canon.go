// Package canonical reads the line-based texts of all our formats, and refuses every encoding but one. A text looks
// like
//
//	zapis/card/v1
//	name anna
//	age age1pq1…
//
// UTF-8, every line ended by LF, one space between words, no blank line, no CR and no other control character,
// lower-case hexadecimal, decimals without leading zeros. A second encoding of the same meaning would have a second
// hash.
package canonical

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// ErrMismatch is the class of everything that does not verify: a text that is
// not canonical, a hash that differs, a signature that does not fit. All
// packages under crypto/ wrap this one value.
var ErrMismatch = errors.New("does not verify")

// Error is a refusal that names the line, counted from 1; Line is 0 where the
// text as a whole is at fault. It is an ErrMismatch.
type Error struct {
	Line   int
	Reason string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

func (e *Error) Is(target error) bool { return target == ErrMismatch }

// Refuse makes an error of the class ErrMismatch whose text is the sentence
// alone. The format may hold %w.
func Refuse(format string, args ...any) error {
	return &refusal{fmt.Errorf(format, args...)}
}

type refusal struct{ error }

func (r *refusal) Is(target error) bool { return target == ErrMismatch }
func (r *refusal) Unwrap() error        { return errors.Unwrap(r.error) }

// Reader parses one text, line by line. The first refusal sticks: later calls return zero values, and End returns the
// refusal. A Reader belongs to one goroutine.
type Reader struct {
	rest string
	line int // the line last read, from 1
	err  error
}

// NewReader begins with a text of at most max bytes.
func NewReader(text []byte, max int) *Reader {
	r := &Reader{}
	switch {
	case len(text) == 0:
		r.fail(0, "it is empty")
	case len(text) > max:
		r.fail(0, fmt.Sprintf("it has %d bytes, and at most %d are allowed", len(text), max))
	default:
		r.rest = string(text)
	}
	return r
}

// Begin is NewReader for a text whose first line is header, and reads that line.
func Begin(text []byte, max int, header string) *Reader {
	r := NewReader(text, max)
	r.Exact(header)
	return r
}

func (r *Reader) fail(line int, reason string) {
	if r.err == nil {
		r.err = &Error{line, reason}
		r.rest = ""
	}
}

// Fail refuses the line last read.
func (r *Reader) Fail(format string, args ...any) {
	r.fail(r.line, fmt.Sprintf(format, args...))
}

// Check refuses the line last read if err is not nil.
func (r *Reader) Check(err error) {
	if err != nil {
		r.fail(r.line, err.Error())
	}
}

// Err returns the first refusal, if there was one.
func (r *Reader) Err() error { return r.err }

// More reports whether lines are left and nothing was refused yet.
func (r *Reader) More() bool { return r.err == nil && r.rest != "" }

// Has reports whether the next line begins with this word.
func (r *Reader) Has(word string) bool {
	rest, ok := strings.CutPrefix(r.rest, word)
	return ok && r.err == nil && (strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "\n"))
}

// Peek returns the next line without its LF and does not read it; empty where none is left.
func (r *Reader) Peek() string {
	line, _, _ := strings.Cut(r.rest, "\n")
	return line
}

// Line returns the next line without its LF.
func (r *Reader) Line() string {
	if r.err != nil {
		return ""
	}
	r.line++
	line, rest, ended := strings.Cut(r.rest, "\n")
	if r.rest == "" {
		r.fail(r.line, "the text ends here, and more lines must follow")
		return ""
	}
	if !ended {
		r.fail(r.line, "no line feed at its end")
		return ""
	}
	r.rest = rest
	if line == "" {
		r.fail(r.line, "a blank line")
		return ""
	}
	for i := 0; i < len(line); i++ {
		if c := line[i]; c < 0x20 || c >= 0x7f {
			if reason := badText(line); reason != "" {
				r.fail(r.line, reason)
				return ""
			}
			return line
		}
	}
	return line
}

func badText(line string) string {
	if !utf8.ValidString(line) {
		return "not UTF-8"
	}
	for _, c := range line {
		if c < 0x20 || c == 0x7f {
			return fmt.Sprintf("a control character (U+%04X)", c)
		}
	}
	return ""
}

// Exact reads one line that must be this one.
func (r *Reader) Exact(want string) {
	if got := r.Line(); r.err == nil && got != want {
		r.Fail("it must be %q", want)
	}
}

// Value reads a line "key value" and returns the value: one space after the key, and at least one character that is
// not a space at either end.
func (r *Reader) Value(key string) string {
	line := r.Line()
	if r.err != nil {
		return ""
	}
	v, ok := strings.CutPrefix(line, key)
	if ok {
		v, ok = strings.CutPrefix(v, " ")
	}
	switch {
	case !ok:
		r.Fail("it must begin with %q", key+" ")
	case v == "" || v[0] == ' ' || v[len(v)-1] == ' ':
		r.Fail("a space too many, or no value after %q", key)
	default:
		return v
	}
	return ""
}

// Word reads a line "key value" whose value has no space.
func (r *Reader) Word(key string) string {
	v := r.Value(key)
	if strings.Contains(v, " ") {
		r.Fail("one value must follow %q", key)
		return ""
	}
	return v
}

// Words reads a line "key value…" of exactly n values. The slice always has n
// members, so that a caller may go on and ask End at last.
func (r *Reader) Words(key string, n int) []string {
	if v := r.Value(key); r.err == nil {
		words := strings.Split(v, " ")
		if len(words) == n {
			for _, w := range words {
				if w == "" {
					r.Fail("two spaces together")
				}
			}
			return words
		}
		r.Fail("%d values must follow %q", n, key)
	}
	return make([]string, n)
}

// Decimal reads s as a number in 0…max. Leading zeros and signs are refused.
func (r *Reader) Decimal(s string, max uint64) uint64 {
	if r.err != nil {
		return 0
	}
	n, err := ParseDecimal(s)
	if err != nil {
		r.Check(err)
		return 0
	}
	if n > max {
		r.Fail("%s is more than %d", s, max)
		return 0
	}
	return n
}

// Hash reads s as 64 lower-case hexadecimal digits.
func (r *Reader) Hash(s string) (h [32]byte) {
	if r.err != nil {
		return h
	}
	h, err := ParseHash(s)
	r.Check(err)
	return h
}

// End refuses lines that are left over, and returns the first refusal.
func (r *Reader) End() error {
	if r.More() {
		r.line++
		r.Fail("nothing may follow here")
	}
	return r.err
}

// Done ends a text and returns the value read from it. Where the text is refused, it returns the zero value and an
// ErrMismatch that begins with what the text is: "hold: line 3: …".
func Done[T any](r *Reader, what string, value T) (T, error) {
	if err := r.End(); err != nil {
		var none T
		return none, Refuse("%s: %w", what, err)
	}
	return value, nil
}

var (
	errDecimal = errors.New("not a decimal number without leading zeros")
	errHash    = errors.New("not 64 lower-case hexadecimal digits")
)

// ParseDecimal reads a number as strconv writes it.
func ParseDecimal(s string) (uint64, error) {
	if s == "" || len(s) > 20 || s[0] == '0' && len(s) > 1 {
		return 0, errDecimal
	}
	var n uint64
	for i := 0; i < len(s); i++ {
		d := uint64(s[i] - '0')
		if d > 9 || n > (math.MaxUint64-d)/10 {
			return 0, errDecimal
		}
		n = n*10 + d
	}
	return n, nil
}

// ParseHash reads 64 lower-case hexadecimal digits.
func ParseHash(s string) (h [32]byte, err error) {
	if len(s) != 64 {
		return h, errHash
	}
	bad := byte(0)
	for i := range h {
		a, b := nibbles[s[2*i]], nibbles[s[2*i+1]]
		bad |= a | b
		h[i] = a<<4 | b
	}
	if bad > 15 {
		return [32]byte{}, errHash
	}
	return h, nil
}

// nibbles maps a lower-case hexadecimal digit to its value, and everything else to 0xff.
var nibbles = func() (t [256]byte) {
	for c := range t {
		t[c] = 0xff
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	return t
}()

// Dash writes a value that may be missing: the empty string is a dash.
func Dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Undash reads what Dash wrote.
func Undash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}
