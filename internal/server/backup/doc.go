// Package backup stores a ledger in a folder of flat files, so that it can be
// restored on another machine. It verifies before it stores: the folder
// accepts only what extends its own verified content.
//
//	ledger.tar          checkpoints, entries, what waits, locators: all but the parts
//	parts/ab/ab3f…      every part, small ones too, named by the SHA-256 of its ciphertext
//	log.key             the log's signing key, only where it was asked for
//	lock                held by the one process that changes the folder
//	incoming/           what is being verified; gone when it is not
//
// ledger.tar is rewritten each time, and renamed last. Parts are added, and
// removed once only erased entries name them. A backup of the ledger has its
// locators; a mirror that was made from carry files has none. The formats are
// specified in docs/spec/backup.md.
package backup

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/atomicfile/filelock"
	"zapis/internal/carry"
	"zapis/internal/exit"
)

const (
	stateFile   = "ledger.tar"
	partsDir    = "parts"
	keyFile     = "log.key"
	lockFile    = "lock"
	incomingDir = "incoming"
	newSuffix   = ".new"
)

func refuse(hint, format string, args ...any) error {
	return exit.New(exit.Mismatch, hint, format, args...)
}

// Folder is a backup or a mirror, open for changing or for reading.
type Folder struct {
	dir  string
	lock *filelock.Lock
}

// Open opens a folder for changing, and creates it where it is missing.
func Open(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := filelock.Take(filepath.Join(dir, lockFile), filelock.Options{})
	if _, held := errors.AsType[*filelock.HeldError](err); held {
		return nil, exit.New(exit.Failed, "wait for it to end", "another process is changing %s", dir)
	}
	if err != nil {
		return nil, err
	}
	b := &Folder{dir, lock}
	if err := b.clear(); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// clear removes the files of an interrupted run.
func (b *Folder) clear() error {
	if err := os.RemoveAll(filepath.Join(b.dir, incomingDir)); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(b.dir, stateFile+newSuffix))
}

// Close removes unfinished files and releases the lock of the folder.
func (b *Folder) Close() error {
	err := b.clear()
	return exit.First(err, b.lock.Release())
}

// At returns a folder for reading only.
func At(dir string) *Folder { return &Folder{dir: dir} }

func (b *Folder) name(file string) string { return filepath.Join(b.dir, file) }

func (b *Folder) part(h ledger.Hash) string { return partIn(filepath.Join(b.dir, partsDir), h) }

func partIn(dir string, h ledger.Hash) string {
	name := h.String()
	return filepath.Join(dir, name[:2], name)
}

// head reads the header and the last checkpoint of ledger.tar; false where there
// is none yet.
func (b *Folder) head() (h carry.BackupHeader, last ledger.Checkpoint, ok bool, err error) {
	f, err := os.Open(b.name(stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return h, last, false, nil
	}
	if err != nil {
		return h, last, false, err
	}
	defer f.Close()
	r, err := carry.NewBackupReader(f)
	if err != nil {
		return h, last, false, err
	}
	for {
		it, err := r.Next()
		if err != nil && err != io.EOF {
			return h, last, false, err
		}
		if err == io.EOF || it.Kind != carry.BackupCheckpoint {
			return r.Header(), last, true, nil
		}
		if last, err = ledger.ParseNote(it.Text); err != nil {
			return h, last, false, err
		}
	}
}

// Card returns the card of the folder's ledger; false where it has none yet.
func (b *Folder) Card() (card.LedgerCard, bool, error) {
	h, _, ok, err := b.head()
	return h.Card(), ok, err
}
