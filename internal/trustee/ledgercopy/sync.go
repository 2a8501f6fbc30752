package ledgercopy

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync"

	"zapis/internal/atomicfile"
)

// syncEach syncs the files and folders below dir, but not the files in segments/, which segmentWriter has synced. Several wait at once,
// since a file system makes what waits durable together, and their order is free until the folder is renamed.
func syncEach(dir string) error {
	names := make(chan string)
	errs := make([]error, syncing+1)
	var all sync.WaitGroup
	for i := range syncing {
		all.Go(func() {
			for name := range names {
				errs[i] = errors.Join(errs[i], atomicfile.SyncPath(name))
			}
		})
	}
	segments := filepath.Join(dir, segmentsDir)
	errs[syncing] = filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Dir(name) != segments {
			names <- name
		}
		return err
	})
	close(names)
	all.Wait()
	return errors.Join(errs...)
}
