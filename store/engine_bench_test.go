package store

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/bench/measure"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/store/blob"
	"zapis/store/blob/s3/s3test"
	"zapis/store/kv"
	"zapis/store/postgres/pgtest"
)

// BenchmarkEngines compares PostgreSQL, with a synchronous standby on the same machine, with bbolt, in one run and in turn.
// The ledgers of all engines lie on one disk. Rates are medians of the rounds, and so are the ratios, each of one round.
//
//	append      2 KiB without signatures, as BenchmarkAppend's ledger; beside a bare file
//	submit      reports with 95 KB of parts, promised; beside their rows by PostgreSQL alone
//	attachment  100 MiB: a file, chunks in the database, an object of an S3 store in this process; beside PostgreSQL and a PUT alone
//	slot        -store.slot reports at once, and the check of the ledger then
func BenchmarkEngines(b *testing.B) {
	c, err := pgtest.Start(os.TempDir(), 1, "shared_buffers = 128MB", "max_wal_size = 1GB") // as PostgreSQL comes; tests have less
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	bucket := httptest.NewServer(s3test.New(b.TempDir()))
	defer bucket.Close()
	e := &engineBench{cluster: c, server: bucket.URL, bucket: "s3://key:secret@" + strings.TrimPrefix(bucket.URL, "http://") + "/bucket?plain=1"}
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("append/writers=%d", writers), func(b *testing.B) { e.appends(b, writers) })
	}
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("submit/writers=%d", writers), func(b *testing.B) { e.submits(b, writers) })
	}
	b.Run("attachment", e.attachments)
	b.Run("slot", e.slot)
}

var (
	benchRounds = flag.Int("store.rounds", 5, "how many rounds the engines are compared for")
	benchSlot   = flag.Int("store.slot", 27_000, "how many reports a slot has, in which the engines are compared")
)

// engineBench is what the parts of BenchmarkEngines share.
type engineBench struct {
	cluster *pgtest.Cluster
	server  string // the S3 store's address
	bucket  string // as a Place names it
}

// rater is one way that takes turns; rate returns how much it does in a second.
type rater struct {
	name string
	rate func() float64
}

// inTurn reports each way's rate, and its ratio to the first's, round by round.
func inTurn(b *testing.B, rounds int, ways ...rater) {
	var all []worker
	for _, w := range ways {
		all = append(all, worker{w.name, func() done { return done{rate: w.rate()} }})
	}
	workInTurn(b, rounds, all...)
}

// worker is one way that takes turns, and whose processor time is measured with its rate.
type worker struct {
	name string
	work func() done
}

// done is what a turn did in a second, and how many milliseconds of processor time a report or an attachment took: in this process and
// in the servers of the cluster. 0 is not measured.
type done struct{ rate, cpu float64 }

// workInTurn reports each way's rate and processor time, and the ratios of its rate and of its processor time to the first's, round by round.
// A ratio of processor times is the first's over the way's: less than 1 where the way takes more, as with rates.
func workInTurn(b *testing.B, rounds int, ways ...worker) {
	rates, cpus := make(map[string][]float64), make(map[string][]float64)
	for b.Loop() {
		for range rounds {
			for _, w := range ways {
				d := w.work()
				rates[w.name], cpus[w.name] = append(rates[w.name], d.rate), append(cpus[w.name], d.cpu)
			}
		}
	}
	first := ways[0].name
	for i, w := range ways {
		measure.Report(b, w.name+"/s", rates[w.name])
		if i > 0 {
			measure.Report(b, w.name+"/"+first, measure.Quotients(rates[w.name], rates[first]))
		}
		if measure.Median(cpus[w.name]) == 0 {
			continue
		}
		measure.Report(b, w.name+"-cpu-ms", cpus[w.name])
		if i > 0 {
			measure.Report(b, w.name+"-cpu/"+first, measure.Quotients(cpus[first], cpus[w.name]))
		}
	}
	b.ReportMetric(0, "ns/op")
}

