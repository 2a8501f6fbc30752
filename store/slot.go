package store

import (
	"context"
	"errors"
	"time"

	"zapis/store/kv"
)

// Slots are multiples of the slot's length since 1970, UTC: midnight for 24 h.
//
// The times that the log signs obey three rules, whatever the clock does:
//
//  1. a checkpoint's time is later than the last one's (with slot 0: not
//     earlier), so an older one can't be shown as newer;
//  2. a promise names a time later than the last checkpoint's, and all that
//     waits goes into the next one: so the holder of a promise for S and a
//     checkpoint of time S or later must find their entry in it;
//  3. a checkpoint's time is at least the latest slot that was promised, so
//     that a clock set back does not put off what was promised by date.
//
// A clock that was set forward and then back has signed a time in the future.
// That can't be taken back: the slots go on in their rhythm, under times that
// follow the one that was signed.

// floorSlot is the latest slot at or before t.
func floorSlot(t time.Time, slot time.Duration) time.Time {
	n, s := t.Unix(), int64(slot/time.Second)
	m := n % s
	if m < 0 {
		m += s
	}
	return time.Unix(n-m, 0).UTC()
}

// nextSlot is the first slot after both times.
func nextSlot(a, b time.Time, slot time.Duration) time.Time {
	if b.After(a) {
		a = b
	}
	return floorSlot(a, slot).Add(slot)
}

// earliest and latest bound what a clock may say: the formats end with the
// year 9999, and a clock that stands there must still leave room for slots.
var (
	earliest = time.Unix(1, 0).UTC()
	latest   = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
)

func (s *Store) now() time.Time {
	t := s.config.Now().UTC().Truncate(time.Second)
	if t.Before(earliest) {
		return earliest
	}
	if t.After(latest) {
		return latest
	}
	return t
}

// lastTime is the time of the last checkpoint that was signed, released or not.
func (s *Store) lastTime() time.Time {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.committed.Time
}

// promiseSlot is the slot that a submission is promised for now. With slot 0
// the promise is for the next second and a little more with each attempt:
// between signing and committing, a checkpoint may take that second.
func (s *Store) promiseSlot(attempt int) time.Time {
	last := s.lastTime()
	if s.config.Slot > 0 {
		return nextSlot(s.now(), last, s.config.Slot)
	}
	t := s.now()
	if last.After(t) {
		t = last
	}
	return t.Add(time.Duration(1+attempt) * time.Second)
}

// checkpointTime is the nominal time of the checkpoint that is now to be
// signed, where promised is the latest slot that anything waits for.
func (s *Store) checkpointTime(promised time.Time) time.Time {
	last := s.lastTime()
	if s.config.Slot == 0 {
		t := s.now()
		if last.After(t) {
			t = last
		}
		return t
	}
	t := floorSlot(s.now(), s.config.Slot)
	if promised.After(t) {
		t = promised
	}
	if !t.After(last) {
		t = nextSlot(last, last, s.config.Slot)
	}
	return t
}

// pollClock is how often Run looks at the wall clock: a clock that is set, or a
// machine that slept, is noticed within it.
const pollClock = time.Minute

// pollShared is how often Run looks for checkpoints that other hosts have signed
// at another time than that of a slot. A submission looks too.
const pollShared = 15 * time.Minute

// Run sequences at each slot until ctx ends, and returns ctx's error, or the error that prevents further writes: a
// disk that fails, or StopSigning. Slots that passed while Run was not running are replaced by one, at the latest of
// them. A slot comes when the clock passes a slot's time, or a slot's length after the last one if the clock stands
// still or was set back. With slot 0 there is nothing to do.
func (s *Store) Run(ctx context.Context) error {
	if s.config.Slot == 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.halted:
			return s.usable()
		}
	}
	slot := s.config.Slot
	mark := floorSlot(s.lastTime(), slot)
	if now := s.now(); now.Before(mark) {
		mark = floorSlot(now, slot)
	}
	var waited time.Duration
	seen := s.lastSize()
	for {
		now := s.now()
		at := floorSlot(now, slot)
		if at.Before(mark) {
			mark = at
		}
		if at.After(mark) || waited >= slot {
			err := s.sequenceAt(ctx, at, seen)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err == nil:
				mark, waited, seen = at, 0, s.lastSize()
			case !triedAgain(err):
				return err
			}
			now = s.now()
		}
		d := min(pollClock, max(floorSlot(now, slot).Add(slot).Sub(now), time.Second))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.halted:
			return s.usable()
		case <-s.config.After(d):
			waited += d
		}
		if s.shared && waited/pollShared != (waited-d)/pollShared {
			if err := s.ask(ctx, &request{act: s.catchUp}); err != nil && ctx.Err() == nil && !triedAgain(err) {
				return err
			}
		}
	}
}

// triedAgain reports whether a slot that failed may succeed later: a disk that was full, a database or
// witnesses that did not answer.
func triedAgain(err error) bool {
	return !errors.Is(err, ErrBroken) && (errors.Is(err, ErrFull) || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrNoWitness))
}

// lastSize is the size of the last checkpoint that was signed, released or not.
func (s *Store) lastSize() uint64 {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.committed.Size
}

// sequenceAt is Sequence for the slot at this time, which another host may have had
// since the ledger had seen entries: then its checkpoint is released here, and no other is signed.
func (s *Store) sequenceAt(ctx context.Context, at time.Time, seen uint64) error {
	if !s.shared {
		return s.Sequence(ctx)
	}
	return s.ask(ctx, &request{act: func() error {
		if err := s.brokenBy(); err != nil {
			return err
		}
		err := s.advance(nil, func(tx kv.Tx, t *tip) (*growth, error) {
			if s.committed.Size != seen && !s.committed.Time.Before(at) {
				return nil, nil
			}
			return s.sequenceWaiting(tx, t)
		})
		if err != nil {
			return err
		}
		return s.catchUp()
	}})
}
