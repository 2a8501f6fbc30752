package ledgercopy

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
)

// smallPart is the size in bytes up to which parts are written by writers: all kinds but attachments.
const smallPart = 256 << 10

// writers write small parts on all cores, while the carry file is read: creating a file takes as long as reading and
// hashing its content.
type writers struct {
	parts chan smallFile
	all   sync.WaitGroup
	free  sync.Pool
	done  bool

	mu  sync.Mutex
	err error // the first
}

type smallFile struct {
	name    string
	content *bytes.Buffer
}

func newWriters() *writers {
	w := &writers{parts: make(chan smallFile, 4*runtime.GOMAXPROCS(0)), free: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
	for range runtime.GOMAXPROCS(0) {
		w.all.Go(func() {
			for f := range w.parts {
				if err := f.write(); err != nil {
					w.mu.Lock()
					if w.err == nil {
						w.err = err
					}
					w.mu.Unlock()
				}
				w.free.Put(f.content)
			}
		})
	}
	return w
}

// write reads the content to its end and queues it. It returns errors of reading; errors of writing are returned by
// the next call, or by wait.
func (w *writers) write(name string, content io.Reader, buf []byte) error {
	b := w.free.Get().(*bytes.Buffer)
	b.Reset()
	if _, err := io.CopyBuffer(onlyWriter{b}, content, buf); err != nil {
		return err
	}
	w.mu.Lock()
	err := w.err
	w.mu.Unlock()
	if err == nil {
		w.parts <- smallFile{name, b}
	}
	return err
}

// wait waits for all writes, and returns the first error.
func (w *writers) wait() error {
	if !w.done {
		close(w.parts)
		w.done = true
	}
	w.all.Wait()
	return w.err
}

// write creates the file, unless it exists: parts are named by their hashes.
func (f smallFile) write() error {
	file, err := createPart(f.name)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = file.Write(f.content.Bytes())
	return errors.Join(err, file.Close())
}
