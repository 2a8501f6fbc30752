package vault

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zapis/internal/atomicfile/filelock"
	"zapis/internal/exit"
)

// Processes take turns on a vault. Each holds the lock for one act: a verb until it ends, a desk from Resume to Suspend.
const (
	defaultWait = 20 * time.Second // for the turn, where Options name no other time
	silentWait  = time.Second      // before Waiting is told
)

// takeLock waits for the vault's lock. Status Failed where another process has it for longer than o.Wait; the error of
// o.Context where that ends first.
func takeLock(name string, o Options) (*filelock.Lock, error) {
	wait := cmp.Or(o.Wait, defaultWait)
	held := filelock.Options{Wait: min(wait, silentWait), Holder: fmt.Sprintf("process %d", os.Getpid()), Context: o.Context}
	l, err := filelock.Take(name, held)
	other, taken := errors.AsType[*filelock.HeldError](err)
	if taken && wait > silentWait {
		if o.Waiting != nil {
			o.Waiting(cmp.Or(other.Text, "another process"))
		}
		held.Wait = wait - silentWait
		l, err = filelock.Take(name, held)
		other, taken = errors.AsType[*filelock.HeldError](err)
	}
	if taken {
		return nil, exit.New(exit.Failed, "wait until it has finished", "the vault is in use by %s", cmp.Or(other.Text, "another process"))
	}
	if err != nil {
		return nil, fmt.Errorf("the lock of the vault: %w", err)
	}
	return l, nil
}

// Suspend gives other processes their turn. Until Resume, nothing may be done with the vault, and nothing is recorded.
func (v *Vault) Suspend() error {
	if v.lock == nil {
		return nil
	}
	v.Custody.Pause()
	err := v.lock.Release()
	v.lock = nil
	return err
}

// Resume waits for the next turn, as Open does, and reads what other processes have recorded and imported meanwhile.
// changed is false where that is nothing. After an error the vault is still suspended.
func (v *Vault) Resume() (changed bool, err error) {
	if v.lock != nil {
		return false, nil
	}
	l, err := takeLock(filepath.Join(v.dir, lockFile), v.opts)
	if err != nil {
		return false, err
	}
	if changed, err = v.reread(); err != nil {
		v.Custody.Pause()
		return false, errors.Join(err, l.Release())
	}
	v.lock = l
	return changed, nil
}

// reread reads what is new. An import is recorded before it enters, so that a log without new events means that nothing
// else is new.
func (v *Vault) reread() (changed bool, err error) {
	if changed, err = v.Custody.Resume(); err != nil || !changed {
		return changed, err
	}
	if v.owner == nil {
		if err := v.readOwner(); err != nil {
			return true, err
		}
		if v.owner != nil {
			if err := v.Custody.SetOwner(*v.owner); err != nil {
				return true, err
			}
		}
	}
	imports := filepath.Join(v.dir, ImportsDir)
	for {
		if _, err := os.Stat(filepath.Join(imports, v.copy.NextImport())); err != nil {
			return true, nil
		}
		if v.copy, err = v.copy.Next(imports); err != nil {
			return true, err
		}
	}
}
