// Package durable puts files where a cut of the power leaves them whole: all of
// a file, or what was there before.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile gives a file its content all at once: written beside it under a name
// that begins with a dot, synced, renamed, the folder synced. What a cut leaves
// of the other name is overwritten by the next that writes the same file, of
// which there is one at a time.
func WriteFile(name string, content []byte, mode fs.FileMode) error {
	aside := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".new")
	f, err := os.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if err = fill(f, content); err == nil {
		err = os.Rename(aside, name)
	}
	if err != nil {
		os.Remove(aside)
		return err
	}
	return SyncFolder(filepath.Dir(name))
}

// CreateFile makes a file that is not there yet, whole or not at all; where there is one, the error is os.ErrExist and
// that one stays.
func CreateFile(name string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if err := fill(f, content); err != nil {
		os.Remove(name)
		return err
	}
	return SyncFolder(filepath.Dir(name))
}

// fill writes a file, syncs and closes it.
func fill(f *os.File, content []byte) error {
	_, err := f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// SyncFolder makes the names in a folder durable.
func SyncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closed := d.Close(); err == nil {
		err = closed
	}
	return err
}

// MakeFolder makes a folder with mode 0700, durably, if it is missing.
func MakeFolder(path string) error {
	switch err := os.Mkdir(path, 0o700); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return SyncFolder(filepath.Dir(path))
}
