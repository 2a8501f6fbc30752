package store

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"zapis/crypto/ledger/ledgertest"
	"zapis/store/postgres/pgtest"
)

// A group of submissions takes two round trips, whatever its size: one that locks and reads, one that writes and commits.
// So does the record of an attachment that is to be kept.
func TestRoundTrips(t *testing.T) {
	if cluster == nil {
		return // bbolt has none
	}
	name, err := cluster.NewDatabase()
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := pgtest.NewProxy(cluster.Nodes[0])
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
