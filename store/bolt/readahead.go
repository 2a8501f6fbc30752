package bolt

import (
	"os"
	"sync"
)

// The file is read by the stride, and so many of them ahead of the reader, who
// competes for the cores with all that is verified beside: the fewer times the better.
const (
	stride  = 32 << 20
	aheadBy = 8
)

// ReadAhead has the file brought in from front to back, ahead of who reads its
// tables through the map: bbolt has told the kernel that the map is read at
// random, so that each page would be waited for, and faulted in, alone. Values lie in
// the file nearly in the order of their keys. Nothing but the time it takes depends on it.
func (t *transaction) ReadAhead() (waitFor func(bytes int64), stop func()) {
	info, err := os.Stat(t.tx.DB().Path())
	if err != nil {
		return func(int64) {}, func() {}
	}
	base, size := t.tx.DB().Info().Data, uintptr(info.Size())
	steps, quit := make(chan struct{}, aheadBy), make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		defer close(steps)
		inOrder(base, size)
		defer atRandom(base, size)
		for at := uintptr(0); at < size; at += stride {
			populate(base+at, min(stride, size-at))
			select {
			case steps <- struct{}{}:
			case <-quit:
				return
			}
		}
	})
	taken := int64(0) // bytes up to which waitFor has waited
	waitFor = func(bytes int64) {
		for bytes += bytes / 4; taken <= bytes; taken += stride { // pages are not filled to the last byte
			<-steps
		}
	}
	return waitFor, func() {
		close(quit)
		ended.Wait()
	}
}
