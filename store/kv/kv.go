// Package kv is the seam between the ledger's rules and the engine for their bytes: ordered tables of byte strings,
// changed in transactions. An engine has no entries, promises or parts. store/bolt is one in a file of one machine.
package kv

import (
	"bytes"
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
	// ErrTooLarge: a value is larger than its Spec allows, and was not read. Only somebody else can have written it.
	ErrTooLarge = errors.New("a value is larger than any that this program writes")
)

// Spec describes a table to an engine: its name, and hints on how it is used.
type Spec struct {
	Name      string
	Ascending bool // keys are only ever appended at the end
	Large     bool // values have up to some 100 KB; a cursor gives their keys, and no values
	Added     bool // databases of earlier versions lack it: it is made when they are opened for writing
	Most      int  // the most bytes of a value that a remote engine reads, well above any that is written; 0 for MostOfAll
}

// MostOfAll is the most bytes of a value in any table.
const MostOfAll = 2 << 20

// Limit returns Most, or its default.
func (s Spec) Limit() int {
	if s.Most == 0 {
		return MostOfAll
	}
	return s.Most
}

// DB is an open database. Its methods are safe for concurrent use.
type DB interface {
	// Begin starts a transaction. A writable one excludes all others, over all processes and hosts, and sees
	// everything that earlier ones have committed. A reading one sees one snapshot of the database. want announces keys
	// as Tx.Want does: a remote engine fetches them in the round trip that begins a writable transaction.
	Begin(writable bool, want ...Key) (Tx, error)

	// Shared reports whether other processes may write too: what is cached in memory must then be compared with the
	// database in every transaction.
	Shared() bool

	// Forget makes the bytes of deleted values unreadable in the engine's storage, as far as possible
	// (docs/forgetting.md). Where the database is not Shared, no writable transaction of this process is open meanwhile.
	Forget(ctx context.Context) error

	// Used returns how many bytes the database occupies.
	Used() (int64, error)

	// Close waits for this process's transactions to end.
	Close() error
}

// Tx is one transaction. It belongs to one goroutine and ends with Commit or Rollback; what its tables return is valid
// until then. Reads return no error: an engine that fails in one panics with a *Failure, which Catch turns into an
// error.
type Tx interface {
	// Table gives a table by the name in its Spec, or nil if the database lacks it.
	Table(name string) Table

	// Want announces keys that will be read, so that a remote engine fetches them in one round trip. It replaces what
	// was announced before.
	Want(keys ...Key)

	// Scan hands out the values of a large table whose keys are within a range, in chunks, each chunk once, so that several
	// goroutines may read them, and in the order in which the engine reads fastest. It ends with the first error of each. A value is left out where it
	// does not lie in the storage as the engine writes one, and all may be where this transaction has written: only Get
	// tells then whether it is there.
	Scan(table string, within Range, each func(Chunk) error) error

	// Copy returns a value of a table in buf, which it enlarges where it must, or nil if there is none: what Get gives, by the
	// engine's fastest way of reading a large value once. The value is the caller's until it uses buf again, and stays
	// valid after the transaction.
	Copy(table string, key []byte, buf *[]byte) []byte

	// Size returns approximately how many bytes a reader of everything would read.
	Size() int64

	// Check passes the faults of the engine's own structures to fault: tables that are in no Spec, damaged pages. live
	// is set while the process writes; checks that are impossible then are left out.
	Check(live bool, fault func(text string))

	// Commit makes the transaction durable, on as many machines as configured, before it returns nil.
	Commit() error

	// Rollback discards the transaction. After Commit it does nothing.
	Rollback() error
}

// Chunk passes the rows of a chunk to visit. err is one of reading the storage; value is nil then. Any goroutine may call
// it until the transaction ends. It reads into buf, and enlarges it where it must. What visit is given is valid until visit
// returns.
type Chunk func(buf *[]byte, visit func(key, value []byte, err error))

// Range is the keys from From on that are less than Below. A nil one is no bound: the zero Range has all keys.
type Range struct{ From, Below []byte }

// Has reports whether a key lies in the range.
func (r Range) Has(key []byte) bool {
	return bytes.Compare(key, r.From) >= 0 && (r.Below == nil || bytes.Compare(key, r.Below) < 0)
}

// CopyTo returns a copy of a value in buf, which it enlarges where it must, and nil for nil.
func CopyTo(buf *[]byte, value []byte) []byte {
	if value == nil {
		return nil
	}
	if *buf == nil || cap(*buf) < len(value) {
		*buf = make([]byte, len(value))
	}
	return append((*buf)[:0], value...)
}

// Key names a value of a table, or, with Last set, the row that Cursor().Last gives.
type Key struct {
	Table string
	Key   []byte
	Last  bool
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

// Cursor iterates over a table in the order of its keys. A nil key is the end. It is invalid after a write to its
// table.
type Cursor interface {
	First() (key, value []byte)
	Last() (key, value []byte)
	Next() (key, value []byte)
	Prev() (key, value []byte)
	Seek(key []byte) (k, value []byte) // the first key that is not smaller
}

// Failure is the panic value of an engine's reads.
type Failure struct{ Err error }

// Error returns the failed operation's text.
func (f *Failure) Error() string { return fmt.Sprintf("reading the database: %s", f.Err) }

// Unwrap returns the engine's error.
func (f *Failure) Unwrap() error { return f.Err }

// Catch runs fn, and returns a Failure that it panics with. Only Catch recovers a Failure; other panics continue.
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
