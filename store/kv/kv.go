// Package kv is the seam between the ledger's rules and the engine for their bytes: ordered tables of byte strings,
// changed in transactions. An engine has no entries, promises or parts. store/bolt is one in a file of one machine.
package kv

import (
	"context"
	"errors"
	"fmt"
)

// Errors of engines that the store distinguishes. Any other error of Begin and Commit means that the engine failed,
// and that this process must not write any more.
var (
	// ErrFull: there is no room. Nothing was written, and a later transaction may succeed.
	ErrFull = errors.New("the disk is full")
	// ErrUnavailable: the engine does not answer. Nothing was written, and a later transaction may succeed.
	ErrUnavailable = errors.New("the database does not answer")
	// ErrUncertain: the transaction may have been committed or not, or not on as many machines as it must be.
	ErrUncertain = errors.New("whether the database has committed is not known")
)

// Spec describes a table to an engine: its name, and hints on how it is used.
type Spec struct {
	Name      string
	Ascending bool // keys are only ever appended at the end
	Large     bool // values have up to some 100 KB; a cursor gives their keys, and no values
	Added     bool // databases of earlier versions lack it: it is made when they are opened for writing
}

// DB is an open database. Its methods may be called by many goroutines.
type DB interface {
	// Begin starts a transaction. A writable one is alone in the whole database,
	// over all processes and hosts that write to it, and sees all that earlier
	// ones have committed. A reading one sees the database at one moment.
	Begin(writable bool) (Tx, error)

	// Shared reports whether other processes may write as well: what is kept in
	// memory of the database must then be compared with it in every transaction.
	Shared() bool

	// Forget makes the bytes of deleted values unreadable in what the engine
	// keeps, as far as it can; docs/forgetting.md says what that is. No writable
	// transaction of this process is open meanwhile.
	Forget(ctx context.Context) error

	// Used is how many bytes the database occupies.
	Used() (int64, error)

	// Close waits for this process's transactions to end.
	Close() error
}

// Tx is one transaction. It belongs to one goroutine and ends with Commit or
// Rollback; what its tables gave out is valid until then. Reads return no
// error: an engine that fails in one panics with a *Failure, which Catch turns
// into an error.
type Tx interface {
	// Table gives a table by the name in its Spec, or nil if the database lacks it.
	Table(name string) Table

	// Want announces keys that will be read, so that an engine at the other end
	// of a network brings them in one round trip.
	Want(keys ...Key)

	// Size is about how many bytes a reader of everything would read.
	Size() int64

	// Check gives the faults that the engine finds in its own structures: tables
	// that are none of the Specs', damaged pages. A process that writes meanwhile
	// sets live; what can't be asked then is left out.
	Check(live bool, fault func(text string))

	// ReadAhead prepares for a reading of all tables from first to last. waitFor
	// blocks until about so many bytes of values have been brought in.
	ReadAhead() (waitFor func(bytes int64), stop func())

	// Commit makes the transaction durable, on as many machines as the engine is
	// set to, before it returns nil.
	Commit() error

	// Rollback discards the transaction. After Commit it does nothing.
	Rollback() error
}

// Key names a value of a table.
type Key struct {
	Table string
	Key   []byte
}

// Table is an ordered map from byte strings to byte strings. Put keeps key and
// value without a copy until the transaction ends.
type Table interface {
	Get(key []byte) []byte // nil if there is none
	Put(key, value []byte) error
	Delete(key []byte) error // no error if there is none
	Clear() error            // deletes all
	Cursor() Cursor
}

// Cursor goes through a table in the order of its keys. A nil key is the end. It
// is invalid after a write to its table.
type Cursor interface {
	First() (key, value []byte)
	Last() (key, value []byte)
	Next() (key, value []byte)
	Prev() (key, value []byte)
	Seek(key []byte) (k, value []byte) // the first key that is not smaller
}

// Failure is what an engine's reads panic with.
type Failure struct{ Err error }

// Error reports what failed.
func (f *Failure) Error() string { return fmt.Sprintf("reading the database: %s", f.Err) }

// Unwrap returns the engine's error.
func (f *Failure) Unwrap() error { return f.Err }

// Catch runs fn, and returns a Failure that it panics with. It is the one place
// where a Failure is recovered; other panics go on.
func Catch(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			f, ok := p.(*Failure)
			if !ok {
				panic(p)
			}
			err = f
		}
	}()
	return fn()
}

// View runs fn in a reading transaction.
func View(db DB, fn func(tx Tx) error) error {
	tx, err := db.Begin(false)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return Catch(func() error { return fn(tx) })
}

// Update runs fn in a writable transaction, and commits it unless fn fails.
func Update(db DB, fn func(tx Tx) error) error {
	tx, err := db.Begin(true)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := Catch(func() error { return fn(tx) }); err != nil {
		return err
	}
	return tx.Commit()
}
