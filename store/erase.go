package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/kv"
)

// Parts are erased in the transaction that makes their tombstone an entry.
// Their hashes stay, so every earlier proof still verifies. A crash after that
// leaves files, which the next opening removes, and remains in the engine
// until Forget: the mark for that is set in the same transaction. What a file
// system, an SSD or a backup retains can't be erased: docs/forgetting.md.

func erasedBy(body []byte) ([]ledger.Erased, error) {
	a, err := ledger.ParseApproved(body)
	if err != nil {
		return nil, err
	}
	return ledger.ErasedBy(a.Text)
}

// eraseBy removes from the database what a tombstone's body names, and returns
// the attachments among it.
func eraseBy(tx kv.Tx, tombstone uint64, body []byte) (files []ledger.Hash, err error) {
	parts, err := erasedBy(body)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	for _, p := range parts {
		file, err := erasePart(tx, p, tombstone)
		if err != nil {
			return nil, err
		}
		if !file {
			continue
		}
		files = append(files, p.Hash)
		if err := tx.Table(tablePending).Put(p.Hash[:], erasedMark); err != nil {
			return nil, err
		}
	}
	return files, tx.Table(tableMeta).Put(metaCompact, number(tombstone))
}

// checkErasable refuses a tombstone that names a part which its entry does not
// have.
func checkErasable(tx kv.Tx, body []byte) error {
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

func hasPart(tx kv.Tx, p ledger.Erased) error {
	e, err := readEntry(tx.Table(tableEntries), p.Index)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(e.Body.Parts, func(part ledger.Part) bool { return part.Hash == p.Hash }) {
		return fmt.Errorf("%w: entry %d has no part %s", ErrRefused, p.Index, p.Hash)
	}
	return nil
}

// erasePart removes one part from the database, and reports whether it has a
// file.
func erasePart(tx kv.Tx, p ledger.Erased, tombstone uint64) (file bool, err error) {
	if tx.Table(tableErased).Get(p.Hash[:]) != nil {
		return true, nil // its file may have outlived a crash
	}
	if err := hasPart(tx, p); err != nil {
		return false, err
	}
	if tx.Table(tableFiles).Get(p.Hash[:]) != nil {
		file, err = true, tx.Table(tableFiles).Delete(p.Hash[:])
	} else {
		err = tx.Table(tableSmall).Delete(p.Hash[:])
	}
	return file, exit.First(err, tx.Table(tableErased).Put(p.Hash[:], number(tombstone)))
}

// forget removes the files of what was erased, and then, where anything was, or
// where submissions waited, the traces that they have left in the database. Where
// that has no room, the mark stays, and the next slot, or the next opening, tries
// again. A shared database forgets beside the slot: forgetLoop.
func (s *Store) forget(files []ledger.Hash) error {
	if err := s.removeFiles(files); err != nil {
		return fmt.Errorf("what was erased: %w", err)
	}
	if s.shared {
		s.wakeForget()
		return nil
	}
	erased, arrived := s.compactDue()
	if !erased && !(arrived && s.roomForCopy()) {
		return nil
	}
	if err := s.compact(); err != nil && !errors.Is(err, ErrFull) && !errors.Is(err, ErrUnavailable) {
		return err
	}
	return nil
}

// compactDue reports whether something was erased, or came to wait for a slot that
// has passed, since the last compaction.
func (s *Store) compactDue() (erased, arrived bool) {
	err := kv.View(s.db, func(tx kv.Tx) error {
		erased, arrived = tx.Table(tableMeta).Get(metaCompact) != nil, tx.Table(tableMeta).Get(metaArrival) != nil
		return nil
	})
	return erased && err == nil, arrived && err == nil
}

// roomForCopy reports whether the disk has room for a second copy of the database.
// Without this question a copy after each slot would fill the disk, and fail the
// uploads that are under way. After an erasure the copy is smaller than the file, and
// is tried in any case.
func (s *Store) roomForCopy() bool {
	free, err := s.Free()
	used, err2 := s.DatabaseSize()
	return err != nil || err2 != nil || free > used
}

// Erasing reports whether bytes of erased parts may still be in the database's
// free pages, because there was no disk space to compact it.
func (s *Store) Erasing() (still bool, err error) {
	err = s.view(func(v *view) error {
		still = v.tx.Table(tableMeta).Get(metaCompact) != nil
		return nil
	})
	return still, err
}

func (s *Store) removeFiles(hashes []ledger.Hash) error {
	for _, h := range hashes {
		err := s.parts.Remove(context.Background(), blob.Hash(h))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if len(hashes) == 0 {
		return nil
	}
	if err := s.update(func(tx kv.Tx) error { return deletePending(tx, hashes) }); err != nil {
		return err
	}
	_, err := s.countNamed()
	return err
}

// Compact removes the remains of deleted values from the database. Submissions
// wait meanwhile, readers do not; where several hosts share a database, they wait for one table at most. With bbolt it needs disk space for a second
// copy, and a snapshot that began before keeps the blocks of the old file, which
// has no name any more, until it ends.
func (s *Store) Compact(ctx context.Context) error {
	if s.shared {
		return s.forgetShared(ctx)
	}
	return s.ask(ctx, &request{act: s.compact})
}

func (s *Store) compact() error {
	if err := s.brokenBy(); err != nil {
		return err
	}
	if err := s.db.Forget(context.Background()); err != nil {
		return engineError(err)
	}
	return s.update(func(tx kv.Tx) error {
		return exit.First(tx.Table(tableMeta).Delete(metaCompact), tx.Table(tableMeta).Delete(metaArrival))
	})
}
