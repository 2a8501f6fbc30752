package store

import (
	"errors"
	"fmt"
	"path/filepath"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/store/kv"
	"zapis/store/postgres"
)

// Open opens a ledger for writing. It waits at most two seconds for another process to release the folder, then
// returns ErrHeld, which names it. As every opening it recovers from a crash: parts that no body names are removed,
// and the guard is compared. ErrNoGuard, ErrBehindGuard and ErrForked mean that this may be a restored copy, which
// must sign nothing.
func Open(dir string, c Config) (*Store, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := openFolder(dir, c, false)
	if err != nil {
		return nil, err
	}
	if err := s.openForWriting(); err != nil {
		return nil, exit.First(err, s.closeFiles())
	}
	s.queue = make(chan *request, queueLength)
	s.quit = make(chan struct{})
	s.stopped = make(chan struct{})
	go s.commitLoop()
	if s.shared {
		go s.forgetLoop()
		if owed, err := s.Erasing(); owed || err != nil {
			s.wakeForget()
		}
	}
	if c.Slot == 0 {
		if err := s.sequenceLeftover(); err != nil {
			return nil, exit.First(err, s.Close())
		}
	}
	return s, nil
}

// OpenReadOnly opens a ledger for reading and changes nothing, not even after a crash. It needs no guard and no key,
// and many processes may do it at once, while none has it open for writing. A database that may be damaged must be
// opened in a process that may crash: bbolt maps the file, and reading a damaged page can end the process.
func OpenReadOnly(dir string) (*Store, error) {
	c, err := Config{Verb: "reading"}.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := openFolder(dir, c, true)
	if err == nil {
		s.broken = errReadOnly
	}
	return s, err
}

func openFolder(dir string, c Config, readOnly bool) (*Store, error) {
	path := filepath.Join(dir, dbName)
	place, err := readPlace(dir)
	if err != nil {
		return nil, err
	}
	if place.folder() && !exists(path) {
		return nil, exit.Advise(exit.Failed, exit.MakeLedger.With(), "%w: %s has no %s", ErrNoLedger, dir, dbName)
	}
	lock, err := takeLock(dir, c.Verb, !readOnly)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, config: c, lock: lock}
	s.owed, s.forgotten = make(chan struct{}, 1), make(chan struct{})
	s.pending.parts = make(map[ledger.Hash]partState)
	e, err := place.openEngines(dir, readOnly, c.hostClock())
	switch {
	case err != nil && !place.folder():
		return nil, exit.First(err, lock.release())
	case err != nil:
		return nil, exit.First(exit.New(exit.Mismatch, "", "%s can't be opened as a ledger: %w", path, err), lock.release())
	}
	s.db, s.parts, s.name, s.shared, s.host = e.db, e.parts, e.name, e.db.Shared(), hereHost
	if db, ok := e.db.(*postgres.DB); ok {
		s.warning = db.Warning()
	}
	if s.shared {
		s.host = place.Host
		path = place.String()
	}
	err = s.load(readOnly)
	if errors.Is(err, ErrMoved) {
		return nil, exit.First(err, s.closeFiles())
	}
	if err != nil {
		return nil, exit.First(exit.Advise(exit.Mismatch, exit.CheckThat.With(), "%s: %w", path, err), s.closeFiles())
	}
	return s, nil
}

func (s *Store) closeFiles() error {
	var err error
	if s.guard != nil {
		err = s.guard.close()
	}
	return exit.First(err, engines{s.db, s.parts, s.name}.close(), s.lock.release())
}

// load reads what is cached in memory: the genesis, the last checkpoint, what is in force, the tip and the tail.
func (s *Store) load(readOnly bool) error {
	return kv.View(s.db, func(tx kv.Tx) error {
		for _, t := range specs {
			if tx.Table(t.Name) == nil && !t.Added {
				return fmt.Errorf("%w: no table %s", ledger.ErrMismatch, t.Name)
			}
		}
		if err := checkFormat(tx, readOnly); err != nil {
			return err
		}
		g, err := readGenesis(tx)
		if err != nil {
			return err
		}
		s.genesis, s.card = g, g.Card()
		if s.authority, err = loadAuthority(tx, g); err != nil && (!readOnly || len(s.authority.state.Keys) == 0) {
			return err
		}
		if s.released, err = loadReleased(tx, s.authority); err != nil {
			return err
		}
		s.committed, s.authority.state.Signed = s.released, s.released.Checkpoint
		err = s.loadEnd(tx, g.Origin, readOnly)
		if err != nil && readOnly {
			// Check reports what is wrong.
			from, _ := readNumber(tx.Table(tableMeta).Get(metaIndexed))
			s.tail, err = newTail(from), nil
		}
		return err
	})
}

// loadEnd reads what appending needs.
func (s *Store) loadEnd(tx kv.Tx, origin string, readOnly bool) (err error) {
	if s.tail, err = loadTail(tx, s.released.Size, readOnly); err != nil {
		return err
	}
	if s.tip, err = loadTip(tx, origin); err != nil {
		return err
	}
	if s.tip.size != s.released.Size || s.tip.root() != s.released.Root {
		return fmt.Errorf("%w: %d entries, and the last checkpoint is of %d or of another tree", ledger.ErrMismatch, s.tip.size, s.released.Size)
	}
	return nil
}

