// Package keylock provides one mutex per key. A mutex exists while a goroutine holds or awaits it.
package keylock

import (
	"context"
	"fmt"
	"sync"
)

// Locks is a set of mutexes by key. The zero value is ready. It is safe for concurrent use.
type Locks struct {
	mu   sync.Mutex
	held map[[32]byte]*lock
}

type lock struct {
	place chan struct{}
	users int // holding or waiting; guarded by Locks.mu
}

// Lock waits for the key's mutex, or for ctx, and returns the function that unlocks it.
func (l *Locks) Lock(ctx context.Context, key [32]byte) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = make(map[[32]byte]*lock)
	}
	k := l.held[key]
	if k == nil {
		k = &lock{place: make(chan struct{}, 1)}
		l.held[key] = k
	}
	k.users++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.users--; k.users == 0 {
			delete(l.held, key)
		}
	}
	select {
	case k.place <- struct{}{}:
		return func() { <-k.place; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, fmt.Errorf("waiting for a lock: %w", ctx.Err())
	}
}
