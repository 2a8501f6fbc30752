package intake

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// space says whether the disk and the quota have room, before anything is
// written. It counts bytes and asks nobody who they are. Files end first and
// words last, so that whoever fills the disk with files keeps nobody from
// writing.
type space struct {
	free   func() (int64, error) // bytes on the disk
	used   func() (int64, error) // bytes of the ledger; a walk through its folder
	limits Limits
	now    func() time.Time

	mu       sync.Mutex
	measured time.Time // when used was asked
	taken    int64     // what it said then, and what was granted since
	flying   int64     // bytes that were granted and may not be on the disk yet
}

// What the ledger takes up is measured again after measureAgain, and before anybody is refused because of it, but not
// more often than measureMost. In between, what is granted is added.
const (
	measureAgain = time.Minute
	measureMost  = time.Second
)

// grain is for how much at a time an upload asks, and wordsGrain what a
// submission's small parts take up in the database at most, in bytes.
const (
	grain      = 1 << 20
	wordsGrain = 256 << 10
)

// grant returns room for n bytes, of files or words, or returns ErrFull. Whoever has written them, or never will,
// calls landed.
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

// measure asks what the ledger takes up, if what is known is that old. s.mu is held.
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

// roomyWriter asks for room before it writes.
type roomyWriter struct {
	w       io.Writer
	space   *space
	granted int64 // bytes that may still be written
}

func (w *roomyWriter) Write(p []byte) (int, error) {
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

// done releases what was not written.
func (w *roomyWriter) done() {
	w.space.landed(w.granted)
	w.granted = 0
}
