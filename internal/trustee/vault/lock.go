package vault

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"zapis/internal/exit"
)

// lock keeps a second process out. The file stays; what counts is the operating system's lock on it, which
// ends with the process, however that ends.
type lock struct{ f *os.File }

// patience is how long another process may take to finish.
const patience = 2 * time.Second

func takeLock(name string) (*lock, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		free, err := tryLock(f)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("the lock of the vault: %w", err)
		}
		if free {
			break
		}
		if time.Since(begun) > patience {
			holder, _ := io.ReadAll(io.LimitReader(f, 100))
			f.Close()
			return nil, exit.New(exit.Failed, "wait until it has finished", "the vault is in use by %s", orSomebody(holder))
		}
	}
	holder := fmt.Sprintf("process %d\n", os.Getpid())
	if err := f.Truncate(0); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := f.WriteAt([]byte(holder), 0); err != nil {
		f.Close()
		return nil, err
	}
	return &lock{f}, nil
}

func orSomebody(holder []byte) string {
	if name := strings.TrimSpace(string(holder)); name != "" {
		return name
	}
	return "another process"
}

func (l *lock) release() error { return l.f.Close() }
