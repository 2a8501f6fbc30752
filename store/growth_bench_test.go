package store

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/bench/measure"
	"zapis/store/kv"
)

// BenchmarkGrowth gives what a report costs in ledgers of 1,000, 10,000 and 30,000 reports of three parts of 1,500 bytes, in
// processor time: a slope that stays the same from one size to the next grows with the ledger, and no faster.
//
//	db-B          of ledger.db
//	open-us       an opening for writing, with the tail of the index
//	check-us      a check of all
//	share-us      what a check of all costs more for each further share of its lists
//	read-us       all entries and all parts, as an export reads them
//	count-us      the table of the attachments' sizes, with one for each report
func BenchmarkGrowth(b *testing.B) {
	for _, n := range []int{1000, 10_000, 30_000} {
		b.Run(fmt.Sprint("reports=", n), func(b *testing.B) {
			dir := filepath.Join(b.TempDir(), "ledger")
			if _, err := Create(dir, ledgertest.Genesis(), ledgertest.Key(1), start); err != nil {
				b.Fatal(err)
			}
			reopen := func() (s *Store) {
				s, err := Open(dir, Config{Slot: time.Hour})
				if err != nil {
					b.Fatal(err)
				}
				return s
			}
			s := reopen()
			fill(b, s, n)
			took := make(map[string][]float64)
			note := func(name string, do func()) {
				took[name] = append(took[name], measure.Take(do).CPU.Seconds()*1e6/float64(n))
			}
			for range 3 {
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				note("open-us", func() { s = reopen() })
				note("check-us", func() {
					if faults, err := s.Check(context.Background(), nil); err != nil || len(faults) > 0 {
						b.Fatal(faults, err)
					}
				})
				const shares = 5
				s.checkAtOnce = s.Size() / (shares - 1)
				if of := s.sharesOf(s.Size(), 0); of != shares {
					b.Fatalf("%d shares", of)
				}
				note("share-us", func() {
					if faults, err := s.Check(context.Background(), nil); err != nil || len(faults) > 0 {
						b.Fatal(faults, err)
					}
				})
				s.checkAtOnce = 0
				last := len(took["share-us"]) - 1
				took["share-us"][last] = (took["share-us"][last] - took["check-us"][last]) / (shares - 1)
				note("read-us", func() { readEverything(b, s) })
			}
			size, err := s.DatabaseSize()
			if err != nil {
				b.Fatal(err)
			}
			err = s.ask(context.Background(), &request{act: func() error {
				return s.update(func(tx kv.Tx) error {
					for i := range n {
						h := ledger.Sum(number(uint64(i)))
						if err := tx.Table(tableFiles).Put(h[:], number(1)); err != nil {
							return err
						}
					}
					return nil
				})
			}})
			if err != nil {
				b.Fatal(err)
			}
			for range 3 {
				const often = 20
				note("count-us", func() {
					for range often {
						if sum, err := s.countNamed(); err != nil || sum != int64(n) {
							b.Fatal(sum, err)
						}
					}
				})
				last := len(took["count-us"]) - 1
				took["count-us"][last] /= often
			}
			for name, list := range took {
				measure.Report(b, name, list)
			}
			b.ReportMetric(float64(size)/float64(n), "db-B")
			b.ReportMetric(0, "ns/op")
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// fill appends so many reports in slots of a thousand, without promises.
func fill(b *testing.B, s *Store, n int) {
	for done := 0; done < n; done += 1000 {
		err := s.ask(context.Background(), &request{act: func() error {
			return s.advance(nil, func(tx kv.Tx, t *tip) (*growth, error) {
				g := &growth{first: t.size, authority: s.authority}
				for range 1000 {
					sub := words(s)
					p := &submission{Submission: sub, text: sub.Body.Marshal()}
					p.hash = ledger.BodyHash(p.text)
					if err := s.keepParts(tx, p); err != nil {
						return nil, err
					}
					if err := s.grow(tx, t, g, sub.Body, p.text, p.hash); err != nil {
						return nil, err
					}
				}
				g.released.Time = s.checkpointTime(time.Time{})
				return g, nil
			})
		}})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// readEverything reads all entries and their parts.
func readEverything(b *testing.B, s *Store) {
	err := s.Snapshot(func(n *Snapshot) error {
		return n.Entries(0, func(_ uint64, text []byte) error {
			e, err := ledger.ParseEntry(text)
			if err != nil {
				return err
			}
			for _, p := range e.Body.Parts {
				r, _, err := n.Part(p.Hash)
				if err != nil {
					return err
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		b.Fatal(err)
	}
}
