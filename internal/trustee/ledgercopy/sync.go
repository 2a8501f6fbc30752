package ledgercopy

import (
	"io/fs"
	"os"
	"path/filepath"
)

// syncEach makes the files and folders below dir durable, one by one.
func syncEach(dir string) error {
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
