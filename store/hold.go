package store

import (
	"bytes"
	"fmt"
	"slices"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/store/kv"
)

// Held returns the holds in force: no tombstone may erase parts of their
// entries.
func (s *Store) Held() (held []ledger.HeldAt) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	for _, h := range s.authority.state.Held {
		if !h.Released {
			held = append(held, h)
		}
	}
	return held
}

// admitTombstone refuses a tombstone that names parts which do not exist, and
// one that could not be applied in every order with the waiting bodies: within
// a slot there is no order.
func (s *Store) admitTombstone(tx kv.Tx, p *submission) error {
	if err := checkErasable(tx, p.Small[0]); err != nil {
		return err
	}
	mine, err := ledger.ParseApproved(p.Small[0])
	if err != nil {
		return err
	}
	return eachWaiting(tx, func(w waiting) error {
		if w.body.Kind != ledger.KindTombstone {
			return nil
		}
		body, ok := smallPart(tx, w.body.Parts[0].Hash)
		if !ok {
			return fmt.Errorf("%w: the body of a waiting entry is missing", ledger.ErrMismatch)
		}
		other, err := ledger.ParseApproved(body)
		if err != nil {
			return err
		}
		return conflict(mine.Text, other.Text)
	})
}

// conflict refuses a proposal of the kind tombstone that excludes another
// waiting one.
func conflict(text, waits []byte) error {
	switch {
	case ledger.IsHold(text) && ledger.IsHold(waits):
		if ledger.Subject(text) == ledger.Subject(waits) {
			return fmt.Errorf("%w: this hold waits for its slot already", ErrRefused)
		}
	case ledger.IsRelease(text) && ledger.IsRelease(waits):
		a, err := ledger.ParseRelease(text)
		if err != nil {
			return err
		}
		b, err := ledger.ParseRelease(waits)
		if err == nil && a.Hold == b.Hold {
			err = fmt.Errorf("%w: a release of this hold waits for its slot already", ErrRefused)
		}
		return err
	case ledger.IsNotice(text) && ledger.IsNotice(waits):
		if bytes.Equal(text, waits) {
			return fmt.Errorf("%w: a notice of this change waits for its slot already", ErrRefused)
		}
	case ledger.IsHold(text):
		if index, both, err := bothName(text, waits); err != nil || both {
			return exit.First(err, fmt.Errorf("%w: a tombstone for a part of entry %d waits for its slot already: the hold comes too late", ErrRefused, index))
		}
	case ledger.IsHold(waits):
		if index, both, err := bothName(waits, text); err != nil || both {
			return exit.First(err, fmt.Errorf("%w: a hold of entry %d waits for its slot", ErrRefused, index))
		}
	}
	return nil
}

// bothName finds an entry that a hold names and of which a tombstone erases.
func bothName(hold, tombstone []byte) (index uint64, both bool, err error) {
	h, err := ledger.ParseHold(hold)
	if err != nil {
		return 0, false, err
	}
	parts, err := ledger.ErasedBy(tombstone)
	for _, p := range parts {
		if _, named := slices.BinarySearch(h.Entries, p.Index); named {
			return p.Index, true, err
		}
	}
	return 0, false, err
}
