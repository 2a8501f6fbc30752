package store

import (
	"errors"
	"time"
)

// Usable returns the reason why nothing can be written, or nil: a disk that failed, a witness that has stopped this
// ledger. A read-only store checks whether the ledger may be opened for writing.
func (s *Store) Usable() error {
	err := s.usable()
	if !errors.Is(err, errReadOnly) {
		return err
	}
	m, err := readStop(s.dir)
	switch {
	case errors.Is(err, ErrNotStopped):
		return nil
	case err != nil:
		return err
	}
	return m.err()
}

// Overdue reports whether a body waits for a slot that was promised for a time before t.
func (s *Store) Overdue(t time.Time) (late bool, err error) {
	err = s.view(func(v *view) error {
		return eachWaiting(v.tx, func(w waiting) error {
			late = late || w.slot.Before(t)
			return nil
		})
	})
	return late, err
}
