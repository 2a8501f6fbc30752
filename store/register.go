package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/store/kv"
)

// Several hosts, one history. A checkpoint is released by a host only after, in
// this order:
//
//  1. the transaction that brought it, alone over all hosts of one primary, has
//     raised the database's counter by compare-and-swap;
//  2. a COMMIT of this host after it was acknowledged by the standby, without a
//     warning;
//  3. this host's guard has it;
//  4. the Register has advanced to it by compare-and-swap: witnesses on other
//     machines, by a majority.
//
// 1 and 2 are the engine's. Two primaries that both accept writes pass 1, and 2 as well where
// synchronous_standby_names was emptied on one: then 4 refuses the second history. Advisory locks and terms would add
// nothing: each of two primaries grants its own.

// Register stores the last checkpoint outside this database.
type Register interface {
	// Advance makes next the register's checkpoint. note is its text as signed by log's keys, and prove returns the
	// consistency proof from the first old entries. It returns the note with the witnesses' lines, or nil. It succeeds
	// if the register has next already. An ErrForked or ErrBehindGuard means that the register has another history, or
	// a longer one: this log must stop. Any other error is retried.
	Advance(ctx context.Context, log *ledger.Verifier, next ledger.Checkpoint, note []byte, prove func(old uint64) ([]ledger.Hash, error)) (cosigned []byte, err error)
}

// registerTimeout is how long the witnesses may take, through Tor included.
const registerTimeout = 2 * time.Minute

func errNoRegister() error {
	return exit.New(exit.Failed, "name witnesses on other machines in D/witnesses (docs/guides/cluster.md): without them two primaries could sign two histories",
		"%w: this ledger is shared by several hosts, and has no witness", ErrNoWitness)
}

// reloadKeys are the keys that reload reads where no other host has written.
func reloadKeys() []kv.Key {
	return []kv.Key{{Table: tableMeta, Key: metaFormat}, {Table: tableMeta, Key: metaIndexed}, {Table: tableCheckpoints, Last: true}}
}

// reload compares the cached state with the database, at the beginning of a writable transaction, and reads what other
// hosts have changed. The transaction began with want, which stays announced.
func (s *Store) reload(tx kv.Tx, want []kv.Key) error {
	if !s.shared {
		return nil
	}
	if err := checkFormat(tx, false); err != nil {
		return s.breaks(fmt.Errorf("%w: %w", ErrBroken, err))
	}
	k, note := tx.Table(tableCheckpoints).Cursor().Last()
	size, ok := readNumber(k)
	switch {
	case !ok:
		return fmt.Errorf("%w: no checkpoint", ledger.ErrMismatch)
	case size < s.tip.size:
		return s.breaks(exit.New(exit.Mismatch, "this is an older copy, or a standby that was promoted without what the primary had: bring the newest back",
			"%w: %w: it ends at %d entries, and this host has seen %d", ErrBroken, ErrBehindGuard, size, s.tip.size))
	case size == s.tip.size && !s.stale:
		if string(note) != string(s.committed.note) {
			return s.breaks(exit.New(exit.Mismatch, "keep everything, and tell the trustees", "%w: %w: another checkpoint of %d entries than this host has seen", ErrBroken, ErrForked, size))
		}
		return nil
	}
	if err := s.reloadAll(tx); err != nil {
		return err
	}
	tx.Want(want...)
	return nil
}

func (s *Store) reloadAll(tx kv.Tx) error {
	st, err := loadAuthority(tx, s.genesis)
	if err != nil {
		return err
	}
	last, err := loadReleased(tx, st)
	if err != nil {
		return err
	}
	tail, err := loadTail(tx, last.Size, false)
	if err != nil {
		return err
	}
	t, err := loadTip(tx, s.genesis.Origin)
	if err != nil {
		return err
	}
	if t.size != last.Size || t.root() != last.Root {
		return fmt.Errorf("%w: %d entries, and the last checkpoint is of %d or of another tree", ledger.ErrMismatch, t.size, last.Size)
	}
	st.state.Signed = last.Checkpoint
	// What this host has released must be the beginning of what is there now.
	if root, err := ledger.RootAt(s.released.Size, hashReader{tx, last.Size}); err != nil || root != s.released.Root {
		return s.breaks(exit.New(exit.Mismatch, "keep everything, and tell the trustees",
			"%w: %w: the database differs at %d entries from what this host has seen", ErrBroken, ErrForked, s.released.Size))
	}
	t.values = s.tip.values
	s.gate.Lock()
	defer s.gate.Unlock()
	s.tip, s.authority, s.tail, s.committed, s.stale = t, st, tail, last, false
	if s.key == nil || s.key.Keys() != last.verifier.Keys() {
		s.key = nil // another host has brought a new key into force
		for _, name := range []string{keyName, nextKeyName} {
			if k, err := readKey(s.dir, name); err == nil && k.Keys() == last.verifier.Keys() {
				s.key = k
			}
		}
	}
	return nil
}

