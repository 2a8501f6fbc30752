package store

import (
	"context"
	"crypto/sha256"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"zapis/crypto/ledger"
)

// workers hash in parallel. do waits while all of them are busy and a few things
// wait, so that what is handed over stays near what is being read ahead.
type workers struct {
	work chan func()
	busy sync.WaitGroup
	done sync.WaitGroup
}

func newWorkers(n int) *workers {
	w := &workers{work: make(chan func(), 2*n)}
	for range n {
		w.done.Go(func() {
			for f := range w.work {
				f()
				w.busy.Done()
			}
		})
	}
	return w
}

func (w *workers) do(f func()) {
	w.busy.Add(1)
	w.work <- f
}

// beside has one goroutine for each core do all of it, while do takes more. It
// is for what needs no disk, and so can fill the time in which others wait for it.
func (w *workers) beside(all []func()) {
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		w.busy.Add(1)
		w.done.Go(func() {
			defer w.busy.Done()
			for i := next.Add(1); i <= int64(len(all)); i = next.Add(1) {
				all[i-1]()
			}
		})
	}
}

// wait waits for all that was handed over, and calls tick now and then.
func (w *workers) wait(tick func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.busy.Wait()
	}()
	for {
		select {
		case <-done:
			return
		case <-time.After(time.Second / 5):
			tick()
		}
	}
}

func (w *workers) stop() {
	close(w.work)
	w.done.Wait()
}

// readBlock is how much is read at a time.
const readBlock = 1 << 20

var blocks = sync.Pool{New: func() any { b := make([]byte, readBlock); return &b }}

// hashFile hashes a file, reading ahead of itself.
func hashFile(ctx context.Context, path string, read func(int)) (h ledger.Hash, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, 0, err
	}
	defer f.Close()
	sum := sha256.New()
	block := blocks.Get().(*[]byte)
	defer blocks.Put(block)
	buf := *block
	for {
		if size%(4*readBlock) == 0 {
			readAhead(f, size, 8*readBlock)
		}
		n, err := io.ReadFull(f, buf)
		sum.Write(buf[:n])
		size += int64(n)
		read(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			sum.Sum(h[:0])
			return h, size, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return h, size, err
		}
	}
}

// aheadBy is how far the database is read ahead of what is being verified.
const aheadBy = 256 << 20

// readAheadOf reads a database from front to back, ahead of what is being
// verified through its map: bbolt has told the kernel that the map is read at
// random, so that each page would be waited for, and faulted in, alone. Entries
// and their parts lie in the file nearly in their order. Nothing depends on it.
func readAheadOf(db *bolt.DB, done *atomic.Int64) (stop func()) {
	f, err := os.Open(db.Path())
	if err != nil {
		return func() {}
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return func() {}
	}
	quit := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		defer f.Close()
		const step, ahead = readBlock, 8 * readBlock // the kernel cuts a larger hint short
		base := db.Info().Data
		buf := make([]byte, step)
		for at := int64(0); at < ahead; at += step {
			readAhead(f, at, step)
		}
		for at := int64(0); at < info.Size(); at += step {
			// Pages are not filled to the last byte, hence the quarter more.
			for n := done.Load(); at > n+n/4+aheadBy; n = done.Load() {
				select {
				case <-quit:
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
			select {
			case <-quit:
				return
			default:
			}
			readAhead(f, at+ahead, step)
			_, _ = f.ReadAt(buf, at) // a hint may be ignored; then this reads
			populate(base+uintptr(at), uintptr(min(step, info.Size()-at)))
		}
	})
	return func() {
		close(quit)
		ended.Wait()
	}
}
