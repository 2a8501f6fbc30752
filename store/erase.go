package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	bolt "go.etcd.io/bbolt"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

// Parts are erased in the transaction that makes their tombstone an entry. Their
// hashes stay, so every proof made before still verifies. A crash after that
// leaves files, which the next opening removes, and bytes in bbolt's free pages,
// which are gone once the database was compacted: the mark for that is set in
// the same transaction. What a file system, an SSD or a backup keeps is beyond
// reach: docs/forgetting.md.

func erasedBy(body []byte) ([]ledger.Erased, error) {
	a, err := ledger.ParseApproved(body)
	if err != nil {
		return nil, err
	}
	return ledger.ErasedBy(a.Text)
}

// eraseBy takes what a tombstone's body names out of the database, and gives
// the attachments among it.
func eraseBy(tx *bolt.Tx, tombstone uint64, body []byte) (files []ledger.Hash, err error) {
	parts, err := erasedBy(body)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	for _, p := range parts {
		file, err := erasePart(tx, p, tombstone)
		if err != nil {
			return nil, err
		}
		if file {
			files = append(files, p.Hash)
		}
	}
	return files, tx.Bucket(bucketMeta).Put(metaCompact, number(tombstone))
}

// checkErasable refuses a tombstone that misnames what it erases: of an entry
// that has no such part.
func checkErasable(tx *bolt.Tx, body []byte) error {
	parts, err := erasedBy(body)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := hasPart(tx, p); err != nil {
			return err
		}
	}
	return nil
}

func hasPart(tx *bolt.Tx, p ledger.Erased) error {
	e, err := readEntry(tx.Bucket(bucketEntries), p.Index)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(e.Body.Parts, func(part ledger.Part) bool { return part.Hash == p.Hash }) {
		return fmt.Errorf("%w: entry %d has no part %s", ErrRefused, p.Index, p.Hash)
	}
	return nil
}

// erasePart takes one part out of the database, and says whether it has a file.
func erasePart(tx *bolt.Tx, p ledger.Erased, tombstone uint64) (file bool, err error) {
	if tx.Bucket(bucketErased).Get(p.Hash[:]) != nil {
		return true, nil // its file may have outlived a crash
	}
	if err := hasPart(tx, p); err != nil {
		return false, err
	}
	if tx.Bucket(bucketFiles).Get(p.Hash[:]) != nil {
		file, err = true, tx.Bucket(bucketFiles).Delete(p.Hash[:])
	} else {
		err = tx.Bucket(bucketSmall).DeleteBucket(p.Hash[:])
	}
	return file, exit.First(err, tx.Bucket(bucketErased).Put(p.Hash[:], number(tombstone)))
}

// forget removes the files of what was erased, and then, where anything was,
// the traces that it has left in the database. Without room for that the mark
// stays, and the next slot, or the next opening, tries again.
func (s *Store) forget(files []ledger.Hash) error {
	if err := s.removeFiles(files); err != nil {
		return fmt.Errorf("what was erased: %w", err)
	}
	if !s.compactDue() {
		return nil
	}
	if err := s.compact(); err != nil && !errors.Is(err, ErrFull) {
		return err
	}
	return nil
}

// compactDue reports whether something was erased since the last compaction.
func (s *Store) compactDue() (due bool) {
	err := s.db.View(func(tx *bolt.Tx) error {
		due = tx.Bucket(bucketMeta).Get(metaCompact) != nil
		return nil
	})
	return due && err == nil
}

// Erasing reports whether bytes of erased parts may still be in the database's
// free pages, because there was no room to compact it.
func (s *Store) Erasing() (still bool, err error) {
	err = s.view(func(v *view) error {
		still = v.tx.Bucket(bucketMeta).Get(metaCompact) != nil
		return nil
	})
	return still, err
}

func (s *Store) removeFiles(hashes []ledger.Hash) error {
	for _, h := range hashes {
		path := partPath(s.dir, h)
		err := removePart(path)
		if err == nil {
			err = atomicfile.SyncFolder(filepath.Dir(path))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// compactBytes is how much Compact copies in one transaction.
const compactBytes = 16 << 20

// Compact writes the database anew, without its free pages and what deleted
// values have left in them, and puts the new one in the old one's place: aside,
// synced, renamed. Submissions wait meanwhile, readers do not. It returns when
// the last snapshot of the old one has ended, and with it the old one's bytes.
// It needs room for a second copy.
func (s *Store) Compact(ctx context.Context) error {
	return s.ask(ctx, &request{act: s.compact})
}

func (s *Store) compact() error {
	if err := s.brokenBy(); err != nil {
		return err
	}
	path := filepath.Join(s.dir, dbName)
	if err := s.copyCompact(path + asideSuffix); err != nil {
		return exit.First(err, os.RemoveAll(path+asideSuffix))
	}
	err := os.Rename(path+asideSuffix, path)
	if err == nil {
		err = atomicfile.SyncFolder(s.dir)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	db, err := bolt.Open(path, 0o600, dbOptions())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	s.gate.Lock()
	old := s.db
	s.db = db
	s.gate.Unlock()
	return old.Close() // waits for its snapshots
}

// copyCompact writes the copy; only the committer writes to the database, and
// it is busy with this.
func (s *Store) copyCompact(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	dst, err := bolt.Open(path, 0o600, dbOptions())
	if err != nil {
		return err
	}
	dst.NoSync = true // one sync at the end: until then the copy is nobody's
	if err := bolt.Compact(dst, s.db, compactBytes); err != nil {
		return exit.First(fileError(err), dst.Close())
	}
	err = dst.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(metaCompact) })
	return exit.First(fileError(err), fileError(dst.Sync()), dst.Close())
}
