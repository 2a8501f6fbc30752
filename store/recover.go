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
	if err := s.removePending(); err != nil {
		return err
	}
	return s.removeUnnamed()
}

// removeUnnamed removes attachments that no body names and that are not pending, once in the life of a folder: an earlier
// program may have left them. It looks at every file.
func (s *Store) removeUnnamed() error {
	swept := s.shared
	if err := kv.View(s.db, func(tx kv.Tx) error {
		swept = swept || tx.Table(tableMeta).Get(metaSwept) != nil
		return nil
	}); err != nil || swept {
		return err
	}
	err := kv.View(s.db, func(tx kv.Tx) error {
		files := tx.Table(tableFiles)
		return s.parts.Each(context.Background(), func(h blob.Hash) error {
			if files.Get(h[:]) != nil {
				return nil
			}
			return s.parts.Remove(context.Background(), h)
		}, nil)
	})
	if err != nil {
		return err
	}
	return s.update(func(tx kv.Tx) error { return tx.Table(tableMeta).Put(metaSwept, number(1)) })
}
