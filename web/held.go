package web

import (
	"container/list"
	"sync"
	"time"
)

// heldWords is the memory that forms take while they are being read. Reading takes no place, so that ten thousand who
// send nothing keep nobody waiting; what was sent is counted. Where it comes to be too much, whoever has been sending
// longest has to go, if that is longer than anybody needs.
type heldWords struct {
	given time.Duration // for how long nobody has to go

	mu      sync.Mutex
	left    int64      // bytes
	reading *list.List // of *share, in the order in which they began
}

func newHeldWords(bytes int64, given time.Duration) *heldWords {
	return &heldWords{given: given, left: bytes, reading: list.New()}
}

// free says how many bytes more can be held.
func (h *heldWords) free() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.left
}

// share is what one form holds.
type share struct {
	of    *heldWords
	body  *pacedBody
	since time.Time
	bytes int64
	at    *list.Element // nil once the form is read, or had to go
	gone  bool
}

// begin has a form counted until release.
func (h *heldWords) begin(body *pacedBody) *share {
	s := &share{of: h, body: body, since: time.Now()}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.at = h.reading.PushBack(s)
	return s
}

// take counts n bytes more, or reports false: the form can't be held.
func (s *share) take(n int) bool {
	h := s.of
	h.mu.Lock()
	defer h.mu.Unlock()
	for !s.gone && h.left < int64(n) {
		first := h.reading.Front()
		if first == nil {
			return false
		}
		oldest := first.Value.(*share)
		if oldest == s || time.Since(oldest.since) < h.given {
			return false
		}
		oldest.leave()
		oldest.gone = true
		oldest.body.cutOff(busy)
	}
	if s.gone {
		return false
	}
	h.left -= int64(n)
	s.bytes += int64(n)
	return true
}

// leave takes the form off the list and gives back what it held. h.mu is held.
func (s *share) leave() {
	if s.at != nil {
		s.of.reading.Remove(s.at)
		s.at = nil
	}
	s.of.left += s.bytes
	s.bytes = 0
}

// read says that the form has come to its end: it does not have to go any more.
func (s *share) read() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.at != nil {
		s.of.reading.Remove(s.at)
		s.at = nil
	}
}

// release ends the counting.
func (s *share) release() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.leave()
}
