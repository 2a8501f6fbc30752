package store

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
	"zapis/store/blob"
	"zapis/store/postgres/pgtest"
)

// BenchmarkEngines compares PostgreSQL, with a synchronous standby on the same
// machine, with bbolt, in one run: submissions with 95 KB of parts, a slot of
// -store.slot reports and the check of it, an attachment of 100 MiB.
func BenchmarkEngines(b *testing.B) {
	c, err := pgtest.Start(os.TempDir(), 1) // on the disk that bbolt has too
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	name, err := c.NewDatabase()
	if err != nil {
		b.Fatal(err)
	}
	places := map[string]Place{"bbolt": {}, "postgres": {Database: c.Nodes[0].DSN(name)}}
	figures := make(map[string]map[string]float64)
	for _, engine := range []string{"bbolt", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			figures[engine] = measureEngine(b, places[engine])
			for what, f := range figures[engine] {
				b.ReportMetric(f, what)
				if base := figures["bbolt"][what]; engine != "bbolt" && base > 0 {
					b.ReportMetric(f/base, what+"/bbolt")
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func measureEngine(b *testing.B, p Place) map[string]float64 {
	dir := filepath.Join(b.TempDir(), "ledger")
	if _, err := CreateIn(dir, p, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		b.Fatal(err)
	}
	clock := newClock()
	s, err := Open(dir, Config{Slot: day, Now: clock.now, Register: new(memoryRegister)})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	figures := map[string]float64{
		"submit1/s":  submissions(b, s, 1, 40),
		"submit64/s": submissions(b, s, 64, 400),
	}
	fillSlot(b, s)
	waiting := 0
	_ = s.Waiting(func(Waiting) error { waiting++; return nil })
	clock.forward(day)
	begin := time.Now()
	if err := s.Sequence(context.Background()); err != nil {
		b.Fatal(err)
	}
	figures["slot/s"] = float64(waiting) / time.Since(begin).Seconds()
	begin = time.Now()
	if faults, err := s.Check(context.Background(), nil); err != nil || len(faults) > 0 {
		b.Fatal(faults, err)
	}
	figures["check/s"] = float64(waiting) / time.Since(begin).Seconds()
	figures["attachment-MB/s"] = attachmentRate(b, s, 100<<20)
	return figures
}

// benchSlot is how many small reports a measured slot has, beside those with large parts.
const benchSlot = 3000

func fillSlot(b *testing.B, s *Store) {
	var writers sync.WaitGroup
	for range 64 {
		writers.Go(func() {
			for range benchSlot / 64 {
				if _, err := s.Submit(context.Background(), words(s)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	writers.Wait()
}

// submissions returns how many reports a second are promised, each with 95 KB of parts.
func submissions(b *testing.B, s *Store, writers, n int) float64 {
	var wait sync.WaitGroup
	begin := time.Now()
	for range writers {
		wait.Go(func() {
			for range n / writers {
				if _, err := s.Submit(context.Background(), wordsOf(s, 92_000)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
	return float64(n) / time.Since(begin).Seconds()
}

func attachmentRate(b *testing.B, s *Store, size int) float64 {
	content := make([]byte, size)
	rand.Read(content)
	w, err := s.NewPart()
	if err != nil {
		b.Fatal(err)
	}
	defer w.Discard()
	h := ledger.Sum(content)
	begin := time.Now()
	if _, err := w.Write(content); err != nil {
		b.Fatal(err)
	}
	if _, err := w.Keep(h); err != nil {
		b.Fatal(err)
	}
	return float64(size) / 1e6 / time.Since(begin).Seconds()
}

// A large attachment goes into the database, and comes back, without being held in memory.
func TestAttachmentInBoundedMemory(t *testing.T) {
	shorttest.Skip(t, "no large attachment is measured in memory")
	if cluster == nil {
		return
	}
	s := newStore(t, day, newClock())
	const size = 64 << 20
	path := filepath.Join(t.TempDir(), "spool")
	content := make([]byte, size)
	rand.Read(content)
	h := ledger.Sum(content)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	content = nil
	runtime.GC()
	most := watchMemory(t)
	if err := s.parts.Put(t.Context(), blob.Hash(h), blob.Spool{Path: path, Size: size}); err != nil {
		t.Fatal(err)
	}
	got, n, err := hashPart(t.Context(), s.parts, h, func(int) {})
	if err != nil || got != h || n != size {
		t.Errorf("%s, %d bytes, %v", got, n, err)
	}
	if m := most(); m > size/2 {
		t.Errorf("%d MB of memory were in use for %d MB", m>>20, size>>20)
	}
	if err := s.parts.Remove(t.Context(), blob.Hash(h)); err != nil {
		t.Fatal(err)
	}
}

// watchMemory returns by how much the heap has grown at most.
func watchMemory(t *testing.T) (most func() uint64) {
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	quit, done := make(chan struct{}), make(chan uint64)
	go func() {
		var largest uint64
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			if now.HeapAlloc > before.HeapAlloc {
				largest = max(largest, now.HeapAlloc-before.HeapAlloc)
			}
			select {
			case <-quit:
				done <- largest
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(quit); return <-done }
}
