package bolt

import "golang.org/x/sys/unix"

// populate asks the kernel to bring a range of a map in at once, and not page by
// page as it is touched. It promises nothing: an older kernel does not know it.
func populate(from, n uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, n, unix.MADV_POPULATE_READ)
}

// inOrder tells the kernel that a map is read from front to back, and atRandom that it is not.
func inOrder(from, n uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, n, unix.MADV_SEQUENTIAL)
}
func atRandom(from, n uintptr) { _, _, _ = unix.Syscall(unix.SYS_MADVISE, from, n, unix.MADV_RANDOM) }