// take runs f, which keeps so many reports or attachments, and does so much of what is counted.
func (e *engineBench) take(kept int, much float64, f func()) done {
	before := e.cluster.CPU()
	took := measure.Take(f)
	return done{rate: much / took.Wall.Seconds(), cpu: 1e3 * (took.CPU + e.cluster.CPU() - before).Seconds() / float64(kept)}
}

// ledger makes one with slots of a day, and opens it.
func (e *engineBench) ledger(b *testing.B, shared, s3 bool) (*Store, *clock) {
	b.Helper()
	var p Place
	if shared {
		p.Database = e.database(b)
	}
	if s3 {
		p.Attachments = e.bucket
	}
	return e.ledgerIn(b, p)
}

func (e *engineBench) ledgerIn(b *testing.B, p Place) (*Store, *clock) {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "ledger")
	if _, err := CreateIn(dir, p, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		b.Fatal(err)
	}
	clock := newClock()
	s, err := Open(dir, Config{Slot: day, Now: clock.now, Register: new(memoryRegister)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s, clock
}

// database makes an empty database, and returns its address.
func (e *engineBench) database(b *testing.B) (dsn string) {
	b.Helper()
	name, err := e.cluster.NewDatabase()
	if err != nil {
		b.Fatal(err)
	}
	return e.cluster.Nodes[0].DSN(name)
}

func (e *engineBench) appends(b *testing.B, writers int) {
	bolt, _ := e.ledger(b, false, false)
	shared, _ := e.ledger(b, true, false)
	own, theirs := newAppender(bolt, false), newAppender(shared, false)
	inTurn(b, *benchRounds,
		rater{"bbolt", func() float64 { return own.rate(b, writers) }},
		rater{"file", func() float64 { return appendFile(b, writers) }},
		rater{"postgres", func() float64 { return theirs.rate(b, writers) }})
}

func (e *engineBench) submits(b *testing.B, writers int) {
	bolt, _ := e.ledger(b, false, false)
	dsn := e.database(b)
	shared, _ := e.ledgerIn(b, Place{Database: dsn})
	heads := e.connect(b, dsn)
	alone := e.newAlone(b)
	n := 30 + 5*writers
	warm := func(s *Store) { e.submissions(b, s, 64, 320) } // a connection prepares a statement for each piece once
	warm(bolt)
	warm(shared)
	alone.submissions(b, 320, 5)
	groups := 1
	var sizes []float64 // of groups, in the mean of a round
	workInTurn(b, *benchRounds,
		worker{"bbolt", func() done { return e.submissions(b, bolt, writers, n) }},
		worker{"postgres", func() done {
			before := transactions(b, heads)
			d := e.submissions(b, shared, writers, n)
			groups = transactions(b, heads) - before
			sizes = append(sizes, float64(n)/float64(groups))
			return d
		}},
		worker{"alone", func() done { return alone.submissions(b, n, groups) }})
	measure.Report(b, "postgres-group", sizes)
}

// submissions returns how many reports a second are promised, each with 95 KB of parts.
func (e *engineBench) submissions(b *testing.B, s *Store, writers, n int) done {
	all := someReports(s, n)
	return e.take(n, float64(n), func() { submitAll(b, s, writers, func(i int) Submission { return all[i] }, n) })
}

// someReports makes n reports of 95 KB each.
func someReports(s *Store, n int) []Submission {
	all := make([]Submission, n)
	for i := range all {
		all[i] = wordsOf(s, 92_000)
	}
	return all
}

// submitAll has some writers submit the first n of these.
func submitAll(b *testing.B, s *Store, writers int, nth func(int) Submission, n int) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if _, err := s.Submit(context.Background(), nth(i)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func (e *engineBench) attachments(b *testing.B) {
	content := random(100 << 20)
	var ways []worker
	for _, w := range []struct {
		name       string
		shared, s3 bool
	}{{"file", false, false}, {"chunks", true, false}, {"s3", true, true}} {
		s, _ := e.ledger(b, w.shared, w.s3)
		ways = append(ways, worker{w.name, func() done { return e.keep(b, s, content) }})
	}
	workInTurn(b, *benchRounds, append(ways, e.attachmentsAlone(b, content)...)...)
}

// keep keeps an attachment, by the byte. Its hash is a new one each time, as any ciphertext's: rows of one that was deleted would be read
// again for the index, and changed.
func (e *engineBench) keep(b *testing.B, s *Store, content []byte) done {
	copy(content, random(32))
	h := ledger.Sum(content)
	w, err := s.NewPart()
	if err != nil {
		b.Fatal(err)
	}
	d := e.take(1, float64(len(content)), func() {
		if _, err := w.Write(content); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Keep(h); err != nil {
			b.Fatal(err)
		}
	})
	err = w.Discard()
	if s.shared { // else the server cleans its tables up in another way's turn
		err = exit.First(err, forgetDeleted(s))
	}
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// forgetDeleted waits until the server is not itself at work on a table that is rewritten.
func forgetDeleted(s *Store) (err error) {
	for range 100 {
		if err = s.db.Forget(context.Background()); !errors.Is(err, kv.ErrUnavailable) {
			return err
		}
	}
	return err
}

// slot compares the time of a slot, and of the check after it: how many reports a second each takes.
func (e *engineBench) slot(b *testing.B) {
	var slots, checks []rater
	for _, w := range []struct {
		name   string
		shared bool
	}{{"bbolt", false}, {"postgres", true}} {
		s, clock := e.ledger(b, w.shared, false)
		slots = append(slots, rater{w.name, func() float64 {
			submitAll(b, s, 256, func(int) Submission { return words(s) }, *benchSlot)
			clock.forward(day)
			return float64(*benchSlot) / measure.Take(func() {
				if err := s.Sequence(context.Background()); err != nil {
					b.Fatal(err)
				}
			}).Wall.Seconds()
		}})
		checks = append(checks, rater{w.name, func() float64 {
			return float64(s.Size()) / measure.Take(func() {
				if faults, err := s.Check(context.Background(), nil); err != nil || len(faults) > 0 {
					b.Fatal(faults, err)
				}
			}).Wall.Seconds()
		}})
	}
	b.Run("sequence", func(b *testing.B) { inTurn(b, 1, slots...) })
	b.Run("check", func(b *testing.B) { inTurn(b, 3, checks...) })
}

// attachmentSize is of the attachment whose memory is measured.
var attachmentSize = flag.Int64("store.attachment", 64<<20, "how many bytes the attachment has whose memory is measured")

// mostMemory is what a process may need beside an attachment, whatever its size.
const mostMemory = 64 << 20

// A large attachment goes into the database, and comes back, without being held in memory.
func TestAttachmentInBoundedMemory(t *testing.T) {
	shorttest.Skip(t, "no large attachment is measured in memory")
	if cluster == nil {
		return
	}
	s := newStore(t, day, newClock())
	size := *attachmentSize
	path := filepath.Join(t.TempDir(), "spool")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	h, _, err := hashing(f, io.LimitReader(rand.Reader, size))
	if err := exit.First(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	most := watchMemory(t)
	if err := s.parts.Put(t.Context(), blob.Hash(h), blob.Spool{Path: path, Size: size}); err != nil {
		t.Fatal(err)
	}
	got, n, err := hashPart(t.Context(), s.parts, h, func(int) {})
	if err != nil || got != h || n != size {
		t.Errorf("%s, %d bytes, %v", got, n, err)
	}
	if m := most(); m > mostMemory/2 {
		t.Errorf("%d MB more of memory were in use for %d MB", m>>20, size>>20)
	}
	if peak := peakMemory(t); size > mostMemory {
		t.Logf("%d MiB: VmHWM %.1f MiB", size>>20, float64(peak)/(1<<20))
		if peak > mostMemory {
			t.Errorf("at most %d MiB", mostMemory>>20)
		}
	}
	if err := s.parts.Remove(t.Context(), blob.Hash(h)); err != nil {
		t.Fatal(err)
	}
}

// peakMemory returns the most bytes of memory that this process has had.
func peakMemory(t *testing.T) (peak int64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "VmHWM:")
	if _, err := fmt.Sscanf(rest, "%d kB", &peak); !found || err != nil {
		t.Fatalf("VmHWM is not in %q: %v", text, err)
	}
	return peak << 10
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
