package incident

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkText returns the text as it is kept: with LF for CR LF (which HTML prescribes for text areas), otherwise
// unchanged.
func (f Field) checkText(s string) (kept, code string) {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	switch {
	case len(s) > f.MaxBytes:
		return "", TooLong
	case !utf8.ValidString(s):
		return "", NotUTF8
	case strings.ContainsFunc(s, forbidden):
		return "", Control
	case f.MaxChars > 0 && utf8.RuneCountInString(s) > f.MaxChars:
		return "", TooLong
	}
	return s, ""
}

// forbidden reports whether r is a control character (category Cc) other than tab and line feed. Format characters
// such as the zero-width joiner or the right-to-left mark are part of scripts and stay; output must escape them.
func forbidden(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\n'
}

// CleanText replaces or removes invisible characters of pasted text, so that no text is refused for them: CR LF, CR,
// vertical tab, form feed and NEL (U+0085), which word processors and PDF files put between lines, become LF; other
// control characters (category Cc) except tab are dropped. Invalid UTF-8 stays, and checkText refuses it.
func CleanText(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return forbidden(r) }) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\r' && strings.HasPrefix(s[i+1:], "\n"): // the LF follows
		case r == '\r' || r == '\v' || r == '\f' || r == '\u0085':
			b.WriteByte('\n')
		case forbidden(r):
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// blank reports whether s is invisible: spaces and format characters only. Invalid or forbidden characters are not
// blank, so that they are refused.
func blank(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) })
}

// checkLanguage accepts the form of a language tag: two or three lower-case letters, then subtags of two to eight
// letters or digits.
func (f Field) checkLanguage(s string) string {
	if len(s) > f.MaxBytes {
		return TooLong
	}
	base, rest, more := strings.Cut(s, "-")
	if len(base) < 2 || len(base) > 3 || strings.Trim(base, "abcdefghijklmnopqrstuvwxyz") != "" {
		return UnknownCode
	}
	for more {
		var sub string
		sub, rest, more = strings.Cut(rest, "-")
		if len(sub) < 2 || len(sub) > 8 || strings.ContainsFunc(sub, notAlphanumeric) {
			return UnknownCode
		}
	}
	return ""
}

func notAlphanumeric(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}