// catchUp releases the last checkpoint in the database, of any host. What a primary shows need not be on its standby:
// the transaction is committed, and with it everything before.
func (s *Store) catchUp() error {
	if err := s.update(func(kv.Tx) error { return nil }); err != nil {
		return err
	}
	if s.committed.Size == s.released.Size {
		return nil
	}
	return s.release()
}

// confirm asks the standby and the witnesses at opening, whether this host's guard is behind or not: a database that
// is behind them must neither sign nor promise.
func (s *Store) confirm() error {
	if err := s.update(func(kv.Tx) error { return nil }); err != nil {
		return err
	}
	return s.release()
}

// release writes the guard, asks the witnesses, and then makes the last checkpoint visible.
func (s *Store) release() error {
	next := s.committed
	if s.guard.last.Size < next.Size {
		if err := s.guard.write(next.Checkpoint); err != nil {
			return engineError(fmt.Errorf("%w: %w", errSync, err))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), registerTimeout)
	defer cancel()
	cosigned, err := s.config.Register.Advance(ctx, next.verifier, next.Checkpoint, next.note, func(old uint64) (path []ledger.Hash, err error) {
		err = kv.View(s.db, func(tx kv.Tx) error {
			path, err = ledger.ProveConsistency(next.Size, old, hashReader{tx, next.Size})
			return err
		})
		return path, err
	})
	switch {
	case errors.Is(err, ErrForked), errors.Is(err, ErrBehindGuard):
		return s.breaks(exit.New(exit.Mismatch, "keep everything, and look which database is the newest: nothing of this one was released",
			"%w: %w", ErrBroken, err))
	case err != nil:
		return exit.New(exit.Failed, "it is tried again by itself; look whether the witnesses can be reached", "%w: %w", ErrNoWitness, err)
	}
	s.gate.Lock()
	s.released = next
	s.gate.Unlock()
	if cosigned == nil {
		return nil
	}
	return s.update(func(tx kv.Tx) error {
		table := tx.Table(tableCosigned)
		if had := table.Get(number(next.Size)); len(had) >= len(cosigned) {
			return nil // with more lines than these
		}
		return table.Put(number(next.Size), cosigned)
	})
}

// commitShared is the end of commitEntries where other hosts write too. The gate is not held while the standby and the
// witnesses answer: readers continue with what was released.
func (s *Store) commitShared(tx kv.Tx, t tip, g *growth) (*growth, error) {
	s.stale = true // until all of this has been done
	if err := tx.Commit(); err != nil {
		return nil, engineError(err)
	}
	s.gate.Lock()
	s.tip, s.authority, s.committed = t, g.authority, g.released
	if g.flushed {
		s.tail = newTail(t.size)
	} else {
		s.tail.add(g.bodies, g.first)
	}
	err := s.changeKey(g)
	s.gate.Unlock()
	if err != nil {
		return nil, err
	}
	s.stale = false
	return g, s.release()
}

// seeCommitted makes a view one of the last checkpoint in its snapshot, whether this host has released it or not: without
// that, the entries of a slot that is committed and not released would neither wait nor be entries, and their parts would be
// named by nothing. Where the snapshot's own state can't be read the view stays as it is, and a check says what is wrong.
func (v *view) seeCommitted() {
	if !v.s.shared {
		return // both at once
	}
	k, _ := v.tx.Table(tableCheckpoints).Cursor().Last()
	if size, ok := readNumber(k); !ok || size <= v.Size {
		return
	}
	inForce, err := loadAuthority(v.tx, v.s.genesis)
	if err != nil {
		return
	}
	last, err := loadReleased(v.tx, inForce)
	if err != nil {
		return
	}
	tail, err := loadTail(v.tx, last.Size, true)
	if err != nil {
		return
	}
	v.released, v.authority, v.tail = last, inForce, tail
}

// sequencedUnseen reports whether a body is among the entries of a checkpoint that is committed and not yet released
// on this host.
func (v *view) sequencedUnseen(body ledger.Hash) bool {
	if !v.s.shared {
		return false
	}
	k, _ := v.tx.Table(tableCheckpoints).Cursor().Last()
	size, ok := readNumber(k)
	if !ok || size <= v.Size {
		return false
	}
	after, _ := indexFrom(v.tx, v.Size, size)
	_, ok = after[keyOf(body)]
	return ok
}
