package web

import (
	"sync"
	"time"

	"zapis/internal/freememory"
)

// scrubber overwrites freed memory (freememory.Overwrite) once no form has been
// processed for idleDelay, and at the latest every maxDelay under load. This discards copies of plaintext made by
// net/http and by the compiler; nothing else overwrites freed memory.
type scrubber struct {
	scrub func()

	mu       sync.Mutex
	active   int // requests being processed
	timer    *time.Timer
	pending  bool      // a form arrived since the last run
	firstUse time.Time // of the first such form
}

const (
	idleDelay = 2 * time.Second  // without a form being processed
	maxDelay  = 30 * time.Second // longest delay under load
)

func newScrubber() *scrubber {
	return &scrubber{scrub: freememory.Overwrite}
}

// requestStarted is called when a POST begins.
func (s *scrubber) requestStarted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active++
	if !s.pending {
		s.pending, s.firstUse = true, time.Now()
		s.timer = time.AfterFunc(maxDelay, s.timerFired)
	}
}

// requestEnded is called after a POST was answered.
func (s *scrubber) requestEnded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	if s.active == 0 && s.pending {
		s.timer.Reset(min(idleDelay, time.Until(s.firstUse.Add(maxDelay))))
	}
}

// timerFired runs the scrub, or waits where a request began since the timer was set.
func (s *scrubber) timerFired() {
	s.mu.Lock()
	busy := s.active > 0
	if busy && time.Since(s.firstUse) < maxDelay {
		s.mu.Unlock()
		return // a request began since; the last one to end resets the timer
	}
	s.pending = busy
	if busy { // requests in progress will leave data
		s.firstUse = time.Now()
		s.timer.Reset(maxDelay)
	}
	s.mu.Unlock()
	s.scrub()
}
