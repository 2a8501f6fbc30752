package media

import (
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// memory is what a worker may hold, in bytes: Go's collector works harder towards the first, the kernel refuses what is past
// the second, which counts addresses and not pages.
const (
	collected = 1200 << 20
	addressed = 4 << 30
)

// limitMemory also takes from the process the writing of files, all but a few open ones, and more than an hour of processor.
func limitMemory() error {
	debug.SetMemoryLimit(collected)
	for _, l := range []struct {
		what int
		most uint64
	}{{unix.RLIMIT_AS, addressed}, {unix.RLIMIT_FSIZE, 0}, {unix.RLIMIT_NOFILE, 32}, {unix.RLIMIT_CPU, 3600}} {
		if err := unix.Setrlimit(l.what, &unix.Rlimit{Cur: l.most, Max: l.most}); err != nil {
			return err
		}
	}
	return nil
}
