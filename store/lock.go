package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"zapis/internal/atomicfile/filelock"
	"zapis/internal/exit"
)

// lockTimeout is how long an opening waits for another process to release the
// lock.
const lockTimeout = 2 * time.Second

// lockFile holds D/lock under flock(2), exclusively for writing and shared for
// reading only. Its text names the holder to a waiting process:
//
//	4711 a move
//
// The kernel releases it when the process ends for any reason; the remaining
// text is then meaningless.
type lockFile struct{ *filelock.Lock }

func takeLock(dir, verb string, exclusive bool) (*lockFile, error) {
	name := filepath.Join(dir, lockName)
	o := filelock.Options{Shared: !exclusive, Wait: lockTimeout}
	if exclusive {
		o.Holder = fmt.Sprintf("%d %s", os.Getpid(), verb)
	}
	l, err := filelock.Take(name, o)
	if err != nil && !exclusive && (errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		o.ReadOnly = true
		l, err = filelock.Take(name, o)
	}
	if held, ok := errors.AsType[*filelock.HeldError](err); ok {
		return nil, exit.New(exit.Failed, "stop that process, or let it do the work", "%w by %s: %s", ErrHeld, readHolder(held.Text), dir)
	}
	if err != nil {
		return nil, err
	}
	return &lockFile{l}, nil
}

func (l *lockFile) release() error { return l.Release() }

// readHolder returns the holder of the lock, from a text that any process
// could have written.
func readHolder(text string) string {
	digits, verb, _ := strings.Cut(text, " ")
	pid, err := strconv.Atoi(digits)
	if err != nil || pid <= 0 || verb == "" {
		return "another process"
	}
	return fmt.Sprintf("%s (process %d)", strconv.QuoteToASCII(verb), pid)
}
