package cli

import (
	"errors"
	"fmt"
	"testing"

	"zapis/internal/exit"
)

func TestEachAdviceHasWords(t *testing.T) {
	for _, c := range exit.Codes() {
		if adviceWords[c] == "" {
			t.Errorf("code %d has no words", c)
		}
	}
	if len(adviceWords) != len(exit.Codes()) {
		t.Errorf("%d words for %d codes", len(adviceWords), len(exit.Codes()))
	}
}

// A hint is taken from the outermost error that has one, be it words or a code.
func TestHint(t *testing.T) {
	inner := exit.Advise(exit.Failed, exit.MarkOrWithhold.With("A01"), "A01 is not marked")
	for want, err := range map[string]error{
		"": errors.New("plain"), "do this": exit.New(exit.Failed, "do this", "outside: %w", inner),
		"--communicable A01, if it may reach the state; --withhold A01, if not": fmt.Errorf("one: %w", errors.Join(errors.New("x"), exit.New(exit.Mismatch, "", "two: %w", inner))),
		"have it exported with --since 7, or whole":                             exit.Advise(exit.Failed, exit.ExportSince.With(uint64(7)), "around: %w", exit.New(exit.Failed, "inside", "x")),
	} {
		if got := Hint(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
