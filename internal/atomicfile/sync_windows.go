package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// SyncFolder does nothing on Windows: FlushFileBuffers refuses the handle that opening a folder gives. The names are kept
// by NTFS's own journal, and Rename asks for a write-through. docs/platforms.md says what that means.
func SyncFolder(name string) error {
	_, err := os.Stat(name)
	return err
}

// SyncPath makes what a path names durable, a file or a folder. Windows syncs a file only through a handle that may write.
func SyncPath(name string) error {
	info, err := os.Lstat(name)
	if err != nil || info.IsDir() {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// rename replaces what is under the new name and returns once the change has been written to the disk.
func rename(from, to string) error {
	old, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	if err := windows.MoveFileEx(old, name, windows.MOVEFILE_REPLACE_EXISTING|windows.MOVEFILE_WRITE_THROUGH); err != nil {
		// os.Rename writes paths longer than 260 characters in the form that Windows takes. It asks for no write-through.
		if os.Rename(from, to) == nil {
			return nil
		}
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// CheckName refuses a path whose last name Windows would understand otherwise, with ErrReservedName.
func CheckName(path string) error {
	if !PortableName(filepath.Base(path)) {
		return &fs.PathError{Op: "create", Path: path, Err: ErrReservedName}
	}
	return nil
}