func readGenesis(tx kv.Tx) (ledger.Genesis, error) {
	e, err := readEntry(tx.Table(tableEntries), 0)
	if err != nil {
		return ledger.Genesis{}, err
	}
	text, ok := smallPart(tx, e.Body.Parts[0].Hash)
	if !ok || ledger.Sum(text) != e.Body.Parts[0].Hash {
		return ledger.Genesis{}, fmt.Errorf("%w: the genesis is missing or altered", ledger.ErrMismatch)
	}
	return ledger.ParseGenesis(text)
}

// checkFormat refuses an unknown format, and, for writing, a ledger that was moved elsewhere.
func checkFormat(tx kv.Tx, readOnly bool) error {
	meta := tx.Table(tableMeta)
	switch f := string(meta.Get(metaFormat)); {
	case f == format, f == formatMoved && readOnly:
		return nil
	case f == formatMoved:
		return exit.New(exit.Failed, "go on there; what is here can be read, checked and exported",
			"%w to %s", ErrMoved, meta.Get(metaMoved))
	default:
		return fmt.Errorf("%w: its format is %q, and this program knows %q", ledger.ErrMismatch, f, format)
	}
}

// loadReleased verifies the last checkpoint with the keys in force.
func loadReleased(tx kv.Tx, st authority) (r released, err error) {
	size, note := tx.Table(tableCheckpoints).Cursor().Last()
	n, ok := readNumber(size)
	if !ok {
		return r, fmt.Errorf("%w: no checkpoint", ledger.ErrMismatch)
	}
	keys := st.keysAt(n)
	if r.verifier, err = ledger.NewVerifier(keys[:]...); err != nil {
		return r, err
	}
	if r.Checkpoint, err = r.verifier.OpenStored(note); err != nil {
		return r, err
	}
	if n != r.Size {
		return r, fmt.Errorf("%w: the last checkpoint stands under another size", ledger.ErrMismatch)
	}
	r.note = append([]byte(nil), note...)
	r.setIndex, r.set = st.setIndex(), st.set()
	return r, nil
}

func (s *Store) openForWriting() error {
	if err := s.loadKey(); err != nil {
		// A key is not lost where the database is another ledger's, which the guard shows.
		if g, _, guardErr := readGuard(s.dir); guardErr == nil {
			err = exit.First(compareGuard(s.dir, g, s.released.Checkpoint, s.rootAt), err)
		}
		return err
	}
	if err := s.checkGuard(); err != nil {
		return err
	}
	if err := s.checkStopped(); err != nil {
		return err
	}
	if s.shared {
		if s.config.Register == nil {
			return errNoRegister()
		}
		if err := s.confirm(); err != nil {
			return err
		}
	}
	if err := s.recover(); err != nil {
		return err
	}
	if _, err := s.countNamed(); err != nil {
		return err
	}
	if s.shared {
		return nil // Open starts forgetLoop
	}
	return s.forget(nil)
}

// checkGuard compares the guard and updates it to the database's last checkpoint, which a crash may have prevented.
func (s *Store) checkGuard() error {
	g, half, err := readGuard(s.dir)
	if errors.Is(err, ErrNoGuard) {
		return errNoGuard(s.dir, err)
	}
	if err != nil {
		return err
	}
	if err := compareGuard(s.dir, g, s.released.Checkpoint, s.rootAt); err != nil {
		return err
	}
	if s.guard, err = openGuard(s.dir, half); err != nil {
		return err
	}
	s.guard.last = g
	if g.Size < s.released.Size && !s.shared { // else once the witnesses have seen it
		return s.guard.write(s.released.Checkpoint)
	}
	return nil
}

// rootAt returns the root of the tree over the first size entries.
func (s *Store) rootAt(size uint64) (root ledger.Hash, ok bool) {
	err := kv.View(s.db, func(tx kv.Tx) (err error) {
		root, err = ledger.RootAt(size, hashReader{tx, s.released.Size})
		return err
	})
	return root, err == nil
}

// Confirm creates the guard that a restored database needs, once an operator knows that nothing was signed after its
// last checkpoint. seen is the largest checkpoint that was seen outside, and must be the database's last: if more was
// signed, this ledger must not be continued.
func Confirm(dir string, seen ledger.Checkpoint) error {
	c, err := Config{Verb: "a restore"}.withDefaults()
	if err != nil {
		return err
	}
	s, err := openFolder(dir, c, false)
	if err != nil {
		return err
	}
	defer s.closeFiles()
	last := s.released.Checkpoint
	if g, _, err := readGuard(dir); err == nil {
		if err := compareGuard(dir, g, last, s.rootAt); err != nil {
			return err
		}
	} else if !errors.Is(err, ErrNoGuard) {
		return err
	}
	if seen.Size != last.Size || seen.Root != last.Root {
		return exit.New(exit.Mismatch, "a log that signed from here would fork; continue it by a new ledger",
			"the database ends at %d entries with root %s, and the checkpoint that was seen has %d entries with root %s",
			last.Size, last.Root, seen.Size, seen.Root)
	}
	return createGuard(dir, last)
}
