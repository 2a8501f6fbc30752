//go:build unix

package casework_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/bench/measure"
	"zapis/internal/bench/sample"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

var (
	manyReports = flag.Int("vault.reports", 500, "how many reports the ledger of the benchmark has; 10000 for docs/performance.md")
	rounds      = flag.Int("vault.rounds", 3, "how often the benchmark goes over it; the medians count")
)

// BenchmarkAtSize takes in a ledger of many reports, then a hundred more, lists what is in it, and lists it
// again. Before each step it does, on as many cores and with the same bytes, what no way of doing it could
// leave out, and compares:
//
//	import  age's unwrapping of the owner's stanza or share of every part, and SHA-256 of the carry file
//	list    age.Decrypt of every statement to its end, and SHA-256 of its ciphertext, which are both prescribed
//	unwrap  of that, age's unwrapping of the statements' headers alone
//	again   age.Decrypt of the index, and SHA-256 of the entries
//
// All ratios are limit to ours. list can pass 1: a statement is one full chunk, which age.Decrypt opens twice, and package seal once.
// list-cpu-of-limit compares the processor time of the two, which other work on the machine disturbs less.
func BenchmarkAtSize(b *testing.B) {
	m := newMany(b, *manyReports)
	last := m.grow(b, hundred)
	took := make(map[string][]float64)
	for b.Loop() {
		for range *rounds {
			for name, d := range m.round(b, last) {
				took[name] = append(took[name], d.Seconds())
			}
		}
	}
	median := func(name string) float64 {
		slices.Sort(took[name])
		return took[name][len(took[name])/2]
	}
	for _, ours := range []string{"import", "more", "list", "again"} {
		b.ReportMetric(1000*median(ours), ours+"-ms")
		b.ReportMetric(1000*median(ours+"-cpu"), ours+"-cpu-ms")
	}
	b.ReportMetric(median("limit-import")/median("import"), "import-of-limit")
	b.ReportMetric(median("limit-more")/median("more"), "more-of-limit")
	b.ReportMetric(median("limit-list")/median("list"), "list-of-limit")
	b.ReportMetric(median("limit-list-cpu")/median("list-cpu"), "list-cpu-of-limit")
	b.ReportMetric(median("limit-unwrap")/median("list"), "list-of-unwrap")
	b.ReportMetric(median("limit-again")/median("again"), "again-of-limit")
	b.ReportMetric(float64(m.reports), "reports")
	b.ReportMetric(0, "ns/op")
}

// many is a ledger of many reports and its two carry files: all, and a hundred more.
type many struct {
	*sample.Ledger
	dir     string
	reports int
	first   uint64 // entries in the first file
	anna    vault.Key
}

// hundred is what an import of a few weeks brings, bulk what makes segments.
const (
	hundred = 100
	bulk    = 250
)

func newMany(t testing.TB, reports int) *many {
	t.Helper()
	m := &many{dir: t.TempDir(), reports: reports, anna: vaulttest.Key(vaulttest.Identity(t, "anna"))}
	// The owner is the last of three: age alone tries the others' stanzas before.
	cards := []card.Card{vaulttest.Identity(t, "boris").Card, vaulttest.Identity(t, "vera").Card, m.anna.Card}
	spool, err := os.Create(filepath.Join(m.dir, "spool"))
	ok(t, err)
	t.Cleanup(func() { spool.Close() })
	m.Ledger, err = sample.New(spool, cards)
	ok(t, err)
	ok(t, m.Grow(t.Context(), reports, func(int) {}))
	m.first = m.Size()
	m.write(t, "carry", 0)
	return m
}

// grow adds so many reports and the second file, and returns its name.
func (m *many) grow(t testing.TB, reports int) string {
	t.Helper()
	ok(t, m.Grow(t.Context(), reports, func(int) {}))
	return m.write(t, "more", m.first)
}

