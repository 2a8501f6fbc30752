// Package file stores each blob of store/blob as a file of one folder, in 256 folders by the first byte of its hash:
//
//	parts/ab/ab3f…      one blob, named by its SHA-256
//	parts/incoming/     blobs still being written; this package leaves it alone
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"zapis/internal/atomicfile"
	"zapis/internal/exit"
	"zapis/store/blob"
)

// Incoming is the name of the folder for blobs still being written, on the same
// file system, so that Put can rename them.
const Incoming = "incoming"

// fileTime is the modification time of every blob's file: real times would show a reader of the disk the hour of a
// report. (The inode's change time can't be set: docs/spec/store.md.)
var fileTime = time.Unix(0, 0)

// Store keeps blobs under a folder.
type Store struct {
	dir string
	mu  sync.Mutex // between the look whether a file is there and the rename to its name
}

// New returns the store of a folder.
func New(dir string) *Store { return &Store{dir: dir} }

// Path returns the file of a blob in a folder.
func Path(dir string, h blob.Hash) string {
	name := h.String()
	return filepath.Join(dir, name[:2], name)
}

// Put renames the spooled file, which must be on the same file system: it was written aside and synced; then rename,
// and sync of the folder.
func (s *Store) Put(_ context.Context, h blob.Hash, spool blob.Spool) error {
	if err := settle(spool.Path); err != nil {
		return full(err)
	}
	path := Path(s.dir, h)
	if err := atomicfile.MakeFolder(filepath.Dir(path)); err != nil {
		return full(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := os.Lstat(path); err == nil {
		return blob.ErrTaken
	}
	return full(atomicfile.Rename(spool.Path, path))
}

// settle sets the time of a file, and syncs it.
func settle(path string) error {
	if err := os.Chtimes(path, fileTime, fileTime); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return exit.First(atomicfile.SyncData(f), f.Close())
}

func full(err error) error {
	if err != nil && (errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)) {
		return fmt.Errorf("%w (%w)", blob.ErrFull, err)
	}
	return err
}

// opened is a blob's open file, with the size that it had when it was opened.
type opened struct {
	*os.File
	size int64
}

// buffers are used by one WriteTo after the other. 64 KiB stay in the cache of a core until they are hashed, and to read
// them takes less than the 20 µs after which the runtime takes a thread in a system call for one that waits. Maps of
// the file copy nothing, and cost more: to unmap one stops every core that runs a thread of the process.
var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// WriteTo writes the bytes to w. What is no regular file has the size 0, and is not read: a pipe would block.
func (f opened) WriteTo(w io.Writer) (int64, error) {
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	return io.CopyBuffer(w, io.LimitReader(f.File, f.size), buf[:])
}

// Open opens a blob's file.
func (s *Store) Open(_ context.Context, h blob.Hash) (io.ReadCloser, int64, error) {
	f, err := os.OpenFile(Path(s.dir, h), os.O_RDONLY|nonblocking, 0) // a pipe in its place must not block
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, exit.First(err, f.Close())
	}
	return opened{f, info.Size()}, info.Size(), nil
}

// Remove truncates a file and removes it.
func (s *Store) Remove(_ context.Context, h blob.Hash) error {
	path := Path(s.dir, h)
	_ = os.Truncate(path, 0)
	if err := os.Remove(path); err != nil {
		return err
	}
	return atomicfile.SyncFolder(filepath.Dir(path))
}

// Each visits the files, and passes the names of foreign files to strange.
func (s *Store) Each(_ context.Context, visit func(h blob.Hash) error, strange func(name string) error) error {
	return each(s.dir, func(_ string, h blob.Hash, _ fs.DirEntry) error { return visit(h) }, strange)
}

func each(dir string, visit func(path string, h blob.Hash, f fs.DirEntry) error, strange func(path string) error) error {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if strange == nil {
		strange = func(string) error { return nil }
	}
	for _, folder := range folders {
		if folder.Name() == Incoming && folder.IsDir() {
			continue
		}
		path := filepath.Join(dir, folder.Name())
		files, err := os.ReadDir(path)
		if err != nil {
			if folder.IsDir() {
				return err
			}
			if err := strange(path); err != nil {
				return err
			}
			continue
		}
		for _, f := range files {
			path := filepath.Join(path, f.Name())
			h, ok := blob.ParseHash(f.Name())
			if !ok || Path(dir, h) != path || !f.Type().IsRegular() {
				err = strange(path)
			} else {
				err = visit(path, h, f)
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return nil
}

// Where returns a blob's path.
func (s *Store) Where(h blob.Hash) string { return Path(s.dir, h) }

// InDatabase returns false.
func (s *Store) InDatabase() bool { return false }

// Close does nothing.
func (s *Store) Close() error { return nil }
