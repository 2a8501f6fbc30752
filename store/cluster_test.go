package store

import (
	"context"
	"errors"
	"flag"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
	"zapis/store/postgres/pgtest"
)

// failovers is how many rounds the test of a killed primary has: 50 for all.
var failovers = flag.Int("store.failovers", 2, "how often the primary is killed")

// hosts makes a ledger in a cluster of its own, and opens it on two hosts with one witness.
func hosts(t *testing.T, p Place, r Register, c Config) (a, b *Store) {
	t.Helper()
	dirs := [2]string{filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")}
	p.Pieces = 2
	if _, err := CreateIn(dirs[0], p, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		t.Fatal(err)
	}
	if _, err := Join(dirs[1], p, ledgertest.Key(1)); err != nil {
		t.Fatal(err)
	}
	c.Register = r
	var open [2]*Store
	for i, dir := range dirs {
		s, err := Open(dir, c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		open[i] = s
	}
	return open[0], open[1]
}

func newServers(t *testing.T, more ...string) (c *pgtest.Cluster, database string) {
	t.Helper()
	c, err := pgtest.Start("", 1, more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if database, err = c.NewDatabase(); err != nil {
		t.Fatal(err)
	}
	return c, database
}

// load has two hosts submit from several goroutines, and keeps what was promised.
type load struct {
	mu       sync.Mutex
	promised []ledger.Hash
	quit     chan struct{}
	writers  sync.WaitGroup
}

func (l *load) begin(stores ...*Store) {
	l.quit = make(chan struct{})
	for _, s := range stores {
		for range 4 {
			l.writers.Go(func() {
				for {
					select {
					case <-l.quit:
						return
					default:
					}
					sub := words(s)
					if _, err := s.Submit(context.Background(), sub); err != nil {
						time.Sleep(20 * time.Millisecond)
						continue
					}
					l.mu.Lock()
					l.promised = append(l.promised, sub.Body.Hash())
					l.mu.Unlock()
				}
			})
		}
	}
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.promised)
}

// waitFor waits until so many more were promised.
func (l *load) waitFor(t *testing.T, more int) {
	t.Helper()
	for end, from := time.Now().Add(time.Minute), l.count(); l.count() < from+more; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing is promised any more")
		}
	}
}

// stop ends the load without waiting for what is under way, and end waits.
func (l *load) stop() []ledger.Hash {
	close(l.quit)
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.promised)
}

func (l *load) end() []ledger.Hash {
	close(l.quit)
	l.writers.Wait()
	return l.promised
}

// missing counts what was promised and is neither waiting nor an entry.
func missing(t *testing.T, s *Store, promised []ledger.Hash) (n int) {
	t.Helper()
	for _, h := range promised {
		if _, err := s.Find(h); errors.Is(err, ErrUnknown) {
			n++
		} else if err != nil && !errors.Is(err, ErrWaiting) {
			t.Fatal(err)
		}
	}
	return n
}

// TestPrimaryKilled kills the primary under load, promotes the standby, and makes
// the old primary a standby of that, again and again: nothing that was promised is lost.
func TestPrimaryKilled(t *testing.T) {
	shorttest.Skip(t, "no PostgreSQL server is killed under load")
	if cluster != nil {
		return // it starts servers of its own
	}
	t.Parallel()
	c, name := newServers(t)
	clock := newClock()
	a, b := hosts(t, Place{Database: c.DSNOf(name)}, new(memoryRegister), Config{Slot: day, Now: clock.now})
	var l load
	l.begin(a, b)
	primary, standby := c.Nodes[0], c.Nodes[1]
	for range *failovers {
		l.waitFor(t, 20)
		primary.Kill()
		killed := time.Now()
		if err := standby.Promote(); err != nil {
			t.Fatal(err)
		}
		if err := primary.Rebuild(standby); err != nil {
			t.Fatal(err)
		}
		primary, standby = standby, primary
		l.waitFor(t, 1)
		t.Logf("without promises for %s", time.Since(killed).Round(100*time.Millisecond))
	}
	l.waitFor(t, 20)
	promised := l.end()
	if n := missing(t, a, promised); n > 0 {
		t.Errorf("%d of %d promises are lost", n, len(promised))
	}
	clock.forward(day)
	sequence(t, a)
	if _, err := b.Receipt(promised[0]); !errors.Is(err, ErrWaiting) {
		t.Errorf("on a host that has not released the slot: %v", err)
	}
	if err := b.sequenceAt(t.Context(), floorSlot(clock.now(), day), 1); err != nil {
		t.Fatal(err)
	}
	if a.Size() != b.Size() {
		t.Errorf("two checkpoints: of %d entries and %d", a.Size(), b.Size())
	}
	if n := missing(t, b, promised); n > 0 {
		t.Errorf("%d of %d promises are lost after the slot", n, len(promised))
	}
	t.Logf("%d promises, none lost", len(promised))
}

