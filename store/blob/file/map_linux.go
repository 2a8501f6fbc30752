package file

import (
	"errors"
	"os"
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/unix"
)

const nonblocking = unix.O_NONBLOCK

// readStep is how much is brought in at a time.
const readStep = 1 << 20

// mapped is how much of a file is mapped at once.
const mapped = 8 * readStep

// eachPiece calls use with a file's bytes, piece by piece, and returns their
// number. The slices are the kernel's pages, and invalid when use returns.
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
				_ = unix.Madvise(piece, unix.MADV_POPULATE_READ) // an older kernel does not know it
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

// withMap maps a piece of a file while use runs. A page that can't be read, or
// that was truncated meanwhile, is an error of it, and does not end the
// process.
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
