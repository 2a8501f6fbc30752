package ledgercopy

import (
	"io/fs"
	"path/filepath"

	"zapis/internal/atomicfile"
)

// syncEach syncs the files and folders below dir, one by one.
func syncEach(dir string) error {
	return filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return atomicfile.SyncPath(name)
	})
}
