// Package exit attaches a process exit status and a hint to an error. Any package may wrap its errors with it; only
// the main packages read status and hint.
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
	Mismatch   Status = 3 // the input does not verify
	KeyMissing Status = 4 // the key, the passphrase or the quorum is missing
)

// Error is an error with an exit status and a hint for the user.
type Error struct {
	Status Status
	Hint   string // what to do next; may be empty
	Advice Advice // in place of a hint, where a program has the words; may be empty
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// New returns an Error whose text is formatted as by fmt.Errorf; %w wraps.
func New(s Status, hint, format string, args ...any) error {
	return &Error{Status: s, Hint: hint, Err: fmt.Errorf(format, args...)}
}

// StatusOf returns the status of the outermost Error in err's chain: Done for nil, Failed where the chain has no Error.
func StatusOf(err error) Status {
	if err == nil {
		return Done
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return Failed
}

// HintOf returns the outermost hint in err's chain, or "". Of joined errors it returns the first hint. It returns "" where an
// error farther out has advice.
func HintOf(err error) string {
	if e := helping(err); e != nil {
		return e.Hint
	}
	return ""
}

// First returns the first non-nil error, with its status and hint: the cause, not the failures of the clean-up after it.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
