package vault

import (
	"crypto/sha256"
	"hash"
	"io"
)

// ahead reads a file ahead of who uses it, and hashes it beside: what is made of the file is hashed too, part by part.
// It belongs to one goroutine, and ends its own with close.
type ahead struct {
	full chan piece    // what was read, in order
	free chan []byte   // buffers
	done chan struct{} // closed when nothing more is wanted
	over chan struct{} // closed when the goroutine has ended
	buf  []byte        // of what is being used
	left []byte        // of it
	err  error         // of the piece that is being used; io.EOF at the end
	sum  hash.Hash
}

// piece is what one read gave.
type piece struct {
	text []byte
	err  error
}

const (
	aheadSize  = 256 << 10 // bytes of one buffer
	aheadCount = 3
)

func readAhead(r io.Reader) *ahead {
	a := &ahead{full: make(chan piece), free: make(chan []byte, aheadCount), done: make(chan struct{}), over: make(chan struct{}), sum: sha256.New()}
	for range aheadCount {
		a.free <- make([]byte, aheadSize)
	}
	go a.run(r)
	return a
}

func (a *ahead) run(r io.Reader) {
	defer close(a.over)
	for {
		select {
		case buf := <-a.free:
			n, err := r.Read(buf)
			a.sum.Write(buf[:n])
			select {
			case a.full <- piece{buf[:n], err}:
			case <-a.done:
				return
			}
			if err != nil {
				return
			}
		case <-a.done:
			return
		}
	}
}

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.left) == 0 {
		if a.err != nil {
			return 0, a.err
		}
		if a.buf != nil {
			a.free <- a.buf[:aheadSize]
		}
		next := <-a.full
		a.buf, a.left, a.err = next.text[:0], next.text, next.err
	}
	n := copy(p, a.left)
	a.left = a.left[n:]
	return n, nil
}

// close waits until nothing is read any more.
func (a *ahead) close() {
	close(a.done)
	<-a.over
}

// hash returns the SHA-256 of all that was read. It is to be called once Read has returned io.EOF.
func (a *ahead) hash() [32]byte {
	<-a.over
	return [32]byte(a.sum.Sum(nil))
}
