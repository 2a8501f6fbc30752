package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"zapis/crypto/ledger"
)

// recover puts in order what a crash may have left: files aside, and parts that
// no body names. It is what every opening does.
func (s *Store) recover() error {
	for _, name := range []string{dbName + asideSuffix, guardName + asideSuffix, creatingName} {
		if err := os.RemoveAll(filepath.Join(s.dir, name)); err != nil {
			return err
		}
	}
	if err := makeDir(filepath.Join(s.dir, partsName)); err != nil {
		return err
	}
	incoming := filepath.Join(s.dir, partsName, incomingName)
	if err := makeDir(incoming); err != nil {
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
	return s.removeUnnamed()
}

// removeUnnamed removes attachments that no body names: their submission never
// came, or they were erased and the power failed before their files were gone.
func (s *Store) removeUnnamed() error {
	return s.db.View(func(tx *bolt.Tx) error {
		return eachPartFile(s.dir, func(path string, h ledger.Hash, _ fs.DirEntry) error {
			if tx.Bucket(bucketFiles).Get(h[:]) != nil {
				return nil
			}
			return removePart(path)
		}, nil)
	})
}

// eachPartFile visits the attachments under parts/, in no order that means
// anything, and gives what is not one to strange, if it is not nil.
func eachPartFile(dir string, visit func(path string, h ledger.Hash, f fs.DirEntry) error, strange func(path string) error) error {
	top := filepath.Join(dir, partsName)
	folders, err := os.ReadDir(top)
	if err != nil {
		return err
	}
	if strange == nil {
		strange = func(string) error { return nil }
	}
	for _, folder := range folders {
		if folder.Name() == incomingName && folder.IsDir() {
			continue
		}
		path := filepath.Join(top, folder.Name())
		files, err := os.ReadDir(path)
		if err != nil {
			if folder.IsDir() {
				return err
			}
			if err := strange(path); err != nil {
				return err
			}
			continue
		}
		for _, f := range files {
			path := filepath.Join(path, f.Name())
			h, err := ledger.ParseHash(f.Name())
			if err != nil || partPath(dir, h) != path || !f.Type().IsRegular() {
				err = strange(path)
			} else {
				err = visit(path, h, f)
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return nil
}
