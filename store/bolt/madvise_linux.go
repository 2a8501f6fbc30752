package bolt

import "golang.org/x/sys/unix"

// populate asks the kernel to read a range of a map at once, and not page by page on access. It guarantees nothing: an
// older kernel ignores it.
func populate(from, n uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, n, unix.MADV_POPULATE_READ)
}

// inOrder advises the kernel that a map is read sequentially, and atRandom that it is not.
func inOrder(from, n uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, n, unix.MADV_SEQUENTIAL)
}
func atRandom(from, n uintptr) { _, _, _ = unix.Syscall(unix.SYS_MADVISE, from, n, unix.MADV_RANDOM) }
