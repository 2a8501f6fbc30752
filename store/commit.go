package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/store/kv"
)

// Limits of one group, which is one transaction. bbolt keeps all of it in
// memory until it is written.
const (
	queueLength = 1 << 10
	groupLength = 1 << 10
	groupBytes  = 16 << 20
)

// request is a request to the committer: a submission, or an operation that
// excludes all others.
type request struct {
	sub  *submission
	act  func() error
	done chan error
}

// ask sends a request to the committer, and waits for the answer.
func (s *Store) ask(ctx context.Context, r *request) error {
	if err := s.usable(); err != nil {
		return err
	}
	r.done = make(chan error, 1)
	select {
	case s.queue <- r:
	case <-s.quit:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-s.stopped:
		select {
		case err := <-r.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// commitLoop is the committer: it takes the queued requests as one group,
// commits it, and answers all. While it waits for the disk the next group is
// queued, so that the number of barriers falls as the load grows. It uses no
// timer.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	for {
		select {
		case r := <-s.queue:
			s.serve(r)
		case <-s.quit:
			for {
				select {
				case r := <-s.queue:
					s.serve(r)
				default:
					s.flushTail()
					return
				}
			}
		}
	}
}

// serve answers r together with all requests that fit into its group.
func (s *Store) serve(r *request) {
	for r != nil {
		if r.act != nil {
			r.done <- s.breaks(r.act())
			return
		}
		var group []*request
		group, r = s.gather(r)
		s.commitGroup(group)
	}
}

// gather takes submissions from the queue until it is empty, the group is
// full, or another kind of request comes, which is returned.
func (s *Store) gather(first *request) (group []*request, other *request) {
	return gather(s.queue, first, func(r *request) (int, bool) {
		if r.act != nil {
			return 0, false
		}
		return r.sub.bytes(), true
	})
}

// gather forms a committer's group; weigh returns a request's bytes, and
// whether it may be in a group. Clients that were just answered are likely to
// send again: yielding once before the group is closed doubles it under load,
// and costs nothing otherwise.
func gather[R any](queue <-chan *R, first *R, weigh func(*R) (int, bool)) (group []*R, other *R) {
	group = append(group, first)
	size, _ := weigh(first)
	yielded := false
	for len(group) < groupLength && size < groupBytes {
		select {
		case r := <-queue:
			n, ok := weigh(r)
			if !ok {
				return group, r
			}
			group, size = append(group, r), size+n
		default:
			if yielded {
				return group, nil
			}
			runtime.Gosched()
			yielded = true
		}
	}
	return group, nil
}

func (s *Store) commitGroup(group []*request) {
	if err := s.brokenBy(); err != nil {
		answer(group, nil, err)
		return
	}
	refused := make([]error, len(group))
	var err error
	if s.config.Slot == 0 {
		err = s.sequenceGroup(group, refused)
	} else {
		err = s.updateWith(s.groupKeys(group), func(tx kv.Tx) error {
			for i, r := range group {
				if refused[i] = s.admit(tx, &s.tip, r.sub); refused[i] != nil {
					continue
				}
				if err := s.keepParts(tx, r.sub); err != nil {
					return err
				}
				if err := tx.Table(tableWaiting).Put(r.sub.hash[:], r.sub.promise); err != nil {
					return err
				}
			}
			return nil
		})
	}
	answer(group, refused, s.breaks(err))
}

func answer(group []*request, refused []error, err error) {
	for i, r := range group {
		if err == nil && refused != nil {
			r.done <- refused[i]
		} else {
			r.done <- err
		}
	}
}

// brokenBy returns the error that broke the store; a store that is being
// closed answers its last requests and is not broken.
func (s *Store) brokenBy() error {
	if err := s.usable(); err != nil && (errors.Is(err, ErrBroken) || errors.Is(err, ErrStopped)) {
		return err
	}
	return nil
}

// update runs one transaction without a checkpoint.
func (s *Store) update(fn func(tx kv.Tx) error) error { return s.updateWith(nil, fn) }

// updateWith is update where fn reads the values of want: a remote engine fetches them as the transaction begins.
func (s *Store) updateWith(want []kv.Key, fn func(tx kv.Tx) error) error {
	tx, err := s.begin(want)
	if err != nil {
		return engineError(err)
	}
	defer tx.Rollback()
	err = kv.Catch(func() error {
		if err := s.reload(tx, want); err != nil {
			return err
		}
		return fn(tx)
	})
	if err != nil {
		return err
	}
	return engineError(tx.Commit())
}

// advance runs one transaction that appends entries and the one checkpoint
// over them. Order: commit, guard, then the signature may be seen. grow
// appends, and returns what will be in force; it changes a copy of the tip.
//
// What tombstones among them erase is out of the database then; its files and
// its remains in free pages are removed next.
//
// want are keys that grow reads, as in updateWith.
func (s *Store) advance(want []kv.Key, grow func(tx kv.Tx, t *tip) (*growth, error)) error {
	g, err := s.commitEntries(want, grow)
	if g == nil {
		return err
	}
	return exit.First(s.forget(g.erased), err)
}

// begin starts a writable transaction, and announces the keys of reload and those of want.
func (s *Store) begin(want []kv.Key) (kv.Tx, error) {
	if !s.shared {
		return s.db.Begin(true)
	}
	return s.db.Begin(true, append(reloadKeys(), want...)...)
}

func (s *Store) commitEntries(want []kv.Key, grow func(tx kv.Tx, t *tip) (*growth, error)) (*growth, error) {
	tx, err := s.begin(want)
	if err != nil {
		return nil, engineError(err)
	}
	defer tx.Rollback()
	defer s.tip.values.reset()
	var t tip
	var g *growth
	err = kv.Catch(func() (err error) {
		if err := s.reload(tx, want); err != nil {
			return err
		}
		t = s.tip
		if g, err = grow(tx, &t); err == nil && g != nil {
			err = s.prepare(tx, &t, g)
		}
		return err
	})
	if err != nil || g == nil {
		return nil, err
	}

	if s.shared {
		return s.commitShared(tx, t, g)
	}
	s.gate.Lock()
	defer s.gate.Unlock()
	if err := tx.Commit(); err != nil {
		return nil, engineError(err)
	}
	s.tip, s.authority = t, g.authority
	if g.flushed {
		s.tail = newTail(t.size)
	} else {
		s.tail.add(g.bodies, g.first)
	}
	if err := s.guard.write(g.released.Checkpoint); err != nil {
		return nil, engineError(fmt.Errorf("%w: %w", errSync, err))
	}
	s.released, s.committed = g.released, g.released
	return g, s.changeKey(g)
}

// errSync distinguishes a failed write of the guard from a full disk: its
// signature can't be released, and must not be made a second time.
var errSync = errors.New("the guard could not be written")

// growth is what a transaction adds to the ledger.
type growth struct {
	first     uint64        // the first new entry
	bodies    []ledger.Hash // of the new entries
	authority authority
	released  released
	key       *ledger.SigningKey // the new log key, if there is one
	flushed   bool
	erased    []ledger.Hash // attachments that a tombstone erases
}

func (s *Store) flushTail() {
	if s.tail.size() == 0 || s.brokenBy() != nil {
		return
	}
	// What is not written is indexed again when the store is opened.
	_ = s.update(func(tx kv.Tx) error { return s.tail.flush(tx, nil) })
}
