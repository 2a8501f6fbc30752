package desk

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"zapis/internal/exit"
	"zapis/internal/freememory"
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

	// session is from Unlock to Lock; nil while no vault is open. Lock ends it before it waits for mu, so that a running
	// Change ends early.
	session atomic.Pointer[session]

	mu    sync.Mutex // held during every use of the vault
	vault *casework.Trustee
	cases *casework.Cases
	find  *casework.Finder
	stale bool // cases and find are older than the vault
	timer *time.Timer
	after []func() // called by Lock
}

// session is the time during which a vault is open.
type session struct {
	ctx context.Context
	end context.CancelFunc
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
	// The session outlives the request that unlocks.
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	k.session.Store(&session{ctx, end})
	if k.idle > 0 {
		k.timer = time.AfterFunc(k.idle, k.Lock)
	}
	return nil
}

// sort reads the vault's cases again: after the opening, an import, or an act that wrote into a case. The caller holds mu.
func (k *Keeper) sort(ctx context.Context) error {
	k.stale = true
	cases, err := k.vault.Sort(ctx, func(int, int) {})
	if err != nil {
		return err
	}
	find, err := k.vault.Finder(ctx, cases, func(int, int) {})
	if err != nil {
		return err
	}
	k.cases, k.find, k.stale = cases, find, false
	return nil
}

// AfterLock registers what forgets the rest that was shown of the vault. It is called before the first Unlock.
func (k *Keeper) AfterLock(forget func()) { k.after = append(k.after, forget) }

// Change calls change with the open vault, reads its cases again, and calls then with both. Lock ends the context that
// change is given: the error is then ErrLocked. The idle time starts when Change returns.
func (k *Keeper) Change(ctx context.Context, change func(context.Context, *casework.Trustee, *casework.Cases) error,
	then func(*casework.Trustee, *casework.Cases) error) error {
	during := k.session.Load()
	if during == nil {
		return ErrLocked
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(during.ctx, cancel)()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.session.Load() != during {
		return ErrLocked
	}
	if k.timer != nil {
		k.timer.Stop()
		defer k.timer.Reset(k.idle)
	}
	err := k.turn(func(v *casework.Trustee, cases *casework.Cases) error {
		if err := change(ctx, v, cases); err != nil {
			return err
		}
		if err := k.sort(ctx); err != nil {
			return err
		}
		return then(v, k.cases)
	})
	if err != nil && during.ctx.Err() != nil {
		return ErrLocked
	}
	return err
}

// With calls use with the open vault and its cases, and restarts the idle time. It returns ErrLocked while the Keeper is
// locked. use must not keep what it is given. Other processes have their turn on the vault between two calls; what they
// have done is read first.
func (k *Keeper) With(use func(*casework.Trustee, *casework.Cases) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.session.Load() == nil {
		return ErrLocked
	}
	if k.timer != nil {
		k.timer.Reset(k.idle)
	}
	return k.turn(use)
}

// Background calls job in a goroutine of its own. Its context ends when the Keeper locks. Its turn is With, but does not restart
// the idle time, and returns ErrLocked once this session has ended. Background does nothing while the Keeper is locked.
func (k *Keeper) Background(job func(ctx context.Context, turn func(func(*casework.Trustee, *casework.Cases) error) error)) {
	during := k.session.Load()
	if during == nil {
		return
	}
	go job(during.ctx, func(use func(*casework.Trustee, *casework.Cases) error) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.session.Load() != during {
			return ErrLocked
		}
		return k.turn(use)
	})
}

// turn waits for the vault's next turn, reads what other processes have done, and ends the turn after use. The caller
// holds mu.
func (k *Keeper) turn(use func(*casework.Trustee, *casework.Cases) error) (err error) {
	changed, err := k.vault.Resume()
	if err != nil {
		return err
	}
	defer func() { err = exit.First(err, k.vault.Suspend()) }()
	if changed || k.stale {
		if err := k.sort(context.Background()); err != nil {
			return err
		}
	}
	return use(k.vault, k.cases)
}

// Locked reports whether no vault is open. It does not wait for a running With or Change.
func (k *Keeper) Locked() bool { return k.session.Load() == nil }

// Lock closes the vault, drops the keys and everything opened, and overwrites the freed memory. It ends a
// running Change, and waits for it or for a running With; those that wait return ErrLocked.
func (k *Keeper) Lock() {
	k.endSession()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.endSession() // of an Unlock that was first
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
	freememory.Overwrite()
}

func (k *Keeper) endSession() {
	if s := k.session.Swap(nil); s != nil {
		s.end()
	}
}
