package main

import (
	"bufio"
	"crypto/rand"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/bench/measure"
	"zapis/internal/cli"
	"zapis/store"
)

// BenchmarkExport writes the carry file of 2,000 reports of 100 KB, as zapisd export does: in turn by a child process that
// writes the file itself, and by one that sends it through a pipe. Processor time is that of both processes, and the ratio
// the first to the second.
func BenchmarkExport(b *testing.B) {
	const reports, rounds = 2000, 5
	dir := filepath.Join(b.TempDir(), "ledger")
	reportsLedger(b, dir, reports)
	out := filepath.Join(b.TempDir(), "carry")
	export := func(passed bool) func(*os.File) error {
		return func(f *os.File) error {
			w := bufio.NewWriterSize(f, resultsBuffer)
			to := newScreen(w, &cli.Streams{Err: os.Stderr})
			if passed {
				to.file = f
			}
			if err := perform(b.Context(), dir, "export", exportArgs{}, to); err != nil {
				return err
			}
			return w.Flush()
		}
	}
	take := func(do func(*os.File) error) float64 {
		before := withChildren()
		if err := writeAside(out, do); err != nil {
			b.Fatal(err)
		}
		took := withChildren() - before
		if info, err := os.Stat(out); err != nil || info.Size() < reports*90_000 {
			b.Fatal(info, err)
		}
		if err := os.Remove(out); err != nil {
			b.Fatal(err)
		}
		return took.Seconds()
	}
	for b.Loop() {
		var passed, piped []float64
		for range rounds {
			passed = append(passed, take(export(true)))
			piped = append(piped, take(export(false)))
		}
		measure.Report(b, "cpu-of-pipe", measure.Quotients(passed, piped))
		b.ReportMetric(1000*measure.Median(passed), "cpu-ms")
	}
	b.ReportMetric(0, "ns/op")
}

// withChildren returns the processor time of this process and of its children that have ended.
func withChildren() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		panic(err)
	}
	return measure.CPU() + time.Duration(u.Utime.Nano()+u.Stime.Nano())
}

// reportsLedger makes a ledger of reports whose three parts are as large as real ones, and hold random bytes.
func reportsLedger(b *testing.B, dir string, reports int) {
	if _, err := store.Create(dir, ledgertest.Genesis(), ledgertest.Key(1), time.Now().Add(-time.Hour)); err != nil {
		b.Fatal(err)
	}
	st, err := store.Open(dir, store.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	var senders sync.WaitGroup
	const atOnce = 50
	for range atOnce {
		senders.Go(func() {
			for range reports / atOnce {
				if _, err := st.Submit(b.Context(), randomReport(st)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	senders.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

func randomReport(st *store.Store) store.Submission {
	var s store.Submission
	s.Body = ledger.Body{Kind: ledger.KindReport}
	rand.Read(s.Body.Commitments[:])
	s.Body.Trustees, _ = st.SetInForce()
	for _, p := range []ledger.Part{{Kind: ledger.PartSignal, Size: 3000}, {Kind: ledger.PartStatement, Size: 72 << 10}, {Kind: ledger.PartIdentity, Size: 24 << 10}} {
		part := make([]byte, p.Size)
		rand.Read(part)
		p.Hash = ledger.Sum(part)
		s.Small, s.Body.Parts = append(s.Small, part), append(s.Body.Parts, p)
	}
	rand.Read(s.Locator.Name[:])
	s.Locator.Box = make([]byte, 120)
	rand.Read(s.Locator.Box)
	return s
}
