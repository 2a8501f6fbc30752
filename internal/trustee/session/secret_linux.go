package session

import (
	"golang.org/x/sys/unix"

	"zapis/internal/sandbox"
)

// newSecret maps memory that is never in a core dump or in a child, and locks as much as the system lets it.
func newSecret() (*secret, error) {
	sandbox.HideMemory()
	b, err := unix.Mmap(-1, 0, maxSecret, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	_ = unix.Madvise(b, unix.MADV_DONTDUMP)
	_ = unix.Madvise(b, unix.MADV_DONTFORK)
	s := &secret{b: b, locking: NotLocked}
	if unix.Mlock(b) == nil {
		s.locking = TextLocked
	}
	// With a limit (RLIMIT_MEMLOCK), all of Go's address space is more than it allows, and only the text is locked.
	if unix.Mlockall(unix.MCL_CURRENT|unix.MCL_FUTURE|unix.MCL_ONFAULT) == nil {
		s.locking = AllLocked
	}
	return s, nil
}
