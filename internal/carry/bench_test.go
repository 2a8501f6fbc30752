package carry_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"testing"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/carry"
)

// heavy is a carry file with parts of the sizes that reports have: one
// attachment of 16 MiB, and a hundred statements.
func heavy(b *testing.B) []byte {
	l := ledgertest.New()
	part := func(kind string, n, size int) ledger.Part {
		c := l.File(bytes.Repeat([]byte{byte(n), kind[0]}, size/2))
		return ledger.Part{Kind: kind, Hash: ledger.Sum(c), Size: int64(len(c))}
	}
	for n := range 100 {
		body := ledger.Body{Kind: ledger.KindReport, Parts: []ledger.Part{
			part(ledger.PartSignal, n, 5<<10), part(ledger.PartStatement, n, 70<<10), part(ledger.PartIdentity, n, 21<<10)}}
		if n == 50 {
			body.Parts = append(body.Parts, part(ledger.PartAttachment, n, 16<<20))
		}
		l.Add(body)
	}
	l.Checkpoint()
	return write(b, l, 0)
}

func BenchmarkSHA256OfFile(b *testing.B) {
	file := heavy(b)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		sha256.Sum256(file)
	}
}

// BenchmarkImport reads the same file and verifies all of it: form, chain,
// tree, both signatures, every part.
func BenchmarkImport(b *testing.B) {
	file := heavy(b)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := carry.NewReader(bytes.NewReader(file))
		must(b, err)
		chain := ledger.NewChain(nil)
		entries := map[uint64]ledger.Entry{}
		var notes [][]byte
		for {
			it, err := r.Next()
			if err == io.EOF {
				break
			}
			must(b, err)
			switch it.Kind {
			case carry.Checkpoint:
				notes = append(notes, it.Text)
				must(b, chain.Mark(it.Size))
			case carry.Entry:
				entries[it.Index], err = chain.Add(it.Text)
				must(b, err)
			case carry.Part:
				if it.Part.Kind == ledger.PartBody {
					body, err := io.ReadAll(it.Content)
					must(b, err)
					must(b, chain.AddBody(entries[it.Index], body))
				}
			}
		}
		must(b, chain.Settled())
		for _, n := range notes {
			_, err := chain.CheckCheckpoint(n)
			must(b, err)
		}
	}
}
