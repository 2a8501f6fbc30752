package session

import (
	"errors"
	"io"
)

// Locking says what of the agent's memory the system keeps out of swap.
type Locking string

const (
	AllLocked  Locking = "all"  // the whole process
	TextLocked Locking = "text" // the identity's text, and not what is computed from it
	NotLocked  Locking = "none"
)

// secret is text in memory of its own, outside Go's heap, so that the collector never copies it.
type secret struct {
	b       []byte
	n       int
	locking Locking
}

// maxSecret is the room for an identity's text in bytes; a real one has about 2,200.
const maxSecret = 64 << 10

// readSecret reads a text into locked memory. r should be an *os.File, which reads there directly.
func readSecret(r io.Reader) (*secret, error) {
	s, err := newSecret()
	if err != nil {
		return nil, err
	}
	s.n, err = io.ReadFull(r, s.b)
	switch {
	case err == nil:
		err = errors.New("the identity is too long")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return s, nil
	}
	s.wipe()
	return nil, err
}

func (s *secret) text() []byte { return s.b[:s.n] }

// wipe overwrites the text. The memory stays mapped: a reader that is late reads zeros.
func (s *secret) wipe() { clear(s.b); s.n = 0 }