// TestAsynchronousLoses is the control of the test before: without waiting for the
// standby, the same harness finds losses.
func TestAsynchronousLoses(t *testing.T) {
	shorttest.Skip(t, "no PostgreSQL server is killed under load")
	if cluster != nil {
		return
	}
	t.Parallel()
	c, name := newServers(t, "synchronous_commit = local")
	clock := newClock()
	a, b := hosts(t, Place{Database: c.DSNOf(name), NoStandby: true}, new(memoryRegister), Config{Slot: day, Now: clock.now})
	c.Nodes[1].Kill() // paused, it would still get what lies in its socket
	var l load
	l.begin(a, b)
	l.waitFor(t, 20)
	c.Nodes[0].Kill()
	promised := l.stop()
	t.Cleanup(l.writers.Wait)
	if err := c.Nodes[1].Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.Nodes[1].Promote(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "c")
	if _, err := Join(dir, Place{Database: c.Nodes[1].DSN(name), NoStandby: true}, ledgertest.Key(1)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, Config{Slot: day, Now: clock.now, Register: new(memoryRegister)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := missing(t, s, promised)
	if n == 0 {
		t.Error("the harness finds no loss where there must be one")
	}
	t.Logf("%d of %d promises are lost", n, len(promised))
}

// TestSplitBrain has both servers take writes, with hosts that hold each to be the
// primary: the witness refuses the second history, and its host stops.
func TestSplitBrain(t *testing.T) {
	shorttest.Skip(t, "no two PostgreSQL servers take writes at once")
	if cluster != nil {
		return
	}
	t.Parallel()
	c, name := newServers(t)
	clock := newClock()
	witness := new(memoryRegister)
	a, b := hosts(t, Place{Database: c.Nodes[0].DSN(name)}, witness, Config{Slot: day, Now: clock.now})
	submit(t, a, words(a))
	b.Close()
	a.Close()
	if err := c.Nodes[1].Promote(); err != nil {
		t.Fatal(err)
	}
	// Both operators turn the standby off, so that their side goes on.
	dirs := make(map[*pgtest.Node]string)
	for _, n := range c.Nodes {
		if err := n.Set("synchronous_standby_names", ""); err != nil {
			t.Fatal(err)
		}
		dirs[n] = filepath.Join(t.TempDir(), "host")
		if _, err := Join(dirs[n], Place{Database: n.DSN(name), NoStandby: true}, ledgertest.Key(1)); err != nil {
			t.Fatal(err)
		}
	}
	first, err := Open(dirs[c.Nodes[1]], Config{Slot: day, Now: clock.now, Register: witness})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := Open(dirs[c.Nodes[0]], Config{Slot: day, Now: clock.now, Register: witness})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	submit(t, second, words(second))
	clock.forward(day)
	sequence(t, first)
	err = second.Sequence(t.Context())
	if !errors.Is(err, ErrForked) || !errors.Is(err, ErrBroken) {
		t.Fatalf("the second history: %v", err)
	}
	if _, c := second.LatestCheckpoint(); c.Size != 1 {
		t.Errorf("a checkpoint of %d entries was released beside the witness's", c.Size)
	}
	if _, err := second.Submit(t.Context(), words(second)); !errors.Is(err, ErrForked) {
		t.Errorf("after that it promises: %v", err)
	}
}

// A database that is older than the witness's checkpoint signs nothing, whatever the guard of a new host says.
func TestDatabaseBehindTheWitness(t *testing.T) {
	shorttest.Skip(t, "no PostgreSQL server is behind its witness")
	if cluster == nil {
		return
	}
	dir, old, oldGuard := twoSlots(t)
	restoreDB(t, old, dir)
	copyFile(t, oldGuard, filepath.Join(dir, guardName))
	_, err := openTest(dir, Config{Slot: day})
	if !errors.Is(err, ErrBehindGuard) || !errors.Is(err, ErrBroken) {
		t.Errorf("opened: %v", err)
	}
}

// While no witness answers, submissions are promised and nothing is released; after that the slot is, once.
func TestWitnessesAway(t *testing.T) {
	shorttest.Skip(t, "no PostgreSQL server is without witnesses")
	if cluster == nil {
		return
	}
	clock := newClock()
	dir := newFolder(t)
	r := new(memoryRegister)
	s := open(t, dir, Config{Slot: day, Now: clock.now, Register: r})
	p := submit(t, s, words(s))
	r.set(errors.New("away"))
	clock.forward(day)
	if err := s.Sequence(t.Context()); !errors.Is(err, ErrNoWitness) {
		t.Fatalf("without a witness: %v", err)
	}
	if s.Size() != 1 {
		t.Errorf("%d entries were released", s.Size())
	}
	if _, err := s.Find(p.Body); !errors.Is(err, ErrWaiting) {
		t.Errorf("the body: %v", err)
	}
	second := submit(t, s, words(s))
	if !second.Slot.After(p.Slot) {
		t.Errorf("promised for %s, after %s was signed", second.Slot, p.Slot)
	}
	r.set(nil)
	if err := s.ask(t.Context(), &request{act: s.catchUp}); err != nil {
		t.Fatal(err)
	}
	if s.Size() != 33 {
		t.Errorf("%d entries are released", s.Size())
	}
	if index, err := s.Find(p.Body); err != nil || index == 0 {
		t.Errorf("entry %d, %v", index, err)
	}
}

func (r *memoryRegister) set(down error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}
