package custody

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"zapis/crypto/canonical"
)

// encode writes free text on one line of an event, so that decode restores it exactly: `\\`, `\n`, `\t`, and `\u{…}`
// for invisible characters and a space at an end. The empty text is "-", and a "-" alone is `\-`. Invalid UTF-8 is
// replaced before.
func encode(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	switch text {
	case "":
		return "-"
	case "-":
		return `\-`
	}
	var b strings.Builder
	for i, r := range text {
		end := i == 0 || i+utf8.RuneLen(r) == len(text)
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == ' ' && end, canonical.Hidden(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// decode is the inverse of encode. It refuses any other encoding as a line of r.
func decode(r *canonical.Reader, line string) string {
	switch line {
	case "", "-":
		return ""
	case `\-`:
		return "-"
	}
	var b strings.Builder
	for rest := line; rest != ""; {
		text, escaped, found := strings.Cut(rest, `\`)
		b.WriteString(text)
		if !found {
			break
		}
		c, after, ok := unescape(escaped)
		if !ok {
			r.Fail(`no such escape (\\, \n, \t, \u{…})`)
			return ""
		}
		b.WriteRune(c)
		rest = after
	}
	if encode(b.String()) != line {
		r.Fail("not in its one encoding")
		return ""
	}
	return b.String()
}

func unescape(s string) (c rune, rest string, ok bool) {
	switch {
	case strings.HasPrefix(s, `\`):
		return '\\', s[1:], true
	case strings.HasPrefix(s, "n"):
		return '\n', s[1:], true
	case strings.HasPrefix(s, "t"):
		return '\t', s[1:], true
	case strings.HasPrefix(s, "u{"):
		digits, after, closed := strings.Cut(s[2:], "}")
		n, err := strconv.ParseUint(digits, 16, 32)
		if closed && err == nil && n <= utf8.MaxRune && utf8.ValidRune(rune(n)) {
			return rune(n), after, true
		}
	}
	return 0, "", false
}
