// Package fault says what a failure means to the person at the terminal: which
// exit status it earns, and what to do next. Packages wrap their errors here;
// only the three main packages read them.
package exit

import (
	"errors"
	"fmt"
)

// Status is a process exit status, the same for all of our commands.
type Status int

const (
	Done       Status = 0 // nothing is wrong
	Failed     Status = 1 // failed or refused
	Usage      Status = 2 // the command line was wrong
	Mismatch   Status = 3 // what was read does not verify
	KeyMissing Status = 4 // the key, the passphrase or the quorum is missing
)

// Error is what happened, with the status it earns and a hint at what to do.
type Error struct {
	Status Status
	Hint   string // a sentence, or empty
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// New makes an Error from a format that may hold one %w or more.
func New(s Status, hint, format string, args ...any) error {
	return &Error{Status: s, Hint: hint, Err: fmt.Errorf(format, args...)}
}

// StatusOf gives the status of the outermost Error that err wraps: Done for
// nil, Failed where nothing in the chain says otherwise.
func StatusOf(err error) Status {
	if err == nil {
		return Done
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return Failed
}

// HintOf gives the outermost hint that err wraps, or the empty string; of errors that were joined, that of
// the first that has one.
func HintOf(err error) string {
	if e, ok := err.(*Error); ok && e.Hint != "" {
		return e.Hint
	}
	switch w := err.(type) {
	case interface{ Unwrap() error }:
		return HintOf(w.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range w.Unwrap() {
			if hint := HintOf(err); hint != "" {
				return hint
			}
		}
	}
	return ""
}

// First gives the first error that is one: what went wrong, not what then went wrong in putting things away. It
// keeps that error's status and hint.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
