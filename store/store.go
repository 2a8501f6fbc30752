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

// Config configures an open store.
type Config struct {
	// Slot is the time from one slot to the next, in whole seconds: a day, or
	// 0 to sequence each submission at once, which is for tests and the demo.
	Slot time.Duration

	// Now is the clock, and After the timer of Run; nil for the machine's.
	// After is not used as a clock.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time

	// Verb names this process to others that find the folder locked, for
	// instance "zapisd serve".
	Verb string

	// KeyLost opens the ledger even where the key in force is not in its
	// folder. Only the entry with a new one can then be submitted.
	KeyLost bool

	// Register is asked before a checkpoint is released where several hosts share
	// a database; without it such a ledger opens for reading only.
	Register Register

	ownClock bool // Now was set: it is a test's, and is not compared with the database's
}

// hostClock returns the clock that a database compares with its own, or nil.
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

// Store is an open ledger. Its methods are safe for concurrent use.
type Store struct {
	dir     string
	config  Config
	genesis ledger.Genesis
	card    card.LedgerCard
	lock    *lockFile
	pending pendingParts
	volume  volume

	checkAtOnce  uint64 // for how many entries a check keeps lists; 0 for atOnce
	checkedShare func() // is told at the end of each share, with its lists in memory; nil outside of tests

	// The gate is held for writing while a checkpoint is committed, guarded
	// and released: no reader sees entries whose checkpoint is not yet
	// released.
	gate      sync.RWMutex
	db        kv.DB // nil once closed
	parts     blob.Store
	name      string // of the database, in messages
	shared    bool   // other hosts write to it too
	host      string // this one's name among them
	warning   error  // what Warning returns
	released  released
	tail      *tailIndex
	authority authority
	key       *ledger.SigningKey // nil in a store that is read only

	// Only the committer uses these; nil in a read-only store.
	guard *guard
	tip   tip

	// Where other hosts write too: the last checkpoint in the database, which
	// becomes released once the guard and the witnesses have it. stale is set
	// where the cached state may differ from the database.
	committed released
	stale     bool

	queue     chan *request
	quit      chan struct{} // closed by Close: no more requests
	owed      chan struct{} // of a shared database: forgetLoop is to look
	forgotten chan struct{} // closed when forgetLoop has ended
	stopped   chan struct{} // closed when the committer has ended

	cosigning sync.Mutex    // over the files of witnesses' lines
	halted    chan struct{} // closed by StopSigning

	state  sync.Mutex
	broken error // what made going on impossible, or ErrClosed
	closed bool
}

// released is the public state: the last checkpoint whose signature the guard
// covers, and what is in force under it.
type released struct {
	ledger.Checkpoint
	note     []byte
	verifier *ledger.Verifier
	setIndex uint64
	set      ledger.TrusteeSet
}

// view is a consistent read view of the ledger: one snapshot of the database,
// and the last checkpoint in it.
type view struct {
	released
	authority authority
	tx        kv.Tx
	tail      *tailIndex
	s         *Store
	spare     []byte // of a part that was read to its end
}

// view runs fn over a snapshot. What fn reads from v.tx is valid until it
// returns.
func (s *Store) view(fn func(v *view) error) (err error) { return s.viewWith(nil, fn) }

// viewWith is view where fn reads the values of want: a remote engine fetches them as the transaction begins.
func (s *Store) viewWith(want []kv.Key, fn func(v *view) error) (err error) {
	s.gate.RLock()
	if s.db == nil {
		s.gate.RUnlock()
		return ErrClosed
	}
	tx, err := s.db.Begin(false, want...)
	v := &view{released: s.released, authority: s.authority, tx: tx, tail: s.tail, s: s}
	s.gate.RUnlock()
	if err != nil {
		return err
	}
	// Also after an engine's panic on a damaged page: Close would wait without
	// end.
	defer func() { err = exit.First(err, tx.Rollback()) }()
	return kv.Catch(func() error { return fn(v) })
}

func (v *view) hashes() hashReader { return hashReader{v.tx, v.Size} }

// last returns the last released checkpoint.
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

// breaks records err if it makes further writes impossible.
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

// Close stops the committer after its last answers, and releases the folder.
// It waits for open snapshots.
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
		if s.shared {
			<-s.forgotten
		}
		err = s.guard.close()
	}
	s.gate.Lock()
	db := s.db
	s.db = nil
	s.gate.Unlock()
	return exit.First(err, engines{db, s.parts, s.name}.close(), s.lock.release())
}
