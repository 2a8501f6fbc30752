package exit_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"zapis/internal/exit"
)

func TestStatusAndHint(t *testing.T) {
	inner := exit.New(exit.Mismatch, "ask for a new copy", "entry 3: %w", io.ErrUnexpectedEOF)
	outer := exit.New(exit.KeyMissing, "", "import: %w", inner)
	for _, c := range []struct {
		err    error
		status exit.Status
		hint   string
	}{
		{nil, exit.Done, ""},
		{io.EOF, exit.Failed, ""},
		{inner, exit.Mismatch, "ask for a new copy"},
		{fmt.Errorf("around: %w", inner), exit.Mismatch, "ask for a new copy"},
		{outer, exit.KeyMissing, "ask for a new copy"},
		{errors.Join(nil, io.EOF, inner), exit.Mismatch, "ask for a new copy"},
		{fmt.Errorf("%w, and %w", io.EOF, outer), exit.KeyMissing, "ask for a new copy"},
		{errors.Join(io.EOF, io.ErrUnexpectedEOF), exit.Failed, ""},
	} {
		if got := exit.StatusOf(c.err); got != c.status {
			t.Errorf("StatusOf(%v) = %d, want %d", c.err, got, c.status)
		}
		if got := exit.HintOf(c.err); got != c.hint {
			t.Errorf("HintOf(%v) = %q, want %q", c.err, got, c.hint)
		}
	}
	if !errors.Is(outer, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if got, want := outer.Error(), "import: entry 3: unexpected EOF"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}
