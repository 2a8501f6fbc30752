package bolt

import (
	"os"

	"golang.org/x/sys/unix"
)

// willRead has the kernel begin to read n bytes of a file, and does not wait for them.
func willRead(f *os.File, from, n uint64) {
	_ = unix.Fadvise(int(f.Fd()), int64(from), int64(n), unix.FADV_WILLNEED)
}