func (m *many) write(t testing.TB, name string, since uint64) string {
	t.Helper()
	name = filepath.Join(m.dir, name)
	f, err := os.Create(name)
	ok(t, err)
	w := bufio.NewWriterSize(f, 1<<20)
	ok(t, m.Carry(w, since))
	ok(t, w.Flush())
	ok(t, f.Close())
	return name
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func benchVault(t testing.TB, dir string) *casework.Trustee {
	t.Helper()
	v, err := casework.Open(dir, vault.Options{Create: true, Now: time.Now, Tool: "bench", Warn: func(string, ...any) {}})
	ok(t, err)
	return v
}

func (m *many) take(t testing.TB, v *casework.Trustee, name string) {
	t.Helper()
	f, err := os.Open(name)
	ok(t, err)
	defer f.Close()
	done, err := v.Import(t.Context(), f, vault.ImportOptions{Key: &m.anna})
	ok(t, err)
	if len(done.Mismatches) > 0 {
		t.Fatal(done.Mismatches)
	}
}

// round is every step once, each after its limit, in a vault of its own.
func (m *many) round(t testing.TB, more string) map[string]time.Duration {
	took := make(map[string]time.Duration)
	clock := func(name string, do func()) {
		runtime.GC()
		start, cpu := time.Now(), measure.CPU()
		do()
		took[name], took[name+"-cpu"] = time.Since(start), measure.CPU()-cpu
	}
	dir := filepath.Join(t.TempDir(), "vault")
	defer os.RemoveAll(dir)
	all, added := m.Parts(), m.Parts()
	at := slices.IndexFunc(all, func(p sample.Part) bool { return p.Index == m.first })
	all, added = all[:at], added[at:]
	statements := slices.DeleteFunc(slices.Clone(all), func(p sample.Part) bool { return p.Kind != ledger.PartStatement })

	clock("limit-import", func() { m.unwrapOwn(t, all); sum(t, filepath.Join(m.dir, "carry")) })
	v := benchVault(t, dir)
	defer func() { v.Close() }()
	clock("import", func() { m.take(t, v, filepath.Join(m.dir, "carry")) })

	clock("limit-unwrap", func() { m.unwrap(t, statements) })
	clock("limit-list", func() { m.decrypt(t, statements) })
	clock("list", func() { m.list(t, v, m.reports) })

	clock("limit-more", func() { m.unwrapOwn(t, added); sum(t, more) })
	clock("more", func() { m.take(t, v, more) })
	m.list(t, v, m.reports+hundred)
	ok(t, v.Close())

	clock("limit-again", func() { m.index(t, dir) })
	clock("again", func() {
		v = benchVault(t, dir)
		ok(t, v.Use(m.anna))
		m.list(t, v, m.reports+hundred)
	})
	return took
}

func (m *many) list(t testing.TB, v *casework.Trustee, want int) {
	t.Helper()
	cases, err := v.Sort(t.Context(), func(int, int) {})
	ok(t, err)
	if len(cases.List) != want || len(cases.Problems) > 0 {
		t.Fatalf("%d cases, and there must be %d; %v", len(cases.List), want, cases.Problems)
	}
}

// each has all cores work through the parts.
func (m *many) each(t testing.TB, parts []sample.Part, do func(p sample.Part, file []byte) error) {
	t.Helper()
	next := make(chan sample.Part, 64)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			var buf []byte
			for p := range next {
				file, err := m.Read(p, buf)
				if buf = file; err == nil {
					err = do(p, file)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, p := range parts {
		next <- p
	}
	close(next)
	workers.Wait()
}

// own shows an age identity only the stanza that is its own: the last.
type own struct{ age.Identity }

func (o own) Unwrap(s []*age.Stanza) ([]byte, error) { return o.Identity.Unwrap(s[len(s)-1:]) }

func (m *many) unwrap(t testing.TB, parts []sample.Part) {
	t.Helper()
	m.each(t, parts, func(p sample.Part, file []byte) error {
		header, err := age.ExtractHeader(bytes.NewReader(file[:min(len(file), 32<<10)]))
		if err == nil {
			_, err = age.DecryptHeader(header, own{m.anna.Age})
		}
		return err
	})
}

func (m *many) unwrapOwn(t testing.TB, parts []sample.Part) {
	t.Helper()
	m.each(t, parts, func(p sample.Part, file []byte) error {
		if p.Kind == ledger.PartBody {
			return nil
		}
		header, err := age.ExtractHeader(bytes.NewReader(file))
		if err != nil {
			return err
		}
		if p.Kind == ledger.PartIdentity {
			_, err = seal.OpenShare(bytes.NewReader(header), 3, m.anna.Age)
		} else {
			_, err = age.DecryptHeader(header, own{m.anna.Age})
		}
		return err
	})
}

func (m *many) decrypt(t testing.TB, parts []sample.Part) {
	t.Helper()
	m.each(t, parts, func(p sample.Part, file []byte) error {
		sha256.Sum256(file)
		r, err := age.Decrypt(bytes.NewReader(file), own{m.anna.Age})
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		return err
	})
}

// index does what listing from the index can't be done without.
func (m *many) index(t testing.TB, dir string) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, "index"))
	ok(t, err)
	r, err := age.Decrypt(bytes.NewReader(file), m.anna.Age)
	ok(t, err)
	_, err = io.Copy(io.Discard, r)
	ok(t, err)
	folders, err := filepath.Glob(filepath.Join(dir, "imports", "*", "entries"))
	ok(t, err)
	for _, f := range folders {
		sum(t, f)
	}
}

// sum hashes a file on one core.
func sum(t testing.TB, name string) {
	t.Helper()
	f, err := os.Open(name)
	ok(t, err)
	defer f.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{sha256.New()}, struct{ io.Reader }{f}, make([]byte, 1<<20))
	ok(t, err)
}
