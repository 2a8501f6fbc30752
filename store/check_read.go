package store

import (
	"context"
	"crypto/sha256"
	"io"
	"io/fs"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"zapis/internal/exit"
	"zapis/store/blob"

	"zapis/crypto/ledger"
)

// workers hash concurrently. do blocks while all of them are busy and a few tasks are queued.
type workers struct {
	work chan func(*room)
	busy sync.WaitGroup
	done sync.WaitGroup
}

// room is the buffer of one worker, who uses it again: it stays in the cache of a core.
type room struct{ buf []byte }

func newWorkers(n int) *workers {
	w := &workers{work: make(chan func(*room), 2*n)}
	for range n {
		w.done.Go(func() {
			var r room
			for f := range w.work {
				f(&r)
				w.busy.Done()
			}
		})
	}
	return w
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

// hashedFiles are the hashes of files under parts/, each computed once. They are hashed from the beginning,
// before an entry names them, so that the cores are busy while the database is read.
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

// begin makes workers hash the files that are wanted, until stop is called.
func (h *hashedFiles) begin(work *workers, wanted func(name ledger.Hash) bool) (stop func()) {
	quit := make(chan struct{})
	var ended sync.WaitGroup
	work.busy.Add(1)
	ended.Go(func() {
		defer work.busy.Done()
		// checkFiles reports problems of the folders.
		_ = h.parts.Each(h.ctx, func(name blob.Hash) error {
			select {
			case <-quit:
				return fs.SkipAll
			default:
				if !wanted(ledger.Hash(name)) {
					return nil
				}
				work.do(func(*room) { _, _, _ = h.of(ledger.Hash(name)) })
				return nil
			}
		}, nil)
	})
	return func() {
		close(quit)
		ended.Wait()
	}
}
