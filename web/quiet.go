package web

import (
	"runtime/debug"
	"sync"
	"time"
)

// quiet has the collector run, and gives the memory back to the system, when it becomes quiet after somebody sent
// something, and every now and then where it never does: copies of words that others made, net/http and the compiler
// among them, are gone then. Nothing overwrites what is only free.
type quiet struct {
	sweep func()

	mu      sync.Mutex
	at      int // requests being worked on
	timer   *time.Timer
	pending bool      // something was sent since the last sweep
	since   time.Time // of the first
}

const (
	quietFor   = 2 * time.Second  // without anybody sending
	noisyFor   = 30 * time.Second // for how long a sweep is put off
	sweepTwice = 2                // sync.Pool gives up what lies in it at the second collection
)

func newQuiet() *quiet {
	return &quiet{sweep: func() {
		for range sweepTwice {
			debug.FreeOSMemory()
		}
	}}
}

// begin says that somebody sends something.
func (q *quiet) begin() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.at++
	if !q.pending {
		q.pending, q.since = true, time.Now()
		q.timer = time.AfterFunc(noisyFor, q.tick)
	}
}

// end says that it was worked on.
func (q *quiet) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.at--
	if q.at == 0 && q.pending {
		q.timer.Reset(min(quietFor, time.Until(q.since.Add(noisyFor))))
	}
}

// tick comes when it has been quiet, or noisy for long enough.
func (q *quiet) tick() {
	q.mu.Lock()
	busy := q.at > 0
	if busy && time.Since(q.since) < noisyFor {
		q.mu.Unlock()
		return // somebody came since; the last of them sets the timer again
	}
	q.pending = busy
	if busy { // who is still there will leave something
		q.since = time.Now()
		q.timer.Reset(noisyFor)
	}
	q.mu.Unlock()
	q.sweep()
}
