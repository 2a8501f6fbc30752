package desk

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"

	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
)

// ErrLocked is returned by Keeper.With while no vault is open.
var ErrLocked = errors.New("the desk is locked")

// Opener opens the vault with a passphrase. The Keeper closes what it returns.
type Opener func(ctx context.Context, passphrase string) (*casework.Trustee, error)

// Keeper holds the open vault between Unlock and Lock, one user at a time. It locks by itself when With has not been
// called for the idle time. All methods may be called from any goroutine.
type Keeper struct {
	open Opener
	idle time.Duration

	mu    sync.Mutex // held during every use of the vault
	vault *casework.Trustee
	cases *casework.Cases
	find  *casework.Finder
	timer *time.Timer
	after []func() // called by Lock
}

// NewKeeper returns a locked Keeper. A non-positive idle time never locks.
func NewKeeper(open Opener, idle time.Duration) *Keeper { return &Keeper{open: open, idle: idle} }

// Unlock opens the vault and sorts its cases. An unlocked Keeper stays as it is.
func (k *Keeper) Unlock(ctx context.Context, passphrase string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.vault != nil {
		return nil
	}
	v, err := k.open(ctx, passphrase)
	if err != nil {
		return err
	}
	k.vault = v
	if err = k.sort(ctx); err == nil {
		err = v.Suspend()
	}
	if err != nil {
		v.Close()
		k.vault = nil
		return err
	}
	if k.idle > 0 {
		k.timer = time.AfterFunc(k.idle, k.Lock)
	}
	return nil
}

// sort reads the vault's cases again: after the opening, an import, or an act that wrote into a case. The caller holds mu.
func (k *Keeper) sort(ctx context.Context) error {
	cases, err := k.vault.Sort(ctx, func(int, int) {})
	if err != nil {
		return err
	}
	find, err := k.vault.Finder(ctx, cases, func(int, int) {})
	if err != nil {
		return err
	}
	k.cases, k.find = cases, find
	return nil
}

// AfterLock registers what forgets the rest that was shown of the vault. It is called before the first Unlock.
func (k *Keeper) AfterLock(forget func()) { k.after = append(k.after, forget) }

// Change calls change with the open vault, reads its cases again, and calls then with both. The idle time starts when
// it returns.
func (k *Keeper) Change(ctx context.Context, change, then func(*casework.Trustee, *casework.Cases) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.vault == nil {
		return ErrLocked
	}
	if k.timer != nil {
		k.timer.Stop()
		defer k.timer.Reset(k.idle)
	}
	return k.turn(func(v *casework.Trustee, cases *casework.Cases) error {
		if err := change(v, cases); err != nil {
			return err
		}
		if err := k.sort(ctx); err != nil {
			return err
		}
		return then(v, k.cases)
	})
}

// With calls use with the open vault and its cases, and restarts the idle time. It returns ErrLocked while the Keeper is
// locked. use must not keep what it is given. Other processes have their turn on the vault between two calls; what they
// have done is read first.
func (k *Keeper) With(use func(*casework.Trustee, *casework.Cases) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.vault == nil {
		return ErrLocked
	}
	if k.timer != nil {
		k.timer.Reset(k.idle)
	}
	return k.turn(use)
}

// turn waits for the vault's next turn, reads what other processes have done, and ends the turn after use. The caller
// holds mu.
func (k *Keeper) turn(use func(*casework.Trustee, *casework.Cases) error) (err error) {
	changed, err := k.vault.Resume()
	if err != nil {
		return err
	}
	defer func() { err = exit.First(err, k.vault.Suspend()) }()
	if changed {
		if err := k.sort(context.Background()); err != nil {
			return err
		}
	}
	return use(k.vault, k.cases)
}

// Locked reports whether no vault is open.
func (k *Keeper) Locked() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.vault == nil
}

// Lock closes the vault, drops the keys and everything opened, and returns the freed memory to the kernel. It waits for
// a running With.
func (k *Keeper) Lock() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.vault == nil {
		return
	}
	if k.timer != nil {
		k.timer.Stop()
	}
	k.vault.Close()
	k.vault, k.cases, k.find, k.timer = nil, nil, nil, nil
	for _, forget := range k.after {
		forget()
	}
	debug.FreeOSMemory()
}
