package session

import "io"

// Start is an error here.
func Start([]byte, ...string) (Locking, error) { return NotLocked, ErrUnsupported }

// WriteReady is an error here.
func WriteReady(io.Writer, Locking) error { return ErrUnsupported }
