package bolt

import (
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"zapis/store/kv"
)

// BenchmarkSeam compares bbolt itself with bbolt over store/kv: transactions of 64
// values of 2 KiB, not synced, since a sync would hide the difference. The two take
// turns, and the best of each counts: what else the machine does slows both.
func BenchmarkSeam(b *testing.B) {
	dir := b.TempDir()
	raw, err := bbolt.Open(filepath.Join(dir, "raw"), 0o600, options())
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	raw.NoSync = true
	if err := raw.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("entries")); return err }); err != nil {
		b.Fatal(err)
	}
	over, err := Create(filepath.Join(dir, "over"), specs)
	if err != nil {
		b.Fatal(err)
	}
	defer over.Close()
	value := make([]byte, 2<<10)
	key := func(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
	best := [2]time.Duration{time.Hour, time.Hour}
	const group, groups = 64, 50
	next := uint64(0)
	for b.Loop() {
		for i, run := range []func(from uint64) error{
			func(from uint64) error {
				return raw.Update(func(tx *bbolt.Tx) error {
					bucket := tx.Bucket([]byte("entries"))
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
			},
		} {
			begin := time.Now()
			for g := range uint64(groups) {
				if err := run(next + g*group); err != nil {
					b.Fatal(err)
				}
			}
			best[i] = min(best[i], time.Since(begin))
		}
		next += group * groups
	}
	b.ReportMetric(group*groups/best[0].Seconds(), "bbolt/s")
	b.ReportMetric(group*groups/best[1].Seconds(), "seam/s")
	b.ReportMetric(best[0].Seconds()/best[1].Seconds(), "seam/bbolt")
	b.ReportMetric(0, "ns/op")
}
