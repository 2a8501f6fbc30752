package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/bench/measure"
)

var checked = flag.Int("store.checked", 3200, "how many reports the ledger of BenchmarkCheck has; 206 KB each")

// BenchmarkCheck verifies a ledger of reports, with statements of 70 KB and attachments, from a warm cache and from a
// cold one, in turn with what it can't be done without: SHA-256 of as many bytes on all cores, from memory and not from
// the cores' caches; the signatures of the promises that wait; and reading the files cold. Ratios are limit to ours,
// medians of the rounds. bare is what reaches most of the limit: it reads as many bytes of the files in the check's way, hashes
// them, verifies the signatures, and compares nothing:
//
//	warm-of-limit         by the clock, of SHA-256 and the signatures on all cores
//	warm-cpu-of-limit     the same of processor time
//	warm-of-sha256        of SHA-256 alone, on all cores
//	warm-of-one-core      of SHA-256 alone, on one core
//	cold-of-limit         of SHA-256 and the signatures, or of reading, whichever takes longer
//	bare-of-limit         bare in the check's place: by the clock, from a warm cache
//	bare-cpu-of-limit     the same of processor time
//	warm-cpu-of-bare      of bare's processor time
//	cold-of-bare          of bare from a cold cache
func BenchmarkCheck(b *testing.B) {
	dir, size := reportsLedger(b, *checked)
	memory := random(128 << 20)
	hash := func(cores int) func() {
		return func() {
			const piece = 256 << 10
			var next atomic.Int64
			var done sync.WaitGroup
			for range cores {
				done.Go(func() {
					for at := next.Add(piece) - piece; at < size; at = next.Add(piece) - piece {
						from := at % int64(len(memory))
						sha256.Sum256(memory[from : from+piece])
					}
				})
			}
			done.Wait()
		}
	}
	verify := func() {
		s, err := OpenReadOnly(dir)
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		faults, err := s.Check(context.Background(), nil)
		if err != nil || len(faults) > 0 {
			b.Fatal(err, faults)
		}
	}
	forget := func() { forgetAll(dir) }
	signatures := waitingSignatures(b, dir)
	bare := func() { readAndHash(b, dir, size); signatures() }
	for b.Loop() {
		took := measure.Turns(5,
			measure.Way{Name: "one", Do: hash(1)},
			measure.Way{Name: "all", Do: hash(runtime.GOMAXPROCS(0))},
			measure.Way{Name: "signatures", Do: signatures},
			measure.Way{Name: "cold", Do: verify, Before: forget},
			measure.Way{Name: "warm", Do: verify},
			measure.Way{Name: "bare", Do: bare},
			measure.Way{Name: "bare-cold", Do: bare, Before: forget},
			measure.Way{Name: "read", Do: func() { readAll(b, dir) }, Before: forget})
		limit, cold := make([]measure.Taken, 5), make([]measure.Taken, 5)
		for i, all := range took["all"] {
			signed := took["signatures"][i]
			limit[i] = measure.Taken{Wall: all.Wall + signed.Wall, CPU: all.CPU + signed.CPU}
			cold[i].Wall = max(limit[i].Wall, took["read"][i].Wall)
		}
		measure.Report(b, "warm-of-limit", measure.Ratios(limit, took["warm"], measure.Wall))
		measure.Report(b, "warm-cpu-of-limit", measure.Ratios(limit, took["warm"], measure.Processor))
		measure.Report(b, "warm-of-sha256", measure.Ratios(took["all"], took["warm"], measure.Wall))
		measure.Report(b, "warm-of-one-core", measure.Ratios(took["one"], took["warm"], measure.Wall))
		measure.Report(b, "cold-of-limit", measure.Ratios(cold, took["cold"], measure.Wall))
		measure.Report(b, "bare-of-limit", measure.Ratios(limit, took["bare"], measure.Wall))
		measure.Report(b, "bare-cpu-of-limit", measure.Ratios(limit, took["bare"], measure.Processor))
		measure.Report(b, "warm-cpu-of-bare", measure.Ratios(took["bare"], took["warm"], measure.Processor))
		measure.Report(b, "cold-of-bare", measure.Ratios(took["bare-cold"], took["cold"], measure.Wall))
		b.ReportMetric(1000*measure.Median(measure.Seconds(took["signatures"], measure.Processor)), "signatures-cpu-ms")
		b.ReportMetric(1000*measure.Median(measure.Seconds(limit, measure.Processor)), "limit-cpu-ms")
		b.ReportMetric(float64(size)/1e6/measure.Median(measure.Seconds(limit, measure.Wall)), "limit-MB/s")
		b.ReportMetric(float64(size)/1e6/measure.Median(measure.Seconds(cold, measure.Wall)), "cold-limit-MB/s")
		for _, way := range []string{"one", "all", "cold", "warm", "read"} {
			b.ReportMetric(float64(size)/1e6/measure.Median(measure.Seconds(took[way], measure.Wall)), way+"-MB/s")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// waitingSignatures returns a function that verifies the promises of a ledger on all cores, from memory.
func waitingSignatures(b *testing.B, dir string) func() {
	s, err := OpenReadOnly(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var promises [][]byte
	var verifiers []*ledger.Verifier
	err = s.view(func(v *view) (err error) {
		eachRow(v.tx.Table(tableWaiting), func(_, file []byte) { promises = append(promises, bytes.Clone(file)) })
		verifiers, err = v.authority.verifiers()
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		work := newWorkers(runtime.GOMAXPROCS(0))
		defer work.stop()
		for _, file := range promises {
			work.do(func(*room) {
				if err := openWith(verifiers, file); err != nil {
					b.Error(err)
				}
			})
		}
		work.wait(func() {})
	}
}

// reportsLedger makes a ledger of so many reports, and returns the bytes that its
// entries and parts have.
func reportsLedger(b *testing.B, reports int) (dir string, size int64) {
	c := newClock()
	dir = filepath.Join(b.TempDir(), "ledger")
	if _, err := createTest(dir, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
		b.Fatal(err)
	}
	s, err := openTest(dir, Config{Slot: day, Now: c.now})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for i := range reports {
		sub := report(b, s)
		sub.Small[1] = random(72 << 10)
		sub.Body.Parts[1].Hash, sub.Body.Parts[1].Size = ledger.Sum(sub.Small[1]), int64(len(sub.Small[1]))
		if i%8 == 0 {
			sub.Body.Parts = append(sub.Body.Parts, attach(b, s, bytes.Repeat(random(1<<10), 1<<10)))
		}
		if i%(reports/8) == 0 {
			c.forward(day)
			sequence(b, s)
		}
		submit(b, s, sub)
		for _, p := range sub.Body.Parts {
			size += p.Size
		}
		size += int64(len(sub.Body.Marshal()))
	}
	return dir, size
}

// readAndHash reads so many bytes of a ledger's files, into buffers that stay in a core's cache, and hashes them there.
func readAndHash(b *testing.B, dir string, size int64) {
	work := newWorkers(2 * runtime.GOMAXPROCS(0))
	defer work.stop()
	const piece = 1 << 20
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		for at := int64(0); at < info.Size() && size > 0; at += piece {
			n := min(piece, info.Size()-at, size)
			size -= n
			work.do(func(r *room) {
				f, err := os.Open(path)
				if err != nil {
					b.Error(err)
					return
				}
				defer f.Close()
				if r.buf == nil {
					r.buf = make([]byte, 64<<10)
				}
				if _, err := io.CopyBuffer(struct{ io.Writer }{sha256.New()}, struct{ io.Reader }{io.NewSectionReader(f, at, n)}, r.buf); err != nil {
					b.Error(err)
				}
			})
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	work.wait(func() {})
}

// forgetAll has the kernel forget what it holds of a ledger's files.
func forgetAll(dir string) {
	_ = filepath.WalkDir(dir, func(path string, _ os.DirEntry, _ error) error {
		if f, err := os.Open(path); err == nil {
			measure.Forget(f)
			f.Close()
		}
		return nil
	})
}

// readAll reads a ledger's files, one after the other.
func readAll(b *testing.B, dir string) {
	buf := make([]byte, 1<<20)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		for {
			if _, err := f.Read(buf); err != nil {
				return nil
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
}
