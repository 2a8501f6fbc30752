//go:build !linux

package store

import (
	"errors"
	"io"
	"math"
	"os"

	"zapis/internal/exit"
)

func syncData(f *os.File) error { return f.Sync() }

func startWriting(*os.File, int64, int64) {}

const nonblocking = 0

// freeSpace is not known here: a ledger is served on Linux.
func freeSpace(string) (int64, error) { return math.MaxInt64, nil }

func populate(uintptr, uintptr) {}

func inOrder(uintptr, uintptr) {}

func atRandom(uintptr, uintptr) {}

// eachPiece gives a file's bytes to use, piece by piece, and says how many there
// were.
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
