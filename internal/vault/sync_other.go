//go:build !linux

package vault

import (
	"io/fs"
	"os"
	"path/filepath"
)

// syncTree makes everything below dir durable, file by file.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Sync()
	})
}
