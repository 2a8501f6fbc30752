// Package code is the reporter's way back without an account: 32 digits on a
// piece of paper, and the keys that are derived from them.
//
//	4827 1093 5560 2718 2818 2845 9045 2311
//
// Thirty digits are random (99.6 bits), the last two catch a slip of the pen
// (ISO/IEC 7064, MOD 97-10). Digits need no keyboard layout and no translation,
// and are read in any script that has decimal digits.
//
// From the digits a Deriver makes, slowly, the reporter's age identity, the
// secret behind the tags of replies, and the key under which locators lead back
// to the reporter's entries. The derivation is docs/spec/code.md.
//
// A Code and Keys print as "[code]" and "[keys]" wherever they are printed.
package reportcode

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"unicode"
)

const (
	// Length is the number of digits of a code, check digits included.
	Length = 32
	random = Length - 2

	// maxTyped bounds what Parse looks at, in bytes: 32 digits of four bytes
	// with room for spaces and dashes between them.
	maxTyped = 1024
)

var (
	// ErrLength is returned for what does not consist of 32 digits, and spaces
	// and dashes between them.
	ErrLength = errors.New("a code has 32 digits")
	// ErrCheckDigits is returned for 32 digits that no code consists of: one of
	// them was mistyped, or two were swapped.
	ErrCheckDigits = errors.New("a digit of the code seems wrong")
)

// Code is a valid code. The zero Code is none; IsZero tells.
type Code struct{ d hidden[[Length]byte] } // '0' to '9'

// New draws a code. It reads from rand, usually crypto/rand.Reader, until it
// has thirty digits, each equally likely; its errors are rand's.
func New(rand io.Reader) (Code, error) {
	var d [Length]byte
	var buf [64]byte
	defer clear(buf[:])
	for n := 0; n < random; {
		if _, err := io.ReadFull(rand, buf[:]); err != nil {
			return Code{}, fmt.Errorf("drawing a code: %w", err)
		}
		for _, b := range buf {
			if b < 250 && n < random { // 250 to 255 would favour the digits 0 to 5
				d[n] = '0' + b%10
				n++
			}
		}
	}
	d[random], d[random+1] = checkDigits(d[:random])
	return Code{hide(&d)}, nil
}

// Parse reads a code as a person types or pastes it: decimal digits of any
// script (Unicode category Nd), with spaces, dashes and invisible format
// characters anywhere. It returns ErrLength or ErrCheckDigits; neither quotes
// what was typed.
func Parse(s string) (Code, error) {
	if len(s) > maxTyped {
		return Code{}, ErrLength
	}
	var d [Length]byte
	n := 0
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Dash, unicode.Cf) {
			continue
		}
		digit, ok := decimal(r)
		if !ok || n == Length {
			clear(d[:])
			return Code{}, ErrLength
		}
		d[n] = digit
		n++
	}
	if n != Length {
		clear(d[:])
		return Code{}, ErrLength
	}
	if a, b := checkDigits(d[:random]); d[random] != a || d[random+1] != b {
		clear(d[:])
		return Code{}, ErrCheckDigits
	}
	return Code{hide(&d)}, nil
}

// decimal reads a digit of any script. Unicode encodes decimal digits in runs
// of ten, from zero up.
func decimal(r rune) (digit byte, ok bool) {
	if r >= '0' && r <= '9' {
		return byte(r), true
	}
	for _, run := range unicode.Nd.R16 {
		if uint32(run.Lo) <= uint32(r) && uint32(r) <= uint32(run.Hi) {
			return '0' + byte((uint32(r)-uint32(run.Lo))%10), true
		}
	}
	for _, run := range unicode.Nd.R32 {
		if run.Lo <= uint32(r) && uint32(r) <= run.Hi {
			return '0' + byte((uint32(r)-run.Lo)%10), true
		}
	}
	return 0, false
}

// checkDigits computes the two digits that make the whole number 1 modulo 97:
// 02 to 98, so that each code has one pair only.
func checkDigits(d []byte) (byte, byte) {
	m := 0
	for _, c := range d {
		m = (m*10 + int(c-'0')) % 97
	}
	check := 98 - m*100%97
	return '0' + byte(check/10), '0' + byte(check%10)
}

// Digits returns the code as it is shown once, to the person it belongs to:
// eight groups of four. It returns the empty string for the zero Code.
func (c Code) Digits() string {
	b := c.AppendDigits(nil)
	defer clear(b)
	return string(b)
}

// AppendDigits appends what Digits returns, so that the caller can wipe it. b has
// room for it, or nothing is in it that would be copied.
func (c Code) AppendDigits(b []byte) []byte {
	if c.d == nil {
		return b
	}
	if b == nil {
		b = make([]byte, 0, Length+Length/4-1)
	}
	for i, digit := range **c.d {
		if i > 0 && i%4 == 0 {
			b = append(b, ' ')
		}
		b = append(b, digit)
	}
	return b
}

// IsZero reports that there is no code in c.
func (c Code) IsZero() bool { return c.d == nil }

// Equal compares two codes.
func (c Code) Equal(other Code) bool {
	return c.d == other.d || c.d != nil && other.d != nil && **c.d == **other.d
}

// Wipe overwrites the digits, in all copies of c. The code is of no use after.
func (c Code) Wipe() {
	if c.d != nil {
		clear((*c.d)[:])
	}
}

// hidden keeps a secret behind two pointers. Of an unexported field fmt calls no
// methods: it prints an address for a pointer, but with a verb that does not fit
// it follows one pointer all the same.
type hidden[T any] = **T

func hide[T any](p *T) hidden[T] { return &p }

const redacted = "[code]"

// Format makes every verb of fmt print "[code]".
func (Code) Format(s fmt.State, _ rune) { fmt.Fprint(s, redacted) }

// String returns "[code]"; the digits come from Digits only.
func (Code) String() string { return redacted }

// LogValue makes slog print "[code]".
func (Code) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText makes encoders of JSON, XML and the like write "[code]".
func (Code) MarshalText() ([]byte, error) { return []byte(redacted), nil }
