//go:build !linux

package file

import (
	"errors"
	"io"
	"os"

	"zapis/internal/exit"
)

const nonblocking = 0

// readStep is how much is read at a time.
const readStep = 1 << 20

// eachPiece calls use with a file's bytes, piece by piece, and returns their
// number.
func eachPiece(f *os.File, use func(piece []byte) error) (n int64, err error) {
	buf := make([]byte, readStep)
	for {
		got, err := io.ReadFull(f, buf)
		n += int64(got)
		if used := use(buf[:got]); used != nil || err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = nil
			}
			return n, exit.First(used, err)
		}
	}
}
