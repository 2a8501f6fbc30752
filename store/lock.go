package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"zapis/internal/exit"
)

// lockTimeout is how long an opening waits for another process to let go.
const lockTimeout = 2 * time.Second

// lockFile holds D/lock under flock(2), exclusively for writing and shared for
// reading only. Its text names the holder to whoever is kept waiting:
//
//	4711 zapisd serve
//
// The kernel lets go of it when the process ends, however it ends; the text
// that is then left means nothing.
type lockFile struct{ f *os.File }

func takeLock(dir, verb string, exclusive bool) (*lockFile, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil && !exclusive && (errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		f, err = os.Open(filepath.Join(dir, lockName))
	}
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_SH
	if exclusive {
		how = syscall.LOCK_EX
	}
	for end := time.Now().Add(lockTimeout); ; time.Sleep(20 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			return nil, exit.First(os.NewSyscallError("flock", err), f.Close())
		}
		if time.Now().After(end) {
			holder := readHolder(f)
			f.Close()
			return nil, exit.New(exit.Failed, "stop that process, or let it do the work",
				"%w by %s: %s", ErrHeld, holder, dir)
		}
	}
	l := &lockFile{f}
	if exclusive {
		if err := l.name(verb); err != nil {
			return nil, exit.First(err, l.release())
		}
	}
	return l, nil
}

func (l *lockFile) name(verb string) error {
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	_, err := l.f.WriteAt(fmt.Appendf(nil, "%d %s\n", os.Getpid(), verb), 0)
	return err
}

// release lets go. The file stays: removing it would let two processes lock
// two files of one name.
func (l *lockFile) release() error {
	return l.f.Close()
}

// readHolder says who holds the lock, from a text that any process could have
// put there.
func readHolder(f *os.File) string {
	b, _ := io.ReadAll(io.NewSectionReader(f, 0, 200))
	digits, verb, _ := strings.Cut(strings.TrimSuffix(string(b), "\n"), " ")
	pid, err := strconv.Atoi(digits)
	if err != nil || pid <= 0 || verb == "" {
		return "another process"
	}
	return fmt.Sprintf("%s (process %d)", strconv.QuoteToASCII(verb), pid)
}
