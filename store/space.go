package store

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Free says how many bytes the ledger's disk has left for us.
func (s *Store) Free() (int64, error) { return freeSpace(s.dir) }

// Used says how many bytes the files in the ledger's folder have. It walks the
// folder.
func (s *Store) Used() (used int64, err error) {
	err = filepath.WalkDir(s.dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				used += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // discarded meanwhile
		}
		return err
	})
	return used, err
}
