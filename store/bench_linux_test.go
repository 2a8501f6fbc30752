package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// forget drops what the page cache holds of a file.
func forget(f *os.File) {
	_ = f.Sync()
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
