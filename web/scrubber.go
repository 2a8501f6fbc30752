package web

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
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
// input in such objects, and net/http its buffers of 4 KiB. A slot beside a live object does not go back to the kernel. Of
// each size it goes on until the allocator takes new memory, which it does when no slot is free, or maxSlotBytes are written.
func zeroFreeSlots() {
	const (
		roundBytes   = 128 << 10
		maxSlotBytes = 16 << 20
	)
	var classes runtime.MemStats
	runtime.ReadMemStats(&classes)
	var kept [][][]byte
	for _, class := range classes.BySize {
		if class.Size < 16 {
			continue // objects without pointers are not that small
		}
		for written, taken := 0, int64(0); written < maxSlotBytes && taken < roundBytes/2; written += roundBytes {
			round := make([][]byte, roundBytes/class.Size+1)
			before := spanBytes()
			for i := range round {
				round[i] = make([]byte, class.Size)
			}
			taken = spanBytes() - before
			kept = append(kept, round)
		}
	}
	runtime.KeepAlive(kept)
}

// spanBytes returns how many bytes the heap has set aside for objects, used and free slots together.
func spanBytes() int64 {
	sizes := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	metrics.Read(sizes)
	return int64(sizes[0].Value.Uint64() + sizes[1].Value.Uint64())
}
