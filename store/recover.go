package store

import (
	"context"
	"os"
	"path/filepath"

	"zapis/internal/atomicfile"
	"zapis/store/blob"
	"zapis/store/kv"
)

// recover removes what a crash may have left: temporary files, and parts that
// no body names. Every opening calls it.
func (s *Store) recover() error {
	if err := removeAside(s.dir); err != nil {
		return err
	}
	for _, name := range []string{guardName + asideSuffix, creatingName} {
		if err := os.RemoveAll(filepath.Join(s.dir, name)); err != nil {
			return err
		}
	}
	if err := atomicfile.MakeFolder(filepath.Join(s.dir, partsName)); err != nil {
		return err
	}
	incoming := filepath.Join(s.dir, partsName, incomingName)
	if err := atomicfile.MakeFolder(incoming); err != nil {
		return err
	}
	files, err := os.ReadDir(incoming)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.RemoveAll(filepath.Join(incoming, f.Name())); err != nil {
			return err
		}
	}
	if s.shared {
		return s.removePending()
	}
	return s.removeUnnamed()
}

// removeUnnamed removes attachments that no body names: their submission never
// came, or they were erased and the power failed before their files were
// removed.
func (s *Store) removeUnnamed() error {
	return kv.View(s.db, func(tx kv.Tx) error {
		files := tx.Table(tableFiles)
		return s.parts.Each(context.Background(), func(h blob.Hash) error {
			if files.Get(h[:]) != nil {
				return nil
			}
			return s.parts.Remove(context.Background(), h)
		}, nil)
	})
}
