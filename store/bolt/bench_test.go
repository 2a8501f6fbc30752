package bolt

import (
	"encoding/binary"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

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
