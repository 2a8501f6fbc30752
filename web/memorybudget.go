package web

import (
	"container/list"
	"sync"
	"time"
)

// memoryBudget limits the memory of forms while they are being read. A form that has sent nothing costs nothing; bytes
// are counted as they arrive. When the budget is used up, the form that has been sending longest is aborted, provided it
// has had at least grace.
type memoryBudget struct {
	grace time.Duration // no form is aborted before it had this long

	mu         sync.Mutex
	free       int64      // bytes not reserved
	inProgress *list.List // of *reservation, oldest first
}

func newMemoryBudget(bytes int64, given time.Duration) *memoryBudget {
	return &memoryBudget{grace: given, free: bytes, inProgress: list.New()}
}

// reservation is what one form holds of the budget.
type reservation struct {
	budget  *memoryBudget
	body    *minRateBody
	started time.Time
	bytes   int64
	element *list.Element // nil once the form is complete or evicted
	evicted bool
}

// reserve registers a form until release.
func (m *memoryBudget) reserve(body *minRateBody) *reservation {
	res := &reservation{budget: m, body: body, started: time.Now()}
	m.mu.Lock()
	defer m.mu.Unlock()
	res.element = m.inProgress.PushBack(res)
	return res
}

// grow reserves n more bytes. It reports false where the form cannot be held.
func (res *reservation) grow(n int) bool {
	m := res.budget
	m.mu.Lock()
	defer m.mu.Unlock()
	for !res.evicted && m.free < int64(n) {
		first := m.inProgress.Front()
		if first == nil {
			return false
		}
		oldest := first.Value.(*reservation)
		if oldest == res || time.Since(oldest.started) < m.grace {
			return false
		}
		oldest.drop()
		oldest.evicted = true
		oldest.body.abort(refusalBusy)
	}
	if res.evicted {
		return false
	}
	m.free -= int64(n)
	res.bytes += int64(n)
	return true
}

// drop removes the form from the list and returns its bytes. The caller holds mu.
func (res *reservation) drop() {
	if res.element != nil {
		res.budget.inProgress.Remove(res.element)
		res.element = nil
	}
	res.budget.free += res.bytes
	res.bytes = 0
}

// complete marks the form as read to its end; it is not evicted any more.
func (res *reservation) complete() {
	res.budget.mu.Lock()
	defer res.budget.mu.Unlock()
	if res.element != nil {
		res.budget.inProgress.Remove(res.element)
		res.element = nil
	}
}

// release returns all bytes.
func (res *reservation) release() {
	res.budget.mu.Lock()
	defer res.budget.mu.Unlock()
	res.drop()
}
