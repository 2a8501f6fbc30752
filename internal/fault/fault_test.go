package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"zapis/internal/fault"
)

func TestStatusAndHint(t *testing.T) {
	inner := fault.New(fault.Mismatch, "ask for a new copy", "entry 3: %w", io.ErrUnexpectedEOF)
	outer := fault.New(fault.KeyMissing, "", "import: %w", inner)
	for _, c := range []struct {
		err    error
		status fault.Status
		hint   string
	}{
		{nil, fault.Done, ""},
		{io.EOF, fault.Failed, ""},
		{inner, fault.Mismatch, "ask for a new copy"},
		{fmt.Errorf("around: %w", inner), fault.Mismatch, "ask for a new copy"},
		{outer, fault.KeyMissing, "ask for a new copy"},
		{errors.Join(nil, io.EOF, inner), fault.Mismatch, "ask for a new copy"},
		{fmt.Errorf("%w, and %w", io.EOF, outer), fault.KeyMissing, "ask for a new copy"},
		{errors.Join(io.EOF, io.ErrUnexpectedEOF), fault.Failed, ""},
	} {
		if got := fault.StatusOf(c.err); got != c.status {
			t.Errorf("StatusOf(%v) = %d, want %d", c.err, got, c.status)
		}
		if got := fault.HintOf(c.err); got != c.hint {
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
