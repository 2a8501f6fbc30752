package vault

import (
	"errors"
	"fmt"
	"os"
	"time"

	"zapis/internal/atomicfile/filelock"
	"zapis/internal/exit"
)

// patience is how long another process may take to finish.
const patience = 2 * time.Second

func takeLock(name string) (*filelock.Lock, error) {
	l, err := filelock.Take(name, filelock.Options{Wait: patience, Holder: fmt.Sprintf("process %d", os.Getpid())})
	if held, ok := errors.AsType[*filelock.HeldError](err); ok {
		holder := held.Text
		if holder == "" {
			holder = "another process"
		}
		return nil, exit.New(exit.Failed, "wait until it has finished", "the vault is in use by %s", holder)
	}
	if err != nil {
		return nil, fmt.Errorf("the lock of the vault: %w", err)
	}
	return l, nil
}
