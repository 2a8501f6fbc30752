package vault_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/tlog"

	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/carry"
	"zapis/internal/incident"
	"zapis/internal/vault"
	"zapis/internal/vault/vaulttest"
)

// generated is a ledger of many reports, made without a store: as a carry file, and one statement's header.
type generated struct {
	file      []byte
	statement []byte
	reports   int
}

var generate = sync.OnceValue(func() generated {
	const reports = 1000
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	var t testing.T
	set := ledger.TrusteeSet{Vocabulary: 1, Approvals: 2, Quorum: ledger.Quorum{Statement: 1, Attachment: 1, Identity: 2}}
	var keys []string
	for _, name := range []string{"anna", "boris", "vera"} {
		c := vaulttest.Identity(&t, name).Card
		set.Trustees, keys = append(set.Trustees, c), append(keys, c.Age)
	}
	log, err := ledger.GenerateSigningKey(vaulttest.Origin, rand.Reader)
	check(err)
	g := ledger.Genesis{Origin: vaulttest.Origin, Log: log.Keys(), Set: set}
	rand.Read(g.Nonce[:])
	alone, err := seal.NewRecipients(1, keys...)
	check(err)
	two, err := seal.NewRecipients(2, keys...)
	check(err)
	box, err := age.GenerateHybridIdentity()
	check(err)

	parts := [][]byte{g.Marshal()}
	bodies := []ledger.Body{g.Entry().Body}
	for i := range reports {
		lines, err := seal.Commit(incident.FieldNames(), map[string][]byte{"narrative": fmt.Appendf(nil, `"report %d"`, i), "consent": []byte(`["store"]`)})
		check(err)
		items, identity := seal.Split(lines, nil)
		st := &seal.StatementPart{Act: "report", Received: tick.Add(time.Duration(i) * time.Second), Mailbox: box.Recipient().String(), Tags: [32]byte{1}, Items: items}
		said, err := st.Marshal()
		check(err)
		who, err := identity.Marshal()
		check(err)
		signal, err := seal.SignalPart{Act: "report"}.Marshal()
		check(err)
		b := ledger.Body{Kind: ledger.KindReport, Commitments: seal.ListingOf(lines).Hash()}
		for _, p := range []struct {
			kind    seal.Kind
			to      *seal.Recipients
			content []byte
		}{{seal.Signal, alone, signal}, {seal.Statement, alone, said}, {seal.Identity, two, who}} {
			var out bytes.Buffer
			_, err := seal.Seal(&out, p.kind, p.to, bytes.NewReader(p.content))
			check(err)
			parts = append(parts, out.Bytes())
			b.Parts = append(b.Parts, ledger.Part{Kind: string(p.kind), Hash: ledger.Sum(out.Bytes()), Size: int64(out.Len())})
		}
		bodies = append(bodies, b)
	}
	var hashes hashList
	var entries [][]byte
	var last ledger.Hash
	for i, b := range bodies {
		e := ledger.Entry{Origin: vaulttest.Origin, Index: uint64(i), Previous: last, Body: b}
		last = e.LeafHash()
		more, err := ledger.StoredHashes(e.Index, last, hashes)
		check(err)
		for _, m := range more {
			hashes = append(hashes, tlog.Hash(m))
		}
		entries = append(entries, e.Marshal())
	}
	root, err := ledger.RootAt(uint64(len(entries)), hashes)
	check(err)
	note, err := log.SignCheckpoint(ledger.Checkpoint{Origin: vaulttest.Origin, Size: uint64(len(entries)), Root: root, Time: tick})
	check(err)
	var out bytes.Buffer
	w, err := carry.NewWriter(&out, carry.Header{Origin: vaulttest.Origin, Genesis: ledger.LeafHash(entries[0]), Size: uint64(len(entries))})
	check(err)
	check(w.Checkpoint(note))
	for _, e := range entries {
		check(w.Entry(e))
	}
	for _, p := range parts {
		check(w.Part(ledger.Sum(p), bytes.NewReader(p)))
	}
	check(w.Close())
	return generated{out.Bytes(), parts[2], reports}
})

type hashList []tlog.Hash

func (h hashList) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, n := range indexes {
		out[i] = h[n]
	}
	return out, nil
}

func benchVault(b *testing.B, dir string) *vault.Vault {
	b.Helper()
	v, err := vault.Open(dir, vault.Options{Create: true, Now: time.Now, Tool: "bench", Warn: func(string, ...any) {}})
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// BenchmarkImport takes in 1,000 reports without a key, and with one whose stanzas and shares are tried. The
// measure is SHA-256 over the same bytes on one core.
func BenchmarkImport(b *testing.B) {
	g := generate()
	b.Run("sha256", func(b *testing.B) {
		b.SetBytes(int64(len(g.file)))
		for b.Loop() {
			sha256.Sum256(g.file)
		}
	})
	anna := vaulttest.Key(vaulttest.Identity(b, "anna"))
	for name, opts := range map[string]vault.ImportOptions{"public": {}, "own": {Key: &anna}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(g.file)))
			for b.Loop() {
				v := benchVault(b, filepath.Join(b.TempDir(), "vault"))
				if _, err := v.Import(b.Context(), bytes.NewReader(g.file), opts); err != nil {
					b.Fatal(err)
				}
				v.Close()
			}
			b.ReportMetric(float64(b.N*g.reports)/b.Elapsed().Seconds(), "reports/s")
		})
	}
}

// BenchmarkOpenStatements opens 1,000 statements on all cores. The measure is age's own unwrapping of as many
// headers, on all cores, and nothing else.
func BenchmarkOpenStatements(b *testing.B) {
	g := generate()
	anna := vaulttest.Identity(b, "anna")
	header, err := seal.Header(bytes.NewReader(g.statement))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("age", func(b *testing.B) {
		for b.Loop() {
			var workers sync.WaitGroup
			n := runtime.GOMAXPROCS(0)
			for range n {
				workers.Go(func() {
					for range g.reports / n {
						if _, err := age.DecryptHeader(header, anna.Age); err != nil {
							panic(err)
						}
					}
				})
			}
			workers.Wait()
		}
		b.ReportMetric(float64(b.N*g.reports)/b.Elapsed().Seconds(), "reports/s")
	})
	dir := filepath.Join(b.TempDir(), "vault")
	v := benchVault(b, dir)
	if _, err := v.Import(b.Context(), bytes.NewReader(g.file), vault.ImportOptions{}); err != nil {
		b.Fatal(err)
	}
	v.Close()
	b.Run("vault", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			v := benchVault(b, dir)
			forget(b, dir)
			if err := v.Use(vaulttest.Key(anna)); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			cases, err := v.Sort(b.Context(), func(int, int) {})
			if err != nil || len(cases.List) != g.reports {
				b.Fatal(err)
			}
			v.Close()
		}
		b.ReportMetric(float64(b.N*g.reports)/b.Elapsed().Seconds(), "reports/s")
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			v := benchVault(b, dir)
			if err := v.Use(vaulttest.Key(anna)); err != nil {
				b.Fatal(err)
			}
			if _, err := v.Sort(b.Context(), func(int, int) {}); err != nil {
				b.Fatal(err)
			}
			v.Close()
		}
		b.ReportMetric(float64(b.N*g.reports)/b.Elapsed().Seconds(), "reports/s")
	})
}

// forget takes the index away, so that every statement is opened anew.
func forget(b *testing.B, dir string) {
	b.Helper()
	if err := os.Remove(filepath.Join(dir, "index")); err != nil && !errors.Is(err, os.ErrNotExist) {
		b.Fatal(err)
	}
}
