package intake

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// space decides whether the disk and the quota have room, before anything is written. It counts bytes only, never
// clients. Files are refused before text, so that files can't use up the room of text.
type space struct {
	free   func() (int64, error) // bytes on the disk
	used   func() (int64, error) // bytes of the ledger; a walk through its folder
	limits Limits
	now    func() time.Time

	mu       sync.Mutex
	measured time.Time // when used was asked
	taken    int64     // the result, and what was granted since
	flying   int64     // bytes that were granted and may not be on the disk yet
}

// The size of the ledger is measured when the last result is older than measureAgain, and before a refusal, but not
// more often than measureMost. In between, granted bytes are added.
const (
	measureAgain = time.Minute
	measureMost  = time.Second
)

// grain is how many bytes an upload requests at a time, and wordsGrain the most bytes that a submission's small parts
// take in the database.
const (
	grain      = 1 << 20
	wordsGrain = 256 << 10
)

// grant reserves n bytes, of files or text, or returns ErrFull. The caller calls landed once the bytes are written or
// given up.
func (s *space) grant(n int64, files bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	floor, quota := s.limits.WordsFloor, s.limits.Quota
	if files {
		floor, quota = s.limits.FilesFloor, quota-quota/10
	}
	free, err := s.free()
	if err != nil {
		return err
	}
	if free-s.flying-n < floor {
		return fmt.Errorf("%w: less would be free on the disk than is to stay free", ErrFull)
	}
	if quota > 0 {
		if err := s.measure(measureAgain); err != nil {
			return err
		}
		if s.taken+n > quota {
			if err := s.measure(measureMost); err != nil {
				return err
			}
		}
		if s.taken+n > quota {
			return fmt.Errorf("%w: the ledger would take up more than its quota", ErrFull)
		}
	}
	s.taken += n
	s.flying += n
	return nil
}

// measure measures the size of the ledger if the known size is that old. The caller holds s.mu.
func (s *space) measure(old time.Duration) error {
	now := s.now()
	if age := now.Sub(s.measured); !s.measured.IsZero() && 0 <= age && age < old {
		return nil
	}
	used, err := s.used()
	if err != nil {
		return err
	}
	s.measured, s.taken = now, used+s.flying
	return nil
}

func (s *space) landed(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying -= n
}

// reservingWriter reserves bytes before it writes them.
type reservingWriter struct {
	w       io.Writer
	space   *space
	granted int64 // bytes that may still be written
}

func (w *reservingWriter) Write(p []byte) (int, error) {
	n := int64(len(p))
	if w.granted < n {
		ask := max(grain, n)
		if err := w.space.grant(ask, true); err != nil {
			return 0, err
		}
		w.granted += ask
	}
	written, err := w.w.Write(p)
	w.granted -= int64(written)
	w.space.landed(int64(written))
	return written, err
}

// done releases what was reserved and not written.
func (w *reservingWriter) done() {
	w.space.landed(w.granted)
	w.granted = 0
}
