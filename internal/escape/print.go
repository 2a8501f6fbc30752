package escape

import (
	"fmt"
	"io"
	"reflect"
)

// Fprintf is fmt.Fprintf for a format of ours and values of others: each value is made safe as Text does, an error as Error
// does. The line feeds of the format stay. It puts what it wraps values in into args.
func Fprintf(w io.Writer, format string, args ...any) (int, error) {
	wrap(args)
	return fmt.Fprintf(w, format, args...)
}

// Fprintln is fmt.Fprintln with values that are made safe as Fprintf does.
func Fprintln(w io.Writer, args ...any) (int, error) {
	wrap(args)
	return fmt.Fprintln(w, args...)
}

// wrap works on the slice itself, so that go vet recognizes its callers as functions like fmt's. Numbers may be the width of
// another value, and stay.
func wrap(args []any) {
	for i, arg := range args {
		switch kind := reflect.ValueOf(arg).Kind(); {
		case kind == reflect.Invalid, kind == reflect.Bool, kind >= reflect.Int && kind <= reflect.Complex128 && !speaks(arg):
		default:
			args[i] = foreign{arg}
		}
	}
}

// speaks reports whether a value has a text of its own.
func speaks(arg any) bool {
	switch arg.(type) {
	case fmt.Formatter, fmt.Stringer, error:
		return true
	}
	return false
}

// foreign is a value whose text is made safe after it was formatted.
type foreign struct{ value any }

func (f foreign) Format(s fmt.State, verb rune) {
	format := fmt.FormatString(s, verb)
	if err, ok := f.value.(error); ok && (format == "%v" || format == "%s") {
		io.WriteString(s, Error(err))
		return
	}
	io.WriteString(s, Text(fmt.Sprintf(format, f.value)))
}
