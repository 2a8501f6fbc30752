package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/atomicfile"
	"zapis/internal/bench/measure"
	"zapis/store/kv"
)

// BenchmarkAppend compares durable appends of 2 KiB, in one run and in turn:
//
//	file     a bare file: a committer writes a group at once, then one fdatasync
//	batch    bbolt as it comes, with db.Batch
//	ledger   our committer: entries, links, tree hashes and index in bbolt
//	guarded  the same, and the guard after each group
//	sealed   the same through Submit, with a promise for each, and a checkpoint for
//	         each group: slot 0, where every submission costs a post-quantum signature
//
// Rates are medians of the rounds, and so are the ratios, each of one round. All but batch form their groups with the same code. The peers sign nothing, so
// they are compared with what does not either.
func BenchmarkAppend(b *testing.B) {
	ways := []struct {
		name string
		run  func(testing.TB, int) float64
	}{{"file", appendFile}, {"batch", appendBatch}, {"ledger", appendLedger}, {"guarded", appendGuarded}, {"sealed", appendSealed}}
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			rates := make(map[string][]float64)
			for b.Loop() {
				for range 5 { // in turn, so that a slow minute of the machine hits all
					for _, way := range ways {
						rates[way.name] = append(rates[way.name], way.run(b, writers))
					}
				}
			}
			for _, way := range ways {
				measure.Report(b, way.name+"/s", rates[way.name])
			}
			for _, ours := range []string{"ledger", "guarded"} {
				for _, peer := range []string{"file", "batch"} {
					measure.Report(b, ours+"/"+peer, measure.Quotients(rates[ours], rates[peer]))
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

const entrySize = 2 << 10

// drive has some writers append one after the other for a while, and gives how
// many a second were durable.
func drive(writers int, appendOne func(n uint64)) float64 {
	const span = 500 * time.Millisecond
	var count atomic.Uint64
	var all sync.WaitGroup
	begin := time.Now()
	for range writers {
		all.Go(func() {
			for time.Since(begin) < span {
				appendOne(count.Add(1))
			}
		})
	}
	all.Wait()
	return float64(count.Load()) / time.Since(begin).Seconds()
}

// appendix is one append on its way to a committer of the benchmark.
type appendix struct {
	body []byte
	hash ledger.Hash // of the body: as in Submit, the writer's work
	done chan struct{}
}

// committer runs commit over groups that are formed as the store forms its own.
func committer(commit func(group []*appendix)) (appendOne func(body []byte), stop func()) {
	queue := make(chan *appendix, queueLength)
	var ended sync.WaitGroup
	ended.Go(func() {
		for first := range queue {
			group, _ := gather(queue, first, func(a *appendix) (int, bool) {
				if a == nil {
					return 0, false
				}
				return len(a.body), true
			})
			commit(group)
			slowed.groups, slowed.entries = slowed.groups+1, slowed.entries+len(group)
			for _, a := range group {
				close(a.done)
			}
		}
	})
	return func(body []byte) {
		a := &appendix{body, ledger.BodyHash(body), make(chan struct{})}
		queue <- a
		<-a.done
	}, func() { close(queue); ended.Wait() }
}

func appendFile(t testing.TB, writers int) float64 {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	appendOne, stop := committer(func(group []*appendix) {
		buf := make([]byte, 0, len(group)*entrySize)
		for _, a := range group {
			buf = append(buf, a.body...)
		}
		_, err := f.Write(buf)
		if err == nil {
			err = atomicfile.SyncData(f)
			slowed.barriers(1)
		}
		if err != nil {
			t.Error(err)
		}
	})
	defer stop()
	return drive(writers, func(n uint64) { appendOne(fillBytes(n, entrySize)) })
}

func appendBatch(t testing.TB, writers int) float64 {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := []byte("entries")
	if err := db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket(name); return err }); err != nil {
		t.Fatal(err)
	}
	return drive(writers, func(n uint64) {
		if err := db.Batch(func(tx *bbolt.Tx) error { return tx.Bucket(name).Put(number(n), fillBytes(n, entrySize)) }); err != nil {
			t.Error(err)
		}
	})
}

func appendLedger(t testing.TB, writers int) float64 { return appendUnsigned(t, writers, false) }

func appendGuarded(t testing.TB, writers int) float64 { return appendUnsigned(t, writers, true) }

// appendUnsigned is the store's own way, without its signatures: the tip, the
// index, and the guard.
func appendUnsigned(t testing.TB, writers int, guarded bool) float64 {
	s := benchStore(t, time.Hour)
	defer s.Close()
	return newAppender(s, guarded).rate(t, writers)
}

// appender appends to a store beside its checkpoints: to a ledger that is for nothing else.
type appender struct {
	s       *Store
	guarded bool
	tip     tip
	signed  ledger.Checkpoint // as it would be signed
}

func newAppender(s *Store, guarded bool) *appender {
	return &appender{s, guarded, s.tip, s.released.Checkpoint}
}

func (a *appender) rate(t testing.TB, writers int) float64 {
	head := len(ledger.Head(a.signed.Origin, 1<<20, ledger.Hash{}))
	appendOne, stop := committer(func(group []*appendix) {
		if err := a.commit(group); err != nil {
			t.Error(err)
		}
	})
	defer stop()
	return drive(writers, func(n uint64) { appendOne(fillBytes(n, entrySize-head)) })
}

func (a *appender) commit(group []*appendix) error {
	s, tip := a.s, a.tip
	defer tip.values.reset()
	bodies := make([]ledger.Hash, 0, len(group))
	flush := s.tail.size()+uint64(len(group)) >= maxTail
	err := s.update(func(tx kv.Tx) error {
		for _, a := range group {
			if err := tip.appendEntry(tx, a.body); err != nil {
				return err
			}
			bodies = append(bodies, a.hash)
		}
		if flush {
			return s.tail.flush(tx, bodies)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slowed.barriers(2) // bbolt's pages, and its meta page
	if flush {
		s.tail = newTail(tip.size)
	} else {
		s.tail.add(bodies, a.tip.size)
	}
	a.tip = tip
	a.signed.Size, a.signed.Root = tip.size, tip.root()
	if !a.guarded {
		return nil
	}
	defer slowed.barriers(1)
	return s.guard.write(a.signed)
}

func appendSealed(t testing.TB, writers int) float64 {
	s := benchStore(t, 0)
	defer s.Close()
	return drive(writers, func(n uint64) {
		if _, err := s.Submit(context.Background(), smallReport(n)); err != nil {
			t.Error(err)
		}
	})
}

// smallReport is a report of three parts, 2 KiB in all.
func smallReport(n uint64) Submission {
	sub := Submission{Body: ledger.Body{Kind: ledger.KindReport}}
	for i, kind := range []string{ledger.PartSignal, ledger.PartStatement, ledger.PartIdentity} {
		part := fillBytes(3*n+uint64(i), entrySize/4)
		sub.Small = append(sub.Small, part)
		sub.Body.Parts = append(sub.Body.Parts, ledger.Part{Kind: kind, Hash: ledger.Sum(part), Size: int64(len(part))})
	}
	return sub
}

func benchStore(t testing.TB, slot time.Duration) *Store {
	dir := filepath.Join(t.TempDir(), "ledger")
	if _, err := createTest(dir, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		t.Fatal(err)
	}
	s, err := openTest(dir, Config{Slot: slot})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fillBytes returns n bytes that begin with a number.
func fillBytes(number uint64, n int) []byte {
	b := make([]byte, n)
	binary.BigEndian.PutUint64(b, number)
	return b
}

// million makes a ledger of a million entries and more, once for all benchmarks.
var million = sync.OnceValues(func() (string, error) {
	parent, err := os.MkdirTemp("", "zapis-million")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(parent, "ledger")
	if _, err := createTest(dir, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		return "", err
	}
	s, err := openTest(dir, Config{Slot: time.Hour})
	if err != nil {
		return "", err
	}
	for s.Size() < 1<<20 {
		err := s.ask(context.Background(), &request{act: func() error {
			return s.advance(nil, func(tx kv.Tx, t *tip) (*growth, error) {
				g := &growth{first: t.size, authority: s.authority}
				for range 1 << 15 {
					body := ledger.BodyOf(ledger.KindFiller, 0, fillBytes(t.size, ledger.FillerSize))
					if err := s.grow(tx, t, g, body, body.Marshal(), body.Hash()); err != nil {
						return nil, err
					}
				}
				g.released.Time = s.checkpointTime(time.Time{})
				return g, nil
			})
		}})
		if err != nil {
			return "", err
		}
	}
	return dir, s.Close()
})

// openMillion opens the ledger of a million entries.
func openMillion(b *testing.B) *Store {
	dir, err := million()
	if err != nil {
		b.Fatal(err)
	}
	s, err := OpenReadOnly(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkProof is an inclusion or a consistency proof in a ledger of a million
// entries, each from a snapshot of its own.
func BenchmarkProof(b *testing.B) {
	s := openMillion(b)
	size := s.Size()
	b.Run("inclusion", func(b *testing.B) {
		n := uint64(1)
		for b.Loop() {
			n = n * 6364136223846793005 % size
			err := s.view(func(v *view) error {
				_, err := ledger.ProveEntry(size, n, v.hashes())
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("consistency", func(b *testing.B) {
		n := uint64(1)
		for b.Loop() {
			n = n*6364136223846793005%(size-1) + 1
			if _, err := s.Consistency(size, n); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tile", func(b *testing.B) {
		n := uint64(1)
		for b.Loop() {
			n = n * 6364136223846793005 % (size >> tileHeight)
			if _, err := s.Tile(0, n, TileWidth); err != nil {
				b.Fatal(err)
			}
		}
	})
}
