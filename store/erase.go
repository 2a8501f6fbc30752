package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"zapis/crypto/ledger"
)

// Erase takes the parts away that a tombstone names, once the tombstone is an
// entry. Their hashes stay, so every proof made before still verifies. It is
// recorded first, in one transaction; a crash after that only leaves files,
// which the next opening removes. It may be repeated.
//
// bbolt keeps deleted values in free pages until something else is written
// there: only after Compact are the bytes out of ledger.db. What a file system,
// an SSD or a backup keeps is beyond reach: docs/spec/store.md.
func (s *Store) Erase(ctx context.Context, tombstone uint64) error {
	return s.ask(ctx, &request{act: func() error {
		var files []ledger.Hash
		err := s.update(func(tx *bolt.Tx) error {
			parts, err := tombstoneParts(tx, tombstone, s.tip.size)
			if err != nil {
				return err
			}
			for _, p := range parts {
				file, err := erasePart(tx, p, tombstone)
				if err != nil {
					return err
				}
				if file {
					files = append(files, p.Hash)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return s.removeFiles(files)
	}})
}

// tombstoneParts reads what a tombstone erases.
func tombstoneParts(tx *bolt.Tx, index, size uint64) ([]ledger.Erased, error) {
	if index >= size {
		return nil, fmt.Errorf("tombstone %d: %w", index, ErrUnknown)
	}
	e, err := readEntry(tx.Bucket(bucketEntries), index)
	if err != nil {
		return nil, err
	}
	if e.Body.Kind != ledger.KindTombstone {
		return nil, fmt.Errorf("%w: entry %d is a %s, and no tombstone", ErrRefused, index, e.Body.Kind)
	}
	body, ok := smallPart(tx, e.Body.Parts[0].Hash)
	if !ok {
		return nil, fmt.Errorf("%w: the body of entry %d is missing", ledger.ErrMismatch, index)
	}
	a, err := ledger.ParseApproved(body)
	if err != nil {
		return nil, err
	}
	t, err := ledger.ParseTombstone(a.Text)
	return t.Parts, err
}

// erasePart takes one part out of the database. The entry must be the one that
// has it: a tombstone that misnames the entry erases nothing.
func erasePart(tx *bolt.Tx, p ledger.Erased, tombstone uint64) (file bool, err error) {
	if tx.Bucket(bucketErased).Get(p.Hash[:]) != nil {
		return true, nil // its file may have outlived a crash
	}
	e, err := readEntry(tx.Bucket(bucketEntries), p.Index)
	if err != nil {
		return false, err
	}
	for _, part := range e.Body.Parts {
		if part.Hash != p.Hash {
			continue
		}
		if part.Kind == ledger.PartAttachment {
			file, err = true, tx.Bucket(bucketFiles).Delete(p.Hash[:])
		} else {
			err = tx.Bucket(bucketSmall).DeleteBucket(p.Hash[:])
		}
		return file, first(err, tx.Bucket(bucketErased).Put(p.Hash[:], number(tombstone)))
	}
	return false, fmt.Errorf("%w: entry %d has no part %s", ErrRefused, p.Index, p.Hash)
}

func (s *Store) removeFiles(hashes []ledger.Hash) error {
	for _, h := range hashes {
		path := partPath(s.dir, h)
		err := removePart(path)
		if err == nil {
			err = syncDir(filepath.Dir(path))
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
		return first(err, os.RemoveAll(path+asideSuffix))
	}
	err := os.Rename(path+asideSuffix, path)
	if err == nil {
		err = syncDir(s.dir)
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
		return first(fileError(err), dst.Close())
	}
	return first(fileError(dst.Sync()), dst.Close())
}
