package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// KeyHistory gives the changes of the log's keys, without their approvals (docs/spec/signals.md): with it and
// the genesis alone a reader verifies what the log signs.
func (s *Store) KeyHistory() (history []byte, err error) {
	var changes []ledger.Approved
	err = s.view(func(v *view) error {
		for _, at := range v.authority.state.Keys[1:] {
			text, err := v.entry(at.Index)
			if errors.Is(err, ErrUnknown) {
				return nil // not released yet
			}
			if err != nil {
				return err
			}
			e, err := ledger.ParseEntry(text)
			if err != nil {
				return err
			}
			body, ok := smallPart(v.tx, e.Body.Parts[0].Hash)
			if !ok {
				return fmt.Errorf("%w: the body of entry %d is missing", ledger.ErrMismatch, at.Index)
			}
			a, err := ledger.ParseApproved(body)
			if err != nil {
				return err
			}
			changes = append(changes, a)
		}
		return nil
	})
	return ledger.MarshalKeyHistory(changes), err
}

// DutySeen keeps the time, to the minute, at which somebody on duty was there. An earlier one than is known changes
// nothing; only the newest is kept, and not who it was.
func (s *Store) DutySeen(ctx context.Context, at time.Time) error {
	minutes := uint64(max(0, at.Unix()/60))
	if last, err := s.DutyLast(); err != nil || !last.IsZero() && minutes <= uint64(last.Unix()/60) {
		return err
	}
	return s.ask(ctx, &request{act: func() error {
		return s.update(func(tx kv.Tx) error { return tx.Table(tableSignals).Put([]byte{keySeen}, number(minutes)) })
	}})
}

// DutyLast gives the newest time that DutySeen was told, UTC; zero where there is none.
func (s *Store) DutyLast() (at time.Time, err error) {
	err = s.view(func(v *view) error {
		t := v.tx.Table(tableSignals)
		if t == nil {
			return nil
		}
		if n, ok := readNumber(t.Get([]byte{keySeen})); ok {
			at = time.Unix(int64(n)*60, 0).UTC()
		}
		return nil
	})
	return at, err
}

// SetAt gives the trustees that the entry at index names; ErrUnknown where it names none.
func (s *Store) SetAt(index uint64) (set ledger.TrusteeSet, err error) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	for _, at := range s.authority.state.Sets {
		if at.Index == index && at.Set != nil {
			return *at.Set, nil
		}
	}
	return set, fmt.Errorf("trustees of entry %d: %w", index, ErrUnknown)
}

// DutyCards are the duty cards of all sets that this ledger has had, the newest first.
func (s *Store) DutyCards() (cards []card.Card) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	for _, at := range slices.Backward(s.authority.state.Sets) {
		if at.Set != nil {
			cards = append(cards, at.Set.Duty...)
		}
	}
	return cards
}
