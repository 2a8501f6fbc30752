package bolt

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"zapis/internal/bench/measure"
	"zapis/store/kv"
)

// BenchmarkSeam compares bbolt itself with bbolt over store/kv, in one process: transactions of 64 values of 2 KiB, not
// synced, since a sync would hide the difference, and transactions that read 64 of them. The two take turns, each first
// in every other pair. What counts is the median of the pairs' ratios: a pair takes a millisecond, and what else the
// machine does slows single pairs, or both ways.
func BenchmarkSeam(b *testing.B) {
	const group = 64
	dir := b.TempDir()
	raw, err := bbolt.Open(filepath.Join(dir, "raw"), 0o600, options())
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	raw.NoSync = true
	name := []byte("entries")
	if err := raw.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket(name); return err }); err != nil {
		b.Fatal(err)
	}
	over, err := Create(filepath.Join(dir, "over"), specs)
	if err != nil {
		b.Fatal(err)
	}
	defer over.Close()
	value := make([]byte, 2<<10)
	key := func(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
	read := 0
	for _, work := range []struct {
		name      string
		raw, over func(n uint64) error
	}{
		{"write",
			func(from uint64) error {
				return raw.Update(func(tx *bbolt.Tx) error {
					bucket := tx.Bucket(name)
					bucket.FillPercent = 1
					for n := from; n < from+group; n++ {
						if err := bucket.Put(key(n), value); err != nil {
							return err
						}
					}
					return nil
				})
			},
			func(from uint64) error {
				return kv.Update(over, func(tx kv.Tx) error {
					for n := from; n < from+group; n++ {
						if err := tx.Table("entries").Put(key(n), value); err != nil {
							return err
						}
					}
					return nil
				})
			}},
		{"read",
			func(from uint64) error {
				return raw.View(func(tx *bbolt.Tx) error {
					bucket := tx.Bucket(name)
					for n := from; n < from+group; n++ {
						read += len(bucket.Get(key(n)))
					}
					return nil
				})
			},
			func(from uint64) error {
				return kv.View(over, func(tx kv.Tx) error {
					for n := from; n < from+group; n++ {
						read += len(tx.Table("entries").Get(key(n)))
					}
					return nil
				})
			}},
	} {
		ways := []func(n uint64) error{work.raw, work.over}
		var ratios []float64
		next := uint64(0)
		b.Run(work.name, func(b *testing.B) {
			for b.Loop() {
				var took [2]time.Duration
				for i := range ways {
					way := (i + len(ratios)) % 2
					begin := time.Now()
					if err := ways[way](next); err != nil {
						b.Fatal(err)
					}
					took[way] = time.Since(begin)
				}
				ratios = append(ratios, took[0].Seconds()/took[1].Seconds())
				next = (next + group) % (group << 8) // 32 MiB
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "seam/bbolt")
			b.ReportMetric(0, "ns/op")
		})
		if work.name == "read" && read == 0 {
			b.Error("nothing was read")
		}
	}
}

// BenchmarkCopy reads 2,000 values of 72 KiB, each once, in a file that was just opened: through bbolt's map with a copy of
// each, and by Copy, in turn. Ratios of processor time and of time by the clock are of the median of the rounds.
func BenchmarkCopy(b *testing.B) {
	const values, rounds = 2000, 5
	path := filepath.Join(b.TempDir(), "db")
	db, err := Create(path, specs)
	if err != nil {
		b.Fatal(err)
	}
	key := func(i int) []byte { return fmt.Append(nil, i*7919%values) }
	value := make([]byte, 72<<10)
	for i := 0; i < values; i += 100 {
		err := kv.Update(db, func(tx kv.Tx) error {
			for n := i; n < i+100; n++ {
				if err := tx.Table("small").Put(key(n), value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	all := func(read func(tx kv.Tx, key []byte) []byte) func() {
		return func() {
			db, err := Open(path, specs, true)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			err = kv.View(db, func(tx kv.Tx) error {
				for i := range values {
					if got := read(tx, key(i)); len(got) != len(value) {
						return fmt.Errorf("%d bytes", len(got))
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	var one, other []byte
	for b.Loop() {
		took := measure.Turns(rounds,
			measure.Way{Name: "map", Do: all(func(tx kv.Tx, key []byte) []byte { return kv.CopyTo(&one, tx.Table("small").Get(key)) })},
			measure.Way{Name: "plain", Do: all(func(tx kv.Tx, key []byte) []byte { return tx.Copy("small", key, &other) })})
		measure.Report(b, "cpu-of-map", measure.Ratios(took["plain"], took["map"], measure.Processor))
		measure.Report(b, "clock-of-map", measure.Ratios(took["plain"], took["map"], measure.Wall))
		for name, list := range took {
			b.ReportMetric(1e6/values*measure.Median(measure.Seconds(list, measure.Processor)), name+"-cpu-us")
		}
	}
	b.ReportMetric(0, "ns/op")
}
