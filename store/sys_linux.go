package store

import (
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// startWriting asks the kernel to begin writing a range of a file, so that the
// sync at its end has little left to do. It guarantees nothing.
func startWriting(f *os.File, from, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), from, n, unix.SYNC_FILE_RANGE_WRITE)
}

// freeSpace returns what an unprivileged process may still write in dir, in
// bytes.
func freeSpace(dir string) (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, os.NewSyscallError("statfs", err)
	}
	return int64(min(fs.Bavail, uint64(math.MaxInt64/fs.Bsize)) * uint64(fs.Bsize)), nil
}
