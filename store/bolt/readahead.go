package bolt

import (
	"os"
	"sync"
)

// The file is read in strides, a number of them ahead of the reader, who competes for the cores with the verification:
// fewer, larger steps are better.
const (
	stride  = 32 << 20
	aheadBy = 8
)

// ReadAhead reads the file sequentially, ahead of the reader of its tables through the map: bbolt has advised the
// kernel of random access, so each page would be waited for, and faulted in, alone. Values are in the file nearly in
// the order of their keys. Only the speed depends on it.
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
