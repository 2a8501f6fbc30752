package store

import (
	"errors"
	"sync"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/store/blob"
	"zapis/store/kv"
)

// Config is how a store behaves while it is open.
type Config struct {
	// Slot is the time from one slot to the next, in whole seconds: a day, or
	// 0 to sequence each submission at once, which is for tests and the demo.
	Slot time.Duration

	// Now is the clock, and After the timer that Run waits with; nil for the
	// machine's. After is not asked what time it is.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time

	// Verb names this process to others that find the folder in use, for
	// instance "zapisd serve".
	Verb string

	// KeyLost opens the ledger even where the key in force is not in its folder.
	// All that can then be submitted is the entry that brings a new one.
	KeyLost bool

	// Register is asked before a checkpoint is released where several hosts share
	// a database; without it such a ledger opens for reading only.
	Register Register

	ownClock bool // Now was given: it is a test's, and is not compared with the database's
}

// hostClock is the clock that a database compares with its own, or nil.
func (c Config) hostClock() func() time.Time {
	if c.ownClock {
		return nil
	}
	return c.Now
}

func (c Config) withDefaults() (Config, error) {
	if c.Slot < 0 || c.Slot%time.Second != 0 || c.Slot > 366*24*time.Hour {
		return c, exit.New(exit.Usage, "24h is a day", "a slot has whole seconds, from 0 to 366 days, not %s", c.Slot)
	}
	c.ownClock = c.Now != nil
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
	}
	if c.Verb == "" {
		c.Verb = "zapis"
	}
	return c, nil
}

// Store is an open ledger. Its methods may be called by many goroutines.
type Store struct {
	dir     string
	config  Config
	genesis ledger.Genesis
	card    card.LedgerCard
	lock    *lockFile
	pending pendingParts

	// The gate is held for writing while a checkpoint is committed, guarded and
	// released: no reader sees entries whose checkpoint is not yet released.
	gate     sync.RWMutex
	db       kv.DB // nil once closed
	parts    blob.Store
	name     string // of the database, in messages
	shared   bool   // other hosts write to it too
	host     string // this one's name among them
	released released
	tail     *tailIndex
	standing standing
	key      *ledger.SigningKey // nil in a store that is read only

	// For the committer alone, or, in a store that is read only, nil.
	guard *guard
	tip   tip

	// Where other hosts write too: the last checkpoint in the database, which
	// becomes released once the guard and the witnesses have it. stale says that
	// what is in memory may differ from the database.
	committed released
	stale     bool

	queue   chan *request
	quit    chan struct{} // closed by Close: take no more
	stopped chan struct{} // closed when the committer has ended

	cosigning sync.Mutex    // over the files of witnesses' lines
	halted    chan struct{} // closed by StopSigning

	state  sync.Mutex
	broken error // what made going on impossible, or ErrClosed
	closed bool
}

// released is what the outside may know: the last checkpoint whose signature
// the guard covers, and what is in force under it.
type released struct {
	ledger.Checkpoint
	note     []byte
	verifier *ledger.Verifier
	setIndex uint64
	set      ledger.TrusteeSet
}

// view is a consistent look at the ledger: the database at one moment, and the
// checkpoint that was the last one then.
type view struct {
	released
	standing standing
	tx       kv.Tx
	tail     *tailIndex
	s        *Store
}

// view runs fn over a snapshot. What fn gets out of v.tx is valid until it
// returns.
func (s *Store) view(fn func(v *view) error) (err error) {
	s.gate.RLock()
	if s.db == nil {
		s.gate.RUnlock()
		return ErrClosed
	}
	tx, err := s.db.Begin(false)
	v := &view{released: s.released, standing: s.standing, tx: tx, tail: s.tail, s: s}
	s.gate.RUnlock()
	if err != nil {
		return err
	}
	// Also where a damaged page makes the engine panic: Close would wait for ever.
	defer func() { err = exit.First(err, tx.Rollback()) }()
	return kv.Catch(func() error { return fn(v) })
}

func (v *view) hashes() hashReader { return hashReader{v.tx, v.Size} }

// last is the last checkpoint that was released.
func (s *Store) last() ledger.Checkpoint {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.released.Checkpoint
}

// usable returns the reason why nothing can be written, or nil.
func (s *Store) usable() error {
	s.state.Lock()
	defer s.state.Unlock()
	return s.broken
}

// breaks remembers that err makes going on impossible, if it does.
func (s *Store) breaks(err error) error {
	if errors.Is(err, ErrBroken) {
		s.state.Lock()
		defer s.state.Unlock()
		if s.broken == nil {
			s.broken = err
		}
	}
	return err
}

// Close ends the committer, once it has answered what it was asked, and lets go
// of the folder. Open snapshots are waited for.
func (s *Store) Close() error {
	s.state.Lock()
	if s.closed {
		s.state.Unlock()
		return nil
	}
	s.closed = true
	if s.broken == nil {
		s.broken = ErrClosed
	}
	s.state.Unlock()

	var err error
	if s.queue != nil {
		close(s.quit)
		<-s.stopped
		err = s.guard.close()
	}
	s.gate.Lock()
	db := s.db
	s.db = nil
	s.gate.Unlock()
	return exit.First(err, engines{db, s.parts, s.name}.close(), s.lock.release())
}
