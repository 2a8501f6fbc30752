package desk

import (
	"io/fs"
	"strings"
	"testing"

	"zapis/internal/exit"
)

// TestNoticesEscapeForeignNames: a page shows an error and its hint with nothing that turns text around or ends a line.
func TestNoticesEscapeForeignNames(t *testing.T) {
	const name = "a\nb\u202e\u2028"
	err := exit.New(exit.Failed, "look at "+name, "import: %w", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist})
	one := noticeOf(err)
	if one.Text != `import: open a\u{a}b\u{202e}\u{2028}: file does not exist` || one.Hint != `look at a\u{a}b\u{202e}\u{2028}` {
		t.Errorf("%q, hint %q", one.Text, one.Hint)
	}
	if words := refusalWords(err); strings.ContainsAny(words, "\n\u202e\u2028") {
		t.Errorf("%q", words)
	}
}
