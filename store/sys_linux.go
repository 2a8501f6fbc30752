package store

import (
	"errors"
	"math"
	"os"
	"runtime/debug"
	"unsafe"

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

const nonblocking = unix.O_NONBLOCK

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

// inOrder tells the kernel that a map is read from front to back, and atRandom that it is not.
func inOrder(from, n uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, n, unix.MADV_SEQUENTIAL)
}
func atRandom(from, n uintptr) { _, _, _ = unix.Syscall(unix.SYS_MADVISE, from, n, unix.MADV_RANDOM) }

// mapped is how much of a file is mapped at once.
const mapped = 8 * readStep

// eachPiece gives a file's bytes to use, piece by piece, and says how many there
// were. What use gets is the kernel's own, and gone when it returns.
func eachPiece(f *os.File, use func(piece []byte) error) (n int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	for err == nil && n < info.Size() {
		length := min(mapped, info.Size()-n)
		err = withMap(f, n, int(length), func(m []byte) error {
			for len(m) > 0 {
				piece := m[:min(readStep, len(m))]
				populate(uintptr(unsafe.Pointer(unsafe.SliceData(piece))), uintptr(len(piece)))
				if err := use(piece); err != nil {
					return err
				}
				m = m[len(piece):]
			}
			return nil
		})
		n += length
	}
	return n, err
}

// withMap maps a piece of a file for as long as use runs. A page that the disk
// does not give, or that somebody has cut off meanwhile, is an error of it, and
// not the end of the process.
func withMap(f *os.File, from int64, length int, use func(m []byte) error) (err error) {
	m, err := unix.Mmap(int(f.Fd()), from, length, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	defer unix.Munmap(m)
	_ = unix.Madvise(m, unix.MADV_SEQUENTIAL)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		p := recover()
		if fault, ok := p.(interface{ Addr() uintptr }); ok && fault.Addr()-uintptr(unsafe.Pointer(unsafe.SliceData(m))) < uintptr(length) {
			err = errPage
		} else if p != nil {
			panic(p)
		}
	}()
	return use(m)
}

var errPage = errors.New("a page of it can't be read: the disk fails, or the file was cut meanwhile")
