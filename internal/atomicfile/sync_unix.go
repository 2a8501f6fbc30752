//go:build !windows

package atomicfile

import (
	"errors"
	"os"
)

// SyncFolder makes the names in a folder durable.
func SyncFolder(name string) error { return SyncPath(name) }

// SyncPath makes what a path names durable, a file or a folder.
func SyncPath(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func rename(from, to string) error { return os.Rename(from, to) }

// CheckName takes every path: this system reserves no names.
func CheckName(string) error { return nil }
