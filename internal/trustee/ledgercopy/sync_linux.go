package ledgercopy

import (
	"os"

	"golang.org/x/sys/unix"
)

// few is how many files are synced one by one rather than with all else that waits in their file system.
const few = 100

// syncTree makes everything below dir durable. An import may have tens of thousands of small files: one sync
// of their file system takes a fraction of what theirs one by one would.
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
