package store

import (
	"context"
	"crypto/sha256"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"zapis/internal/exit"
	"zapis/store/blob"

	"zapis/crypto/ledger"
)

// workers hash concurrently. do blocks while all of them are busy and the queue is full. spare has the tasks that wait until no
// other is queued.
type workers struct {
	work  chan func(*room)
	spare chan func(*room)
	busy  sync.WaitGroup
	done  sync.WaitGroup
}

// room is the buffer of one worker, who uses it again: it stays in the cache of a core.
type room struct{ buf []byte }

// queuedEach is how many tasks are queued for each worker. The goroutine that queues them may wait some 10 ms for a core while
// all cores hash, and a task of chunkBytes in store/bolt takes some 0.1 ms.
const queuedEach = 64

func newWorkers(n int) *workers {
	w := &workers{work: make(chan func(*room), queuedEach*n), spare: make(chan func(*room))}
	for range n {
		w.done.Go(func() {
			var r room
			for f := w.next(); f != nil; f = w.next() {
				f(&r)
				w.busy.Done()
			}
		})
	}
	return w
}

// next returns a task, or nil after stop.
func (w *workers) next() func(*room) {
	select {
	case f := <-w.work:
		return f
	default:
	}
	select {
	case f := <-w.work:
		return f
	case f := <-w.spare:
		return f
	}
}

func (w *workers) do(f func(*room)) {
	w.busy.Add(1)
	w.work <- f
}

// beside runs all on one goroutine per core, while do accepts more. It is for work without disk access, which fills
// the time in which others wait for the disk.
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

// wait waits for all tasks, and calls tick at intervals.
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

// hashPart hashes an attachment.
func hashPart(ctx context.Context, parts blob.Store, name ledger.Hash, read func(int)) (h ledger.Hash, size int64, err error) {
	r, _, err := parts.Open(ctx, blob.Hash(name))
	if err != nil {
		return h, 0, err
	}
	defer r.Close()
	sum := sha256.New()
	size, err = io.Copy(watched{sum, read, ctx}, r)
	sum.Sum(h[:0])
	return h, size, err
}

// watched is a writer that reports progress, and ends with ctx.
type watched struct {
	io.Writer
	read func(int)
	ctx  context.Context
}

func (w watched) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	w.read(n)
	return n, exit.First(err, w.ctx.Err())
}

// hashedFiles are the hashes of files under parts/, each computed once. They are hashed before an entry names them, so that all
// cores are busy while one goroutine reads the entries and indexes.
type hashedFiles struct {
	ctx   context.Context
	parts blob.Store
	read  func(int)

	mu    sync.Mutex
	files map[ledger.Hash]*hashedFile // by name
}

type hashedFile struct {
	once sync.Once
	hash ledger.Hash
	size int64
	err  error
}

// of returns the hash and size of the file of this name.
func (h *hashedFiles) of(name ledger.Hash) (ledger.Hash, int64, error) {
	h.mu.Lock()
	f := h.files[name]
	if f == nil {
		f = new(hashedFile)
		h.files[name] = f
	}
	h.mu.Unlock()
	f.once.Do(func() { f.hash, f.size, f.err = hashPart(h.ctx, h.parts, name, h.read) })
	return f.hash, f.size, f.err
}

// begin has workers hash files while they have nothing else to do, until stop is called.
func (h *hashedFiles) begin(work *workers, files []partFile) (stop func()) {
	quit := make(chan struct{})
	work.busy.Add(len(files))
	var ended sync.WaitGroup
	ended.Go(func() {
		for i, f := range files {
			select {
			case work.spare <- func(*room) { _, _, _ = h.of(f.hash) }:
			case <-quit:
				work.busy.Add(i - len(files))
				return
			}
		}
	})
	return func() {
		close(quit)
		ended.Wait()
	}
}
