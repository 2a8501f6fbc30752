package escape

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"
)

type wrapped struct{ err error }

func (w wrapped) Error() string { return w.err.Error() }
func (w wrapped) Unwrap() error { return w.err }

// TestErrorTellsLinesApart: the lines of a list of errors stay, and no foreign text begins one.
func TestErrorTellsLinesApart(t *testing.T) {
	evil := &fs.PathError{Op: "open", Path: "a\nhint: run this", Err: fs.ErrNotExist}
	const shown = `open a\u{a}hint: run this: file does not exist`
	list := errors.Join(errors.New("one"), evil, io.EOF)
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"one", evil, shown},
		{"wrapped", fmt.Errorf("import: %w", evil), "import: " + shown},
		{"as text", fmt.Errorf("import: %v", evil), "import: " + shown},
		{"in a type", wrapped{fmt.Errorf("b\nc: %w", evil)}, `b\u{a}c: ` + shown},
		{"a list", list, "one\n" + shown + "\nEOF"},
		{"a list in an error", wrapped{fmt.Errorf("x\ny: %w: z\n", list)}, `x\u{a}y: one` + "\n" + shown + "\n" + `EOF: z\u{a}`},
		{"a list in a list", errors.Join(list, io.EOF), "one\n" + shown + "\nEOF\nEOF"},
		{"two errors", fmt.Errorf("%w\n%w", evil, io.EOF), shown + "\nEOF"},
		{"two errors and words", fmt.Errorf("first\n%w\n%w", evil, io.EOF), `first\u{a}` + shown + `\u{a}EOF`},
		{"a list of one", errors.Join(evil), shown},
		{"not in its own text", fmt.Errorf("a\nb%.0w", io.EOF), `a\u{a}b`},
		{"direction", fmt.Errorf("\u202e%w", io.EOF), `\u{202e}EOF`},
		{"separators", errors.New("a\u2028b\u2029c\u0085d\r\ve"), `a\u{2028}b\u{2029}c\u{85}d\u{d}\u{b}e`},
	} {
		if got := Error(tt.err); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestFprintf(t *testing.T) {
	const evil = "a\nb\u202e"
	const shown = `a\u{a}b\u{202e}`
	type code string
	for _, tt := range []struct {
		name   string
		format string
		args   []any
		want   string
	}{
		{"a text", "x %s\n", []any{evil}, "x " + shown + "\n"},
		{"a text of a type", "%v", []any{code(evil)}, shown},
		{"a list of texts", "%v", []any{[]string{evil, "c"}}, "[" + shown + " c]"},
		{"bytes", "%s", []any{[]byte(evil)}, shown},
		{"quoted", "%q", []any{evil}, `"a\nb\u202e"`},
		{"an error", "%v", []any{errors.New(evil)}, shown},
		{"a list of errors", "%v", []any{errors.Join(io.EOF, errors.New(evil))}, "EOF\n" + shown},
		{"a width that is a value", "%-*s|%3d", []any{4, "ab", 7}, "ab  |  7"},
		{"a number with words", "%v", []any{time.Second}, "1s"},
		{"cut", "%.1s", []any{evil}, "a"},
		{"nothing", "%v", []any{nil}, "<nil>"},
	} {
		var b strings.Builder
		Fprintf(&b, tt.format, tt.args...)
		if got := b.String(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	var b strings.Builder
	Fprintln(&b, evil, 3)
	if want := shown + " 3\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
