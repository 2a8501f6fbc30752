// Package bolt stores the tables of store/kv in one bbolt file. A table is a bucket. Where the Spec says Large, each
// value is in a bucket of its own, and so on pages of its own: bbolt then never copies a neighbour's 70 KB when it
// splits a page.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"zapis/internal/atomicfile"
	"zapis/internal/exit"
	"zapis/store/kv"
)

// lockTimeout is how long opening waits for another process that has the file open.
const lockTimeout = 2 * time.Second

const mapReserve = 1 << 37 // 128 GiB of addresses, not of memory

// options returns the options of every file that is opened for writing. Pages have 16 KiB: entries of 2 KiB would
// waste half of one of 4 KiB. The map is reserved far beyond the file, so that growing never waits for a reader: bbolt
// must remap to grow, and a remap waits for every open snapshot, an export's for instance.
func options() *bbolt.Options {
	return &bbolt.Options{
		Timeout:         lockTimeout,
		PageSize:        16 << 10,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapReserve,
		NoStatistics:    true,
	}
}

// DB is an open database file.
type DB struct {
	path  string
	specs map[string]kv.Spec

	mu     sync.RWMutex // over db, which Forget replaces, and closing
	db     *bbolt.DB    // nil once closed
	file   *os.File     // that of db, which closes it
	writer bool         // a new file, synced as a whole by Close
	noSync bool         // NoSync

	old     sync.WaitGroup // files that Forget has replaced, and snapshots still read
	closing error          // the first of closing those
}

// Open opens a database file.
func Open(path string, specs []kv.Spec, readOnly bool) (*DB, error) {
	o := options()
	o.ReadOnly = readOnly
	o.PageSize = 0 // as in the file
	db, file, err := openFile(path, o)
	if err != nil {
		return nil, err
	}
	if err := addTables(db, specs); err != nil {
		return nil, exit.First(err, db.Close())
	}
	return &DB{path: path, specs: byName(specs), db: db, file: file}, nil
}

// openFile opens a database, and returns the file that it has open.
func openFile(path string, o *bbolt.Options) (db *bbolt.DB, file *os.File, err error) {
	o.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		var err error
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}
	db, err = bbolt.Open(path, 0o600, o)
	return db, file, err
}

// addTables makes the tables that a file of an earlier version lacks. It writes nothing where there are all of them, to a
// file that is open for reading, or to one that holds none of the others: that is no database of ours.
func addTables(db *bbolt.DB, specs []kv.Spec) error {
	var lacks []string
	err := db.View(func(tx *bbolt.Tx) error {
		for _, s := range specs {
			switch there := tx.Bucket([]byte(s.Name)) != nil; {
			case !there && !s.Added:
				lacks = nil
				return nil
			case !there:
				lacks = append(lacks, s.Name)
			}
		}
		return nil
	})
	if err != nil || len(lacks) == 0 || db.IsReadOnly() {
		return err
	}
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range lacks {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Create creates a database file with empty tables. Nothing of it is durable until Close: the file must be created
// under a temporary name, and renamed after that.
func Create(path string, specs []kv.Spec) (*DB, error) {
	db, file, err := openFile(path, options())
	if err != nil {
		return nil, err
	}
	db.NoSync = true
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, s := range specs {
			if _, err := tx.CreateBucket([]byte(s.Name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, exit.First(err, db.Close())
	}
	return &DB{path: path, specs: byName(specs), db: db, file: file, writer: true}, nil
}

func byName(specs []kv.Spec) map[string]kv.Spec {
	m := make(map[string]kv.Spec, len(specs))
	for _, s := range specs {
		m[s.Name] = s
	}
	return m
}

// Begin starts a transaction.
func (d *DB) Begin(writable bool, _ ...kv.Key) (kv.Tx, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.db == nil {
		return nil, berrors.ErrDatabaseNotOpen
	}
	tx, err := d.db.Begin(writable)
	if err != nil {
		return nil, err
	}
	return &transaction{tx: tx, file: d.file, specs: d.specs}, nil
}

// Shared returns false: the file is locked for this process.
func (d *DB) Shared() bool { return false }

// Used returns the size of the file.
func (d *DB) Used() (int64, error) {
	info, err := os.Stat(d.path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Close waits for the transactions to end.
func (d *DB) Close() error {
	d.mu.Lock()
	db := d.db
	d.db = nil
	d.mu.Unlock()
	if db == nil {
		return nil
	}
	var err error
	if d.writer {
		err = full(db.Sync())
	}
	err = exit.First(err, db.Close())
	d.old.Wait()
	return exit.First(err, d.closing)
}

// asideSuffix is on the name of a file that is not yet renamed to its own.
const asideSuffix = ".new"

// compactBytes is how much a compaction copies in one transaction.
const compactBytes = 16 << 20

// Forget rewrites the file without its free pages and the remains of deleted values, and replaces the old file:
// temporary name, sync, rename. It needs disk space for a second copy.
//
// It does not wait for the snapshots of the old file: an export may take hours, and submissions would wait with it.
// The old file has no name then. The file system frees its blocks when the last of the snapshots ends, or the process.
func (d *DB) Forget(ctx context.Context) error {
	aside := d.path + asideSuffix
	if err := d.copyTo(aside); err != nil {
		return exit.First(err, os.RemoveAll(aside))
	}
	if err := atomicfile.Rename(aside, d.path); err != nil {
		return err
	}
	db, file, err := d.open(d.path)
	if err != nil {
		return err
	}
	d.mu.Lock()
	old := d.db
	d.db, d.file = db, file
	d.mu.Unlock()
	d.old.Go(func() {
		err := old.Close() // waits for its snapshots
		d.mu.Lock()
		defer d.mu.Unlock()
		d.closing = exit.First(d.closing, err)
	})
	return nil
}

// open opens a file for writing, as this database is.
func (d *DB) open(path string) (*bbolt.DB, *os.File, error) {
	db, file, err := openFile(path, options())
	if err == nil {
		db.NoSync, db.NoGrowSync = d.noSync, d.noSync
	}
	return db, file, err
}

// copyTo writes the copy. After an error other than ErrFull the database is unchanged too.
func (d *DB) copyTo(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	dst, _, err := d.open(path)
	if err != nil {
		return full(err)
	}
	dst.NoSync = true // one sync at the end: until then no reader uses the copy
	if err := bbolt.Compact(dst, d.db, compactBytes); err != nil {
		return exit.First(full(err), dst.Close())
	}
	if !d.noSync {
		err = full(dst.Sync())
	}
	return exit.First(err, dst.Close())
}

// RemoveAside removes the temporary file of an interrupted Forget.
func RemoveAside(path string) error { return os.RemoveAll(path + asideSuffix) }

// full returns ErrFull for a full disk, for a file other than the database.
func full(err error) error {
	if err != nil && (errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)) {
		return fmt.Errorf("%w (%w)", kv.ErrFull, err)
	}
	return err
}

// failed distinguishes a full disk, after which the database stays usable, from a failing one, after which it must not
// be used. bbolt returns errors of WriteAt as *fs.PathError and those of fdatasync as bare numbers: after a failed
// sync, for want of room or not, the disk's content is unknown.
func failed(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok && path.Op == "write" {
		return full(err)
	}
	return err
}

// NoSync lets commits, and the copy of Forget, return before they are durable: the control of the power-loss tests,
// which must notice it. No transaction of this process is open meanwhile.
func (d *DB) NoSync(on bool) { d.noSync, d.db.NoSync, d.db.NoGrowSync = on, on, on }
