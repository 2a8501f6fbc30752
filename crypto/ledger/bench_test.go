package ledger_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

// The three below work on the same entries: what following a chain costs beside
// the hashes that it can't do without.
func thousand() *ledgertest.Builder {
	b := ledgertest.New()
	for i := range 1000 {
		b.Report(fmt.Sprint("report ", i), i%4)
	}
	return b
}

func setBytes(b *testing.B, texts [][]byte) {
	n := 0
	for _, t := range texts {
		n += len(t)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	b.ResetTimer()
}

func BenchmarkSHA256OfEntries(b *testing.B) {
	l := thousand()
	setBytes(b, l.Entries)
	for b.Loop() {
		for _, e := range l.Entries {
			sha256.Sum256(e)
		}
	}
}

func BenchmarkLeafHashes(b *testing.B) {
	l := thousand()
	setBytes(b, l.Entries)
	for b.Loop() {
		for _, e := range l.Entries {
			ledger.LeafHash(e)
		}
	}
}

func BenchmarkChain(b *testing.B) {
	l := thousand()
	setBytes(b, l.Entries)
	for b.Loop() {
		c := ledger.NewChain(nil)
		for _, e := range l.Entries {
			if _, err := c.Add(e); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(l.Entries)), "ns/entry")
}

// million is the stored hashes of a tree of a million leaves, in memory.
var million struct {
	hashes ledger.StoredTree
	leaves []ledger.Hash
}

func growMillion(b *testing.B) (ledger.StoredTree, []ledger.Hash, ledger.Hash) {
	const size = 1_000_000
	if million.hashes == nil {
		m := make(ledger.StoredTree, 0, ledger.StoredCount(size))
		for i := range uint64(size) {
			leaf := ledger.LeafHash(fmt.Appendf(nil, "leaf %d", i))
			must(b, m.Add(i, leaf))
			million.leaves = append(million.leaves, leaf)
		}
		million.hashes = m
	}
	root, err := ledger.RootAt(size, million.hashes)
	must(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	return million.hashes, million.leaves, root
}

func BenchmarkInclusionProofInAMillion(b *testing.B) {
	m, _, _ := growMillion(b)
	i := uint64(0)
	for b.Loop() {
		if _, err := ledger.ProveEntry(1_000_000, i, m); err != nil {
			b.Fatal(err)
		}
		i = (i + 617_369) % 1_000_000
	}
}

func BenchmarkConsistencyProofInAMillion(b *testing.B) {
	m, _, _ := growMillion(b)
	i := uint64(0)
	for b.Loop() {
		if _, err := ledger.ProveConsistency(1_000_000, i+1, m); err != nil {
			b.Fatal(err)
		}
		i = (i + 617_369) % 1_000_000
	}
}

func BenchmarkCheckInclusionInAMillion(b *testing.B) {
	m, leaves, root := growMillion(b)
	path, err := ledger.ProveEntry(1_000_000, 617_369, m)
	must(b, err)
	cp := ledger.Checkpoint{Size: 1_000_000, Root: root}
	for b.Loop() {
		if err := ledger.CheckInclusion(cp, 617_369, leaves[617_369], path); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenCheckpoint(b *testing.B) {
	v, _, n := checkpoint(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.OpenCheckpoint(n); err != nil {
			b.Fatal(err)
		}
	}
}
