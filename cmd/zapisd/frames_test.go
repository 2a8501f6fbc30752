package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"zapis/internal/exit"
)

// tape records a reporter's output.
type tape struct {
	bytes.Buffer
	ticks []tick
}

func (t *tape) Progress(k tick) { t.ticks = append(t.ticks, k) }

func TestFrames(t *testing.T) {
	var wire bytes.Buffer
	w := newFrameWriter(&wire)
	long := strings.Repeat("z", 3*maxFrame+5)
	fmt.Fprint(w, "one ")
	w.Progress(tick{"reading", 3, 9})
	fmt.Fprint(w, long)
	if err := w.End(exit.New(exit.Mismatch, "look there", "entry 3 does not fit")); err != nil {
		t.Fatal(err)
	}

	var got tape
	err := readFrames(bytes.NewReader(wire.Bytes()), &got)
	if err == nil || err.Error() != "entry 3 does not fit" || exit.StatusOf(err) != exit.Mismatch || exit.HintOf(err) != "look there" {
		t.Errorf("the end is %v, status %d, hint %q", err, exit.StatusOf(err), exit.HintOf(err))
	}
	if got.String() != "one "+long {
		t.Errorf("%d bytes of results came, want %d", got.Len(), 4+len(long))
	}
	if len(got.ticks) != 1 || got.ticks[0] != (tick{"reading", 3, 9}) {
		t.Errorf("ticks: %v", got.ticks)
	}

	for cut := range 5 + 4 + 5 {
		if err := readFrames(bytes.NewReader(wire.Bytes()[:cut]), &tape{}); !errors.Is(err, errNoEnd) {
			t.Errorf("cut after %d bytes: %v", cut, err)
		}
	}
}

func TestFramesWithoutFault(t *testing.T) {
	var wire bytes.Buffer
	if err := newFrameWriter(&wire).End(nil); err != nil {
		t.Fatal(err)
	}
	if err := readFrames(&wire, &tape{}); err != nil {
		t.Error(err)
	}
}

func TestFramesRefused(t *testing.T) {
	for name, tt := range map[string]struct{ wire, want string }{
		"unknown kind": {"x\x00\x00\x00\x00", `a frame of unknown kind 'x' came`},
		"too long":     {"o\x7f\x00\x00\x00", "a frame of 2130706432 bytes came, where 1048576 is the most"},
		"bad end":      {"e\x00\x00\x00\x01{", "an end that can't be read: unexpected end of JSON input"},
		"bad tick":     {"p\x00\x00\x00\x01{", "a tick that can't be read: unexpected end of JSON input"},
		"panic":        {"panic: runtime error: index out of range", "a frame of 1634625891 bytes came, where 1048576 is the most"},
	} {
		if err := readFrames(strings.NewReader(tt.wire), &tape{}); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}
