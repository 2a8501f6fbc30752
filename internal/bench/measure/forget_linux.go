package measure

import (
	"os"

	"golang.org/x/sys/unix"
)

// Forget drops what the page cache holds of a file.
func Forget(f *os.File) {
	_ = f.Sync()
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
