package store

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
)

const day = 24 * time.Hour

// start is when the tests' ledgers are made: some time before the first slot.
var start = time.Date(2026, 11, 21, 20, 47, 45, 0, time.UTC)

// clock is a clock that stands where it is put.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: start} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

func (c *clock) forward(d time.Duration) { c.set(c.now().Add(d)) }

// newFolder makes a ledger.
func newFolder(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ledger")
	makeLedger(t, dir)
	return dir
}

func makeLedger(t testing.TB, dir string) {
	t.Helper()
	card, err := createTest(dir, ledgertest.Genesis(), ledgertest.Key(1), start)
	if err != nil {
		t.Fatal(err)
	}
	if want := ledgertest.Genesis().Card(); card != want {
		t.Fatalf("card %s, want %s", card, want)
	}
}

// open opens a ledger, and checks the whole of it when the test is over.
func open(t testing.TB, dir string, c Config) *Store {
	t.Helper()
	s, err := openTest(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAndCheck(t, s) })
	return s
}

// newStore makes a ledger and opens it.
func newStore(t testing.TB, slot time.Duration, c *clock) *Store {
	t.Helper()
	return open(t, newFolder(t), Config{Slot: slot, Now: c.now, Verb: "a test"})
}

// closeAndCheck closes a ledger and verifies all of it.
func closeAndCheck(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	checkFolder(t, s.dir)
}

// random returns bytes like a ciphertext's.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// report makes a report whose parts are random bytes, with its attachments kept.
func report(t testing.TB, s *Store, sizes ...int) Submission {
	t.Helper()
	sub := words(s)
	for _, n := range sizes {
		sub.Body.Parts = append(sub.Body.Parts, attach(t, s, random(n)))
	}
	return sub
}

// words makes a report without attachments.
func words(s *Store) Submission { return wordsOf(s, 1500) }

// wordsOf makes one whose statement has this many bytes.
func wordsOf(s *Store, statement int) Submission {
	sub := Submission{Body: ledger.Body{Kind: ledger.KindReport, Commitments: ledger.Sum(random(32))}}
	sub.Body.Trustees, _ = s.SetInForce()
	for _, kind := range []string{ledger.PartSignal, ledger.PartStatement, ledger.PartIdentity} {
		part := random(1500)
		if kind == ledger.PartStatement {
			part = random(statement)
		}
		sub.Small = append(sub.Small, part)
		sub.Body.Parts = append(sub.Body.Parts, ledger.Part{Kind: kind, Hash: ledger.Sum(part), Size: int64(len(part))})
	}
	rand.Read(sub.Locator.Name[:])
	sub.Locator.Box = random(120)
	return sub
}

func attach(t testing.TB, s *Store, content []byte) ledger.Part {
	t.Helper()
	w, err := s.NewPart()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	part, err := w.Keep(ledger.Sum(content))
	if err != nil {
		t.Fatal(err)
	}
	return part
}

func submit(t testing.TB, s *Store, sub Submission) ledger.Promise {
	t.Helper()
	file, err := s.Submit(context.Background(), sub)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Verifier().OpenPromise(file)
	if err != nil {
		t.Fatal(err)
	}
	if p.Body != sub.Body.Hash() {
		t.Fatalf("body %s was promised, and %s was submitted", p.Body, sub.Body.Hash())
	}
	return p
}

func sequence(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Sequence(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// wants fails unless err is of this class and says so in these words.
func wants(t testing.TB, err error, class error, text string) {
	t.Helper()
	if err == nil || class != nil && !errors.Is(err, class) {
		t.Errorf("error %v, want one of the class %v", err, class)
	} else if err.Error() != text {
		t.Errorf("error text\n\t%s\nwant\n\t%s", err, text)
	}
}
