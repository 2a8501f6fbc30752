package media

import (
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// The memory limits of a worker in bytes: collected is the memory limit of Go, addressed that of the kernel, which
// counts address space and not pages.
const (
	collected = 1200 << 20
	addressed = 4 << 30
)

// limitMemory also forbids the process to write files, to open more than a few, and to use more than an hour of
// processor time.
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
