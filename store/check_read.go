package store

import (
	"context"
	"crypto/sha256"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"zapis/crypto/ledger"
)

// workers hash in parallel. do waits while all of them are busy and a few things
// wait.
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

// readStep is how much is read at a time.
const readStep = 1 << 20

// hashFile hashes a file through maps of it, so that what is read is not copied.
func hashFile(ctx context.Context, path string, read func(int)) (h ledger.Hash, size int64, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonblocking, 0) // somebody may have put a pipe there
	if err != nil {
		return h, 0, err
	}
	defer f.Close()
	sum := sha256.New()
	size, err = eachPiece(f, func(piece []byte) error {
		sum.Write(piece)
		read(len(piece))
		return ctx.Err()
	})
	sum.Sum(h[:0])
	return h, size, err
}

// hashedFiles are the hashes of the files under parts/, each made once. All that lie there are hashed from the
// beginning, before an entry names them: so the cores have something to do while the disk gives the database.
type hashedFiles struct {
	ctx  context.Context
	dir  string
	read func(int)

	mu    sync.Mutex
	files map[ledger.Hash]*hashedFile // by name
}

type hashedFile struct {
	once sync.Once
	hash ledger.Hash
	size int64
	err  error
}

// of gives the hash and size of the file of this name.
func (h *hashedFiles) of(name ledger.Hash) (ledger.Hash, int64, error) {
	h.mu.Lock()
	f := h.files[name]
	if f == nil {
		f = new(hashedFile)
		h.files[name] = f
	}
	h.mu.Unlock()
	f.once.Do(func() { f.hash, f.size, f.err = hashFile(h.ctx, partPath(h.dir, name), h.read) })
	return f.hash, f.size, f.err
}

// begin has workers hash what there is, until stop is called.
func (h *hashedFiles) begin(work *workers) (stop func()) {
	quit := make(chan struct{})
	var ended sync.WaitGroup
	work.busy.Add(1)
	ended.Go(func() {
		defer work.busy.Done()
		// What is wrong with the folders, checkFiles says.
		_ = eachPartFile(h.dir, func(_ string, name ledger.Hash, _ fs.DirEntry) error {
			select {
			case <-quit:
				return fs.SkipAll
			default:
				work.do(func() { _, _, _ = h.of(name) })
				return nil
			}
		}, nil)
	})
	return func() {
		close(quit)
		ended.Wait()
	}
}

// The database is read by the stride, and so many of them ahead of what is being verified. Whoever reads
// stands in line for a core with all who hash: the fewer times the better.
const (
	stride  = 32 << 20
	aheadBy = 8
)

// reader reads a database from front to back, ahead of what is being verified
// through its map: bbolt has told the kernel that the map is read at random, so
// that each page would be waited for, and faulted in, alone, by somebody who
// holds a core meanwhile. Entries and their parts lie in the file nearly in their
// order. Nothing but the time it takes depends on it.
type reader struct {
	steps chan struct{} // one for each that was read; closed at the end
	taken int64         // bytes up to which whoever verifies has waited
}

// readAheadOf begins to read.
func readAheadOf(db *bolt.DB) (r *reader, stop func()) {
	r = &reader{steps: make(chan struct{}, aheadBy)}
	quit := make(chan struct{})
	info, err := os.Stat(db.Path())
	if err != nil {
		close(r.steps)
		return r, func() {}
	}
	base, size := db.Info().Data, uintptr(info.Size())
	var ended sync.WaitGroup
	ended.Go(func() {
		defer close(r.steps)
		inOrder(base, size)
		defer atRandom(base, size)
		for at := uintptr(0); at < size; at += stride {
			populate(base+at, min(stride, size-at))
			select {
			case r.steps <- struct{}{}:
			case <-quit:
				return
			}
		}
	})
	return r, func() {
		close(quit)
		ended.Wait()
	}
}

// waitFor waits until about so many bytes of entries and parts have been read.
func (r *reader) waitFor(bytes int64) {
	for bytes += bytes / 4; r.taken <= bytes; r.taken += stride { // pages are not filled to the last byte
		<-r.steps
	}
}
