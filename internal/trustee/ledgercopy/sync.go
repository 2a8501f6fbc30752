package ledgercopy

import (
	"io/fs"
	"path/filepath"

	"zapis/internal/atomicfile"
)

// syncEach makes the files and folders below dir durable, one by one.
func syncEach(dir string) error {
	return filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return atomicfile.SyncPath(name)
	})
}
