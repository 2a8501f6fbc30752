//go:build unix && !linux

package session

import "golang.org/x/sys/unix"

// newSecret maps memory and locks it where the system lets it.
func newSecret() (*secret, error) {
	b, err := unix.Mmap(-1, 0, maxSecret, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	s := &secret{b: b, locking: NotLocked}
	if unix.Mlock(b) == nil {
		s.locking = TextLocked
	}
	return s, nil
}
