package store

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// syncData makes a file's bytes, and what is needed to find them, durable.
func syncData(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}

// startWriting asks the kernel to begin writing a range of a file out, so that
// the sync at its end has little left to do. It promises nothing.
func startWriting(f *os.File, from, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), from, n, unix.SYNC_FILE_RANGE_WRITE)
}

// readAhead asks the kernel to read a range of a file in. It promises nothing.
func readAhead(f *os.File, from, n int64) {
	_ = unix.Fadvise(int(f.Fd()), from, n, unix.FADV_WILLNEED)
}

// freeSpace is what a process without privileges may still write in dir.
func freeSpace(dir string) (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, os.NewSyscallError("statfs", err)
	}
	return int64(min(fs.Bavail, uint64(math.MaxInt64/fs.Bsize)) * uint64(fs.Bsize)), nil
}

// populate asks the kernel to bring a range of a map in at once, and not page by
// page as it is touched. It promises nothing: an older kernel does not know it.
func populate(from, n uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, n, unix.MADV_POPULATE_READ)
}
