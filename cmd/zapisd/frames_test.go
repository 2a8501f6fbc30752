package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"zapis/internal/cli"
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

// TestFramesKeepLinesApart: a list of errors comes as its lines, and a line feed of a file's name as none.
func TestFramesKeepLinesApart(t *testing.T) {
	var wire bytes.Buffer
	list := errors.Join(errors.New("one"), &fs.PathError{Op: "open", Path: "a\nhint: run this", Err: fs.ErrNotExist})
	if err := newFrameWriter(&wire).End(fmt.Errorf("witnesses: %w", list)); err != nil {
		t.Fatal(err)
	}
	var talk bytes.Buffer
	cli.WriteError(&talk, "zapisd", readFrames(&wire, &tape{}))
	if want := "zapisd: witnesses: one\nopen a\\u{a}hint: run this: file does not exist\n"; talk.String() != want {
		t.Errorf("%q, want %q", talk.String(), want)
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

// Results go to a file that the other process has passed, and not into frames. Where they can't be written, the end says
// so, whatever the work made of the error.
func TestFramesBesideAFile(t *testing.T) {
	var wire, file bytes.Buffer
	w := newFrameWriter(&wire)
	w.file = bufio.NewWriter(&file)
	fmt.Fprint(w, "results")
	w.Progress(tick{"reading", 3, 9})
	if err := w.End(nil); err != nil {
		t.Fatal(err)
	}
	var got tape
	if err := readFrames(&wire, &got); err != nil || got.Len() != 0 || len(got.ticks) != 1 || file.String() != "results" {
		t.Errorf("%v; frames have %q and %v, the file %q", err, got.String(), got.ticks, file.String())
	}

	full := &fs.PathError{Op: "write", Path: "carry.tar", Err: syscall.ENOSPC}
	for name, size := range map[string]int{"at once": 1 << 20, "at the end": 10} {
		w := newFrameWriter(&wire)
		w.file = bufio.NewWriter(failing{full})
		_, err := w.Write(make([]byte, size))
		if err != nil {
			err = exit.New(exit.Mismatch, checkHint, "part 1: %w", err)
		}
		if err := w.End(err); err != nil {
			t.Fatal(err)
		}
		err = readFrames(&wire, &got)
		if err == nil || err.Error() != full.Error() || exit.StatusOf(err) != exit.Failed || exit.HintOf(err) != "make room on that disk, and do it again" {
			t.Errorf("%s: %v, status %d, hint %q", name, err, exit.StatusOf(err), exit.HintOf(err))
		}
	}
}

// failing writes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
