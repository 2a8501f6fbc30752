package store

import (
	"errors"
	"io/fs"
	"syscall"

	"zapis/internal/exit"
)

// What a caller may want to tell apart. All are wrapped with what happened.
var (
	ErrFull         = errors.New("the disk is full")
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
	ErrErased       = errors.New("the part was erased")
)

// diskError tells a full disk, after which the store goes on, from a failing
// one, after which it must not. bbolt gives errors of WriteAt as *fs.PathError
// and those of fdatasync as bare numbers: a sync that fails, for want of room
// or not, leaves nobody knowing what is on the disk.
func diskError(err error) error {
	if err == nil {
		return nil
	}
	var path *fs.PathError
	if errors.As(err, &path) && path.Op == "write" && isFull(err) {
		return exit.New(exit.Failed, "make room on the disk; nothing was lost, and nothing was half-stored",
			"%w (%w)", ErrFull, err)
	}
	return exit.New(exit.Failed, "stop this process, look at the disk, then run zapisd check",
		"%w: %w", ErrBroken, err)
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
