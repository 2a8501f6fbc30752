package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
	"zapis/store/kv"
)

// cosignedName is a folder of files, each a checkpoint with the lines of
// witnesses after the log's two, named by its size. The checkpoint in the
// database stays as it was signed: time stamps, anchors and receipts are over
// that one.
const cosignedName = "cosigned"

// Cosigned returns the checkpoint of this size with the witnesses' lines that
// are stored; ErrUnknown if the log signed none of this size.
func (s *Store) Cosigned(size uint64) (note []byte, err error) {
	stored, err := s.Checkpoint(size)
	if err != nil {
		return nil, err
	}
	note, err = s.readCosigned(size)
	if errors.Is(err, os.ErrNotExist) {
		return stored, nil
	}
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(note, stored) {
		return nil, fmt.Errorf("%w: %s is not of the checkpoint that this log has signed", ledger.ErrMismatch, s.cosignedPath(size))
	}
	return note, nil
}

// LatestCosigned returns the latest checkpoint for publication, with the
// witnesses' lines so far. Without a readable file of lines it has the log's
// own.
func (s *Store) LatestCosigned() []byte {
	note, c := s.LatestCheckpoint()
	if with, err := s.Cosigned(c.Size); err == nil {
		return with
	}
	return note
}

// KeepCosigned replaces the stored note of this size by the result of merge,
// durably. merge may only add lines after the log's own two.
func (s *Store) KeepCosigned(size uint64, merge func(note []byte) ([]byte, error)) error {
	if s.queue == nil {
		return errReadOnly
	}
	s.cosigning.Lock()
	defer s.cosigning.Unlock()
	stored, err := s.Checkpoint(size)
	if err != nil {
		return err
	}
	had, err := s.Cosigned(size)
	if errors.Is(err, ledger.ErrMismatch) {
		had, err = stored, nil // damaged: it is made again
	}
	if err != nil {
		return err
	}
	note, err := merge(had)
	if err != nil || bytes.Equal(note, had) {
		return err
	}
	if !bytes.HasPrefix(note, stored) || len(note) > ledger.MaxNote {
		return fmt.Errorf("%w: not the checkpoint of %d entries that this log has signed", ledger.ErrMismatch, size)
	}
	return s.writeCosigned(size, note)
}

// readCosigned reads the stored note of a size; os.ErrNotExist if there is
// none.
func (s *Store) readCosigned(size uint64) (note []byte, err error) {
	if !s.shared {
		return os.ReadFile(s.cosignedPath(size))
	}
	err = s.view(func(v *view) error {
		note = bytes.Clone(v.tx.Table(tableCosigned).Get(number(size)))
		if note == nil {
			return os.ErrNotExist
		}
		return nil
	})
	return note, err
}

func (s *Store) writeCosigned(size uint64, note []byte) error {
	if s.shared {
		return s.ask(context.Background(), &request{act: func() error {
			return s.update(func(tx kv.Tx) error { return tx.Table(tableCosigned).Put(number(size), note) })
		}})
	}
	if err := atomicfile.MakeFolder(filepath.Join(s.dir, cosignedName)); err != nil {
		return err
	}
	return replaceFile(s.cosignedPath(size), note)
}

// CosignedSizes returns the sizes of the checkpoints with lines of witnesses,
// largest first.
func (s *Store) CosignedSizes() (sizes []uint64, err error) {
	if s.shared {
		err = s.view(func(v *view) error {
			c := v.tx.Table(tableCosigned).Cursor()
			for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
				if n, ok := readNumber(k); ok {
					sizes = append(sizes, n)
				}
			}
			return nil
		})
		return sizes, err
	}
	files, err := os.ReadDir(filepath.Join(s.dir, cosignedName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for _, f := range files {
		if n, err := strconv.ParseUint(f.Name(), 10, 64); err == nil && strconv.FormatUint(n, 10) == f.Name() {
			sizes = append(sizes, n)
		}
	}
	slices.Sort(sizes)
	slices.Reverse(sizes)
	return sizes, err
}

func (s *Store) cosignedPath(size uint64) string {
	return filepath.Join(s.dir, cosignedName, strconv.FormatUint(size, 10))
}
