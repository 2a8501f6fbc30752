package store

import (
	"bytes"
	"context"
	"errors"
	"time"

	"zapis/internal/exit"
	"zapis/store/kv"
)

// forgetAgain is after how much time a shared database is asked again to forget, while a table is being read.
const forgetAgain = time.Minute

// forgetLoop makes a shared database forget, beside submissions and slots: an export reads every table until it ends, for
// hours, and no table can be rewritten meanwhile. It begins when owed is signalled, and tries until nothing is owed.
func (s *Store) forgetLoop() {
	defer close(s.forgotten)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-s.quit:
			cancel()
		case <-ctx.Done():
		}
	}()
	var again <-chan time.Time
	for {
		select {
		case <-s.owed:
		case <-again:
		case <-s.quit:
			return
		}
		again = nil
		if err := s.forgetShared(ctx); errors.Is(err, ErrFull) || errors.Is(err, ErrUnavailable) {
			again = s.config.After(forgetAgain)
		}
	}
}

// forgetShared makes a shared database forget what it owes, and removes the mark, unless more was erased meanwhile.
func (s *Store) forgetShared(ctx context.Context) error {
	var mark []byte
	err := kv.View(s.db, func(tx kv.Tx) error {
		mark = bytes.Clone(tx.Table(tableMeta).Get(metaCompact))
		return nil
	})
	if err != nil || mark == nil {
		return engineError(err)
	}
	if err := s.db.Forget(ctx); err != nil {
		return engineError(err)
	}
	return s.ask(ctx, &request{act: func() error {
		return s.update(func(tx kv.Tx) error {
			meta := tx.Table(tableMeta)
			if !bytes.Equal(meta.Get(metaCompact), mark) {
				return nil
			}
			return exit.First(meta.Delete(metaCompact), meta.Delete(metaArrival))
		})
	}})
}

// wakeForget has forgetLoop look what is owed.
func (s *Store) wakeForget() {
	select {
	case s.owed <- struct{}{}:
	default: // it will look anyway
	}
}
