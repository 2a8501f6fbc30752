package store

import (
	"context"
	"io"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/store/postgres/pgtest"
)

// A group of submissions takes two round trips, whatever its size: one that locks and reads, one that writes and commits.
// So does the record of an attachment that is to be kept.
func TestRoundTrips(t *testing.T) {
	if cluster == nil {
		return // bbolt has none
	}
	name, proxy, err := cluster.NewProxied()
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	dir := filepath.Join(t.TempDir(), "ledger")
	if _, err := CreateIn(dir, Place{Database: proxy.DSN(name), Pieces: 2}, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		t.Fatal(err)
	}
	s, err := openTest(dir, Config{Slot: day, Now: newClock().now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	submitTogether(t, s, 40) // the statements are prepared once
	for _, n := range []int{1, 40} {
		before := proxy.RoundTrips()
		submitTogether(t, s, n)
		if trips := proxy.RoundTrips() - before; trips != 2 {
			t.Errorf("%d submissions in one group: %d round trips", n, trips)
		}
	}
	for i := range 2 {
		before := proxy.RoundTrips()
		if err := s.announce(words(s).Body.Parts[0].Hash); err != nil {
			t.Fatal(err)
		}
		if trips := proxy.RoundTrips() - before; i > 0 && trips != 2 {
			t.Errorf("an attachment is recorded in %d round trips", trips)
		}
	}
}

// submitTogether submits so many reports in one group: the committer is busy until all of them are queued.
func submitTogether(t *testing.T, s *Store, n int) {
	t.Helper()
	busy, free := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = s.ask(context.Background(), &request{act: func() error { close(busy); <-free; return nil }})
	})
	<-busy
	for range n {
		all.Go(func() {
			if _, err := s.Submit(context.Background(), words(s)); err != nil {
				t.Error(err)
			}
		})
	}
	for len(s.queue) < n {
		runtime.Gosched()
	}
	close(free)
	all.Wait()
}

// What reads a whole ledger fetches many values in a round trip: a ledger of 400 reports more takes a hundredth of that
// in round trips more, whether it waits or is sequenced. What asks for parts by their hashes alone, of unknown sizes, takes a
// hundredth of their number.
func TestRoundTripsOfWalks(t *testing.T) {
	if cluster == nil {
		return
	}
	proxy, err := pgtest.NewProxy(cluster.Nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	small, large := walks(t, proxy, 50), walks(t, proxy, 450)
	for name, trips := range large {
		limit := int64(6)
		if name == "backup" || name == "move" {
			limit *= 3
		}
		t.Logf("%s: %d and %d round trips", name, small[name], trips)
		if more := trips - small[name]; more > limit || trips > 75 {
			t.Errorf("%s: %d round trips for 50 reports, and %d for 450", name, small[name], trips)
		}
	}
}

// walks makes a ledger of n reports of which none has attachments, and counts the round trips of what reads all of it.
func walks(t *testing.T, proxy *pgtest.Proxy, n int) map[string]int64 {
	t.Helper()
	name, err := cluster.NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "ledger")
	if _, err := CreateIn(dir, Place{Database: proxy.DSN(name), Pieces: 16}, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		t.Fatal(err)
	}
	clock := newClock()
	s, err := openTest(dir, Config{Slot: day, Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	submitMany(t, s, n)
	trips := make(map[string]int64)
	count := func(name string, walk func() error) {
		t.Helper()
		before := proxy.RoundTrips()
		if err := walk(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		trips[name] = proxy.RoundTrips() - before
	}
	check := func() error {
		faults, err := s.Check(t.Context(), nil)
		if len(faults) > 0 {
			t.Errorf("faults: %v", faults)
		}
		return err
	}
	var hashes []ledger.Hash
	read := func(n *Snapshot, b ledger.Body) error {
		for _, p := range b.Parts {
			r, size, err := n.Part(p.Hash)
			if err != nil || size != p.Size {
				t.Errorf("part %s: %d bytes, %v", p.Hash, size, err)
				continue
			}
			hashes = append(hashes, p.Hash)
			r.Close()
		}
		return nil
	}
	for range 2 { // the statements are prepared once
		count("check of what waits", check)
		count("export of what waits", func() error {
			return s.Snapshot(func(n *Snapshot) error {
				return n.WaitingWithParts(func(w Waiting) error {
					if n.Urgent(w.Hash) {
						t.Error("nothing is urgent")
					}
					return read(n, w.Body)
				})
			})
		})
	}
	clock.forward(day)
	count("slot", func() error { return s.Sequence(t.Context()) })
	for range 2 {
		hashes = nil
		count("check", check)
		count("export", func() error {
			return s.Snapshot(func(n *Snapshot) error {
				return n.EntriesWithParts(0, func(_ uint64, text []byte) error {
					e, err := ledger.ParseEntry(text)
					if err != nil {
						return err
					}
					return read(n, e.Body)
				})
			})
		})
		count("backup", func() error {
			return s.EachPart(hashes, func(h ledger.Hash, r io.ReadCloser, _ int64, err error) error { return err })
		})
		count("mirror", func() error { _, err := s.Tile(0, 0, min(n, TileWidth)); return err })
		count("move", func() error {
			m := &move{ctx: t.Context(), src: engines{db: s.db}}
			for _, spec := range specs {
				if err := m.eachValue(s.db, spec, func(_, _ []byte) error { return nil }); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if want := 3 * n; len(hashes) < want {
		t.Errorf("%d parts were read, want %d and fillers", len(hashes), want)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	count("opening", func() (err error) { s, err = openTest(dir, Config{Slot: day, Now: clock.now}); return err })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return trips
}

// submitMany submits reports from 128 goroutines.
func submitMany(t *testing.T, s *Store, n int) {
	t.Helper()
	var all sync.WaitGroup
	for w := range 128 {
		all.Go(func() {
			for i := w; i < n; i += 128 {
				if _, err := s.Submit(context.Background(), words(s)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
