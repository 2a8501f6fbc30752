package atomicfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// SyncData makes a file's bytes, and what is needed to find them, durable.
func SyncData(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
