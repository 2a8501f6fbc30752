package escape

import "strings"

// Error is err's text, safe to show: the errors of a list (errors.Join) keep a line each, and everything else is Text, so that
// a line feed in a file's name, or in what another program answered, begins no line. A wrapped error is looked for in the text of
// the error around it; where that text does not contain it, the whole is Text.
func Error(err error) string {
	whole := err.Error()
	if !strings.ContainsAny(whole, "\n") {
		return Text(whole)
	}
	var parts []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			parts = []error{inner}
		}
	case interface{ Unwrap() []error }:
		parts = e.Unwrap()
	}
	between := Text
	if isList(whole, parts) {
		between = func(text string) string { return text } // the line feeds of errors.Join alone
	}
	var b strings.Builder
	for _, part := range parts {
		before, after, found := strings.Cut(whole, part.Error())
		if !found {
			continue
		}
		b.WriteString(between(before))
		b.WriteString(Error(part))
		whole = after
	}
	b.WriteString(between(whole))
	return b.String()
}

// isList reports whether a text is that of errors.Join.
func isList(whole string, parts []error) bool {
	if len(parts) < 2 {
		return false
	}
	for i, part := range parts {
		rest, ok := strings.CutPrefix(whole, part.Error())
		if whole = rest; !ok {
			return false
		}
		if i+1 < len(parts) {
			if whole, ok = strings.CutPrefix(whole, "\n"); !ok {
				return false
			}
		}
	}
	return whole == ""
}
