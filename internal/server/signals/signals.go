// Package signals serves what somebody on duty reads, and takes what they send:
//
//	GET  /signals          the newest batch of sixteen sealed parts, the same bytes for each reader
//	GET  /signals/<n>      batch n, of the last 14 days
//	GET  /signals/keys     the changes of the log's keys
//	POST /signals/poll     a duty key says that somebody was there
//	POST /signals/answer   a duty key sends one of the fixed sentences to a reporter
//
// docs/spec/signals.md has the formats and what can be learned from them.
package signals

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/internal/server/intake"
	"zapis/store"
)

// Period is the time from one batch to the next. A ledger of slot 0 makes one as well as soon as something waits.
const Period = 30 * time.Minute

// Config is how a Server behaves.
type Config struct {
	Slot  time.Duration                        // the ledger's: 0 for trials
	Now   func() time.Time                     // the clock
	After func(time.Duration) <-chan time.Time // the timer that Run waits with; nil for the machine's
}

// Server belongs to one open ledger. Its methods may be called by many goroutines.
type Server struct {
	store  *store.Store
	config Config
	keys   *intake.SignalKeys
}

// New serves the signals of a ledger that is open for writing.
func New(st *store.Store, c Config) *Server {
	if c.After == nil {
		c.After = time.After
	}
	return &Server{store: st, config: c, keys: intake.NewSignalKeys(st)}
}

// tick is how often Run looks at the clock, and, with slot 0, whether anything waits.
func (s *Server) tick() time.Duration {
	if s.config.Slot == 0 {
		return time.Second
	}
	return 10 * time.Second
}

// Run makes a batch for each half-hour of the clock until ctx ends. What keeps it from making one is tried again; failed,
// where it is not nil, is told each time. A ledger without duty cards has no batches.
func (s *Server) Run(ctx context.Context, failed func(error)) {
	for {
		if err := s.Make(ctx); err != nil && ctx.Err() == nil && failed != nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.config.After(s.tick()):
		}
	}
}

// Make makes the batch that is due, if one is.
func (s *Server) Make(ctx context.Context) error {
	st, err := s.store.Signals()
	if err != nil {
		return err
	}
	_, set := s.store.SetInForce()
	if len(set.Duty) == 0 && len(st.Next) == 1 {
		return nil
	}
	now := s.config.Now().UTC().Truncate(time.Second)
	at := now.Truncate(Period)
	if s.config.Slot == 0 && st.Waiting > 0 && st.Last.Number > 0 {
		at = now
	}
	if st.Last.Number > 0 && !at.After(st.Last.Slot) {
		return nil
	}
	dummies := make(map[store.BatchOf][][]byte)
	for _, of := range st.Next {
		if dummies[of], err = s.dummies(ctx, of); err != nil {
			return err
		}
	}
	_, err = s.store.MakeSignals(ctx, at, Period, dummies)
	if errors.Is(err, store.ErrOldSet) {
		return nil // the trustees have changed just now: the next tick makes it
	}
	return err
}

// dummies seals as many parts without content as a batch has.
func (s *Server) dummies(ctx context.Context, of store.BatchOf) ([][]byte, error) {
	to, err := s.keys.For(ctx, of)
	if err != nil {
		return nil, err
	}
	parts := make([][]byte, ledger.SignalParts)
	for i := range parts {
		if parts[i], err = duty.Seal(to, nil); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// Batch gives a batch file; 0 is the newest.
func (s *Server) Batch(n uint64) ([]byte, error) { return s.store.SignalBatch(n) }

// Drill puts an exercise into the path of signals: the duty officer is alerted as for a report in danger, with a note
// that it is an exercise.
func (s *Server) Drill(ctx context.Context, name ledger.Hash) error {
	index, set := s.store.SetInForce()
	if len(set.Duty) == 0 {
		return ErrNoDuty
	}
	to, err := s.keys.Of(ctx, index)
	if err != nil {
		return err
	}
	waiting, err := s.store.SignalsWaiting()
	if err != nil {
		return err
	}
	sealed, err := duty.Seal(to, &duty.Signal{Act: duty.ActDrill, Danger: "yes", Report: name, Case: name,
		Received: s.config.Now().UTC().Truncate(time.Second), Waiting: waiting + 1})
	if err != nil {
		return err
	}
	return s.store.AddSignal(ctx, index, name, sealed)
}

// ErrNoDuty is returned where the ledger has no duty cards.
var ErrNoDuty = errors.New("this ledger has no duty cards")

// Near is how far a message's time may be from the server's.
const Near = 10 * time.Minute

// dutyCards are those whose messages count now.
func (s *Server) dutyCards() []card.Card {
	_, set := s.store.SetInForce()
	return set.Duty
}

// Poll takes a poll: it keeps its time, to the minute, and nothing else.
func (s *Server) Poll(ctx context.Context, message []byte) error {
	p, _, err := duty.OpenPoll(message, s.store.Card().Genesis, s.dutyCards())
	if err != nil {
		return err
	}
	now := s.config.Now()
	if off := p.Time.Sub(now); off.Abs() > Near {
		return wrongClock(off)
	}
	if p.Time.After(now) {
		p.Time = now
	}
	return s.store.DutySeen(ctx, p.Time)
}

// ErrClock is returned for a message whose time is not the server's.
var ErrClock = errors.New("its clock differs from the server's")

func wrongClock(off time.Duration) error {
	return fmt.Errorf("%w by %s", ErrClock, off.Abs().Round(time.Minute))
}

// OnDuty reports whether somebody on duty was there within the last two hours.
func (s *Server) OnDuty() bool {
	at, err := s.store.DutyLast()
	now := s.config.Now()
	return err == nil && !at.IsZero() && !at.After(now.Add(Near)) && now.Sub(at) <= Attended
}

// Attended is for how long a poll counts.
const Attended = 2 * time.Hour
