package web

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// scrubber runs the garbage collector and returns freed memory to the kernel (debug.FreeOSMemory) once no form has been
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
	idleDelay   = 2 * time.Second  // without a form being processed
	maxDelay    = 30 * time.Second // longest delay under load
	collections = 2                // sync.Pool releases its contents at the second collection
)

func newScrubber() *scrubber {
	return &scrubber{scrub: func() {
		for range collections {
			debug.FreeOSMemory()
		}
		zeroFreeSlots()
		debug.FreeOSMemory()
	}}
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

// zeroFreeSlots allocates objects without pointers, of every size class that runtime.MemStats lists (up to some 18 KiB), and
// drops them: the allocator zeroes the slots that it gives out, and with them what freed copies left there. Hashes keep their
// input in such objects, and net/http its buffers of 4 KiB. A slot beside a live object does not go back to the kernel. At
// most slotBytes of each size are written.
func zeroFreeSlots() {
	const slotBytes = 128 << 10
	var classes runtime.MemStats
	runtime.ReadMemStats(&classes)
	slots := 0
	for _, class := range classes.BySize {
		if class.Size > 0 {
			slots += slotBytes/int(class.Size) + 1
		}
	}
	kept := make([][]byte, 0, slots)
	for _, class := range classes.BySize {
		for used := 0; class.Size > 0 && used < slotBytes; used += int(class.Size) {
			kept = append(kept, make([]byte, class.Size))
		}
	}
	runtime.KeepAlive(kept)
}
