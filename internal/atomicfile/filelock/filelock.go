// Package filelock keeps a second process out of a folder, by the operating system's lock on a file in it: flock(2), or
// LockFileEx on Windows. The lock ends with the process, however that ends; the file stays, since removing it would let
// two processes lock two files of one name. Its text names the holder, for people.
package filelock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Options say how a lock is taken.
type Options struct {
	Shared   bool          // with others who take it shared
	Wait     time.Duration // how long another process may take to let go; zero refuses at once
	Holder   string        // what is written into the file, one line; empty leaves the file as it is
	ReadOnly bool          // open the file for reading: where its folder can't be written. Only with Shared.

	Context context.Context // ends the wait, with its error; nil for one that Wait alone ends
}

// Lock is a lock that is held.
type Lock struct{ f *os.File }

// HeldError says that another process holds the lock.
type HeldError struct {
	Text string // what the holder wrote: any process could have put it there
}

func (e *HeldError) Error() string {
	if e.Text == "" {
		return "the lock is held by another process"
	}
	return fmt.Sprintf("the lock is held by %q", e.Text)
}

const (
	pause     = 20 * time.Millisecond // between two tries
	maxHolder = 200                   // bytes of the holder's text that are read
)

// Take takes the lock on a file, which it makes where it is missing. A *HeldError says that another process has it. A
// free lock is taken whether or not the context has ended.
func Take(name string, o Options) (*Lock, error) {
	flags := os.O_RDWR | os.O_CREATE
	if o.ReadOnly {
		flags = os.O_RDONLY
	}
	f, err := os.OpenFile(name, flags, 0o600)
	if err != nil {
		return nil, err
	}
	ctx := cmp.Or(o.Context, context.Background())
	for begun := time.Now(); ; {
		free, err := try(f, o.Shared)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
		}
		if free {
			break
		}
		if time.Since(begun) >= o.Wait {
			text, _ := io.ReadAll(io.NewSectionReader(f, 0, maxHolder))
			f.Close()
			return nil, &HeldError{strings.TrimSpace(string(text))}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		}
	}
	l := &Lock{f}
	if o.Holder == "" || o.ReadOnly {
		return l, nil
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(o.Holder+"\n"), 0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

// Release lets others have it.
func (l *Lock) Release() error { return l.f.Close() }
