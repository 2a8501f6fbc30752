package ledgercopy

import (
	"os"

	"golang.org/x/sys/unix"
)

// few is the number of files up to which they are synced one by one rather than by syncfs.
const few = 100

// syncTree syncs everything below dir. An import may have tens of thousands of small files: one syncfs takes a
// fraction of the time of as many fsyncs.
func syncTree(dir string, files int) error {
	if files <= few {
		return syncEach(dir)
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Syncfs(int(d.Fd()))
}
