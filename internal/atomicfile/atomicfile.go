// Package atomicfile writes files that a loss of power leaves whole: all of a file, or what was there before.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile replaces the content of a file in one step: written beside it under a name that begins with a dot, synced,
// renamed, the folder synced. What a cut leaves of the other name is overwritten by the next that writes the same
// file, of which there is one at a time.
func WriteFile(name string, content []byte, mode fs.FileMode) error {
	if err := CheckName(name); err != nil {
		return err
	}
	aside := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".new")
	f, err := os.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if err = fill(f, content); err == nil {
		err = Rename(aside, name)
	}
	if err != nil {
		os.Remove(aside)
	}
	return err
}

// CreateFile makes a file that is not there yet, whole or not at all; where there is one, the error is os.ErrExist and
// that one stays. The content is written and synced under another name first, and gets its own by a hard link, which
// never replaces a file. Where the file system has no hard links, the name is reserved before the rename.
func CreateFile(name string, content []byte, mode fs.FileMode) error {
	w, err := Create(name, mode)
	if err != nil {
		return err
	}
	defer w.Discard()
	if _, err := w.Write(content); err != nil {
		return err
	}
	return w.Commit()
}

// File is a file that is being written aside. It belongs to one goroutine and ends with Commit or Discard; Discard
// after Commit does nothing.
type File struct {
	*os.File
	name string
	done bool
}

// Create begins a file that is not there yet: what is written lies beside it under another name until Commit. The
// error is os.ErrExist where there is one.
func Create(name string, mode fs.FileMode) (*File, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(name); err == nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return nil, err
	}
	w := &File{File: f, name: name}
	if err := f.Chmod(mode); err != nil {
		w.Discard()
		return nil, err
	}
	return w, nil
}

// Commit makes the content durable and links it under its name. A file that came to be there meanwhile stays, and the
// error is os.ErrExist.
func (w *File) Commit() error {
	if err := errors.Join(w.Sync(), w.Close()); err != nil {
		return err
	}
	if err := place(w.File.Name(), w.name); err != nil {
		return err
	}
	w.done = true
	return SyncFolder(filepath.Dir(w.name))
}

// Discard takes away what was written, unless it was committed.
func (w *File) Discard() {
	if !w.done {
		w.done = true
		w.Close()
		os.Remove(w.File.Name())
	}
}

// place renames the file aside to name, without replacing another file.
func place(aside, name string) error {
	err := os.Link(aside, name)
	switch {
	case err == nil:
		return os.Remove(aside)
	case errors.Is(err, fs.ErrExist):
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	return reserve(aside, name)
}

// reserve is place on a file system without hard links: an empty file of that name keeps others out, and is replaced.
func reserve(aside, name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	if err := rename(aside, name); err != nil {
		os.Remove(name)
		return err
	}
	return nil
}

// Rename moves a file or a folder to a name in the same file system and makes that durable: both folders are synced.
// What was under the name is replaced.
func Rename(from, to string) error {
	if err := rename(from, to); err != nil {
		return err
	}
	if err := SyncFolder(filepath.Dir(to)); err != nil {
		return err
	}
	if filepath.Dir(from) == filepath.Dir(to) {
		return nil
	}
	return SyncFolder(filepath.Dir(from))
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

// MakeFolder makes a folder with mode 0700, durably, if it is missing.
func MakeFolder(path string) error {
	if err := CheckName(path); err != nil {
		return err
	}
	switch err := os.Mkdir(path, 0o700); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

// Erase truncates and unlinks a file, so that a hard link or an open descriptor does not keep its bytes. It can't erase
// what the disk itself keeps.
func Erase(name string) error {
	if err := os.Truncate(name, 0); err != nil {
		return err
	}
	if err := os.Remove(name); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(name))
}
