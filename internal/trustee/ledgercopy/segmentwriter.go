package ledgercopy

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"zapis/crypto/ledger"
	"zapis/internal/atomicfile"
)

// An import makes segments of an eighth of its small parts, within these bounds in bytes: a few buffers of this size are what it
// touches memory for, and so what a small import waits for.
const (
	segmentLeast = 1 << 20
	segmentMost  = 8 << 20
)

// syncing is how many segments, or other files of an import, are on their way to the disk at once.
const syncing = 4

// segmentWriter makes the segments of one import. Those that are full are written and synced while others are filled
// and verified. It belongs to one goroutine; after wait any goroutine may open parts.
type segmentWriter struct {
	dir   string // of the import
	left  int64  // bytes of small parts that the import has yet to bring, at most
	size  int64  // bytes of parts, from which a segment takes no more; 0 before the first
	now   *segmentBuilder
	made  int
	of    map[ledger.Hash]*segment // by part
	named *segment                 // that of now
	full  chan *fullSegment
	free  chan []byte
	files sync.WaitGroup
	syncs sync.WaitGroup
	slots chan struct{}

	mu  sync.Mutex
	err error // the first
}

type fullSegment struct {
	name    string
	content *segmentBuilder
}

func newSegmentWriter(dir string) (*segmentWriter, error) {
	if err := os.Mkdir(filepath.Join(dir, segmentsDir), 0o700); err != nil {
		return nil, err
	}
	writers := runtime.GOMAXPROCS(0)
	w := &segmentWriter{dir: dir, of: make(map[ledger.Hash]*segment), full: make(chan *fullSegment), free: make(chan []byte, writers+1), slots: make(chan struct{}, syncing)}
	full := w.full // wait sets the field to nil
	for range writers {
		w.files.Go(func() {
			for s := range full {
				w.keep(w.write(s))
				w.free <- s.content.data[:0]
			}
		})
	}
	for range cap(w.free) {
		w.free <- nil // most imports fill one buffer
	}
	return w, nil
}

func (w *segmentWriter) keep(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

func (w *segmentWriter) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// write writes a segment, and has it synced later.
func (w *segmentWriter) write(s *fullSegment) error {
	f, err := os.OpenFile(s.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(s.content.head())
	if err == nil {
		_, err = f.Write(s.content.data)
	}
	w.syncs.Go(func() {
		w.slots <- struct{}{}
		defer func() { <-w.slots }()
		w.keep(atomicfile.SyncPath(s.name))
	})
	return errors.Join(err, f.Close())
}

// add takes a part of an entry, and reads its content to the end.
func (w *segmentWriter) add(index uint64, p ledger.Part, content io.Reader) error {
	if w.of[p.Hash] != nil {
		_, err := io.Copy(io.Discard, content)
		return err
	}
	if err := w.failed(); err != nil {
		return err
	}
	if w.now == nil {
		w.made++
		if w.size == 0 {
			w.size = min(max(w.left/8, segmentLeast), segmentMost)
		}
		w.now = &segmentBuilder{data: <-w.free}
		if w.now.data == nil {
			w.now.data = make([]byte, 0, min(max(w.left, 0), w.size)+smallPart)
		}
		w.named = &segment{name: filepath.Join(w.dir, segmentsDir, segmentName(w.made, index)), first: index}
	}
	w.left -= p.Size
	if err := w.now.add(p.Hash, content, p.Size); err != nil {
		return err
	}
	w.of[p.Hash] = w.named
	if int64(len(w.now.data)) >= w.size || len(w.now.parts) >= segmentParts {
		w.flush()
	}
	return nil
}

func (w *segmentWriter) flush() {
	if w.now != nil {
		w.full <- &fullSegment{w.named.name, w.now}
		w.now, w.named = nil, nil
	}
}

// wait waits until all segments are written, and returns the first error. Nothing may be added after it.
func (w *segmentWriter) wait() error {
	if w.full != nil {
		w.flush()
		close(w.full)
		w.full = nil
		w.files.Wait()
	}
	return w.failed()
}

// sync waits until all segments are on the disk.
func (w *segmentWriter) sync() error {
	w.syncs.Wait()
	return w.failed()
}
