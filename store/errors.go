package store

import (
	"errors"
	"fmt"
	"syscall"

	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/kv"
)

// Errors that callers distinguish. All are wrapped with details.
var (
	ErrFull         = kv.ErrFull
	ErrBroken       = errors.New("the disk failed, and this process must not go on writing")
	errReadOnly     = errors.New("the ledger is open for reading only")
	ErrClosed       = errors.New("the ledger is closed")
	ErrHeld         = errors.New("the ledger is in use")
	ErrNoLedger     = errors.New("there is no ledger here")
	ErrExists       = errors.New("there is a ledger here already")
	ErrNoGuard      = errors.New("there is no guard file")
	ErrBehindGuard  = errors.New("the database is older than its guard")
	ErrForked       = errors.New("the database and its guard are of different histories")
	ErrLocatorTaken = errors.New("the locator's name is taken")
	ErrTagTaken     = errors.New("the reply's tag is taken")
	ErrDuplicate    = errors.New("this body is in the ledger, or waits, already")
	ErrPartTaken    = errors.New("another submission has this part already")
	ErrOldSet       = errors.New("the body is sealed to trustees who are not in force")
	ErrRefused      = errors.New("the submission is not acceptable")
	ErrUnknown      = errors.New("the ledger does not have it")
	ErrWaiting      = errors.New("it waits for its slot")
	ErrMoved        = errors.New("this ledger was moved")
	ErrNoWitness    = errors.New("no witness has confirmed the checkpoint")
	ErrUnavailable  = kv.ErrUnavailable
	ErrErased       = errors.New("the part was erased")
)

// engineError maps an error of Begin or Commit: after a full disk the store
// stays usable, after a failing one it does not.
func engineError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrFull):
		return exit.New(exit.Failed, "make room on the disk; nothing was lost, and nothing was half-stored", "%w", err)
	case errors.Is(err, ErrUnavailable):
		return err // with its own hint; nothing was written
	}
	return exit.Advise(exit.Failed, exit.StopAndCheck.With(),
		"%w: %w", ErrBroken, err)
}

// fileError is engineError for a file apart from the database: its failure
// concerns only that file.
func fileError(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrFull):
		return err
	case errors.Is(err, blob.ErrFull), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w (%w)", ErrFull, err)
	}
	return err
}
