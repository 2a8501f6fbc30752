package store

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
)

// sizedStore is a ledger whose slots have a size.
func sizedStore(t testing.TB, size int, c *clock) *Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ledger")
	g := ledgertest.Genesis()
	g.Rules, g.SlotSize = ledger.Rules2, size
	if _, err := Create(dir, g, ledgertest.Key(1), c.now()); err != nil {
		t.Fatal(err)
	}
	return open(t, dir, Config{Slot: day, Now: c.now, Verb: "a test"})
}

// A slot with nothing, something, or three quarters of its size waiting has its size, no more and no less.
func TestSlotsHaveTheSizeOfTheGenesis(t *testing.T) {
	shorttest.Skip(t, "slots of each size are not compared")
	c := newClock()
	s := sizedStore(t, 64, c)
	for _, n := range []int{0, 1, 31, 48} {
		before := s.Size()
		for range n {
			submit(t, s, words(s))
		}
		c.forward(day)
		sequence(t, s)
		if got := s.Size() - before; got != 64 {
			t.Errorf("%d that waited: %d entries, want 64", n, got)
		}
	}
	before := s.Size()
	for range 65 {
		submit(t, s, words(s))
	}
	c.forward(day)
	sequence(t, s)
	if got := s.Size() - before; got != 128 {
		t.Errorf("65 that waited: %d entries, want 128", got)
	}
	closeAndCheck(t, s)
}

// A ledger whose genesis gives no size keeps its multiples of 32.
func TestSlotsWithoutASize(t *testing.T) {
	for waiting, want := range map[int]int{0: 32, 1: 32, 32: 32, 33: 64} {
		if got, err := slotTotal(0, waiting, 0); err != nil || got != want {
			t.Errorf("%d: %d, want %d (%v)", waiting, got, want, err)
		}
	}
}

func TestSlotTotal(t *testing.T) {
	last := math.Nextafter(1, 0)
	for _, tt := range []struct {
		size, count int
		u           float64
		want        int
	}{
		{256, 0, 0, 256}, {256, 0, last, 256}, {256, 192, last, 256}, {256, 193, last, 512}, {256, 193, 0, 256},
		{256, 256, 0, 256}, {256, 256, 0.1, 512}, {256, 257, 0, 512}, {256, 512, last, 768},
		{1, 0, last, 1}, {1, 5, last, 5}, {3, 3, last, 3}, {8, 6, last, 8}, {8, 7, last, 16},
	} {
		if got := SlotTotal(tt.size, tt.count, tt.u); got != tt.want {
			t.Errorf("size %d, %d that count, %v: %d, want %d", tt.size, tt.count, tt.u, got, tt.want)
		}
	}
}

// prober sends so many reports of its own each day, sees how many entries the slot gets, and learns so many bits
// a day: of whether anybody else sent a report, and of how many. total is the rule for a slot; others' reports come as a Poisson process.
func prober(random *rand.Rand, days, own int, rate float64, total func(count int, u float64) int) (whether, howMany float64) {
	joint := map[[2]int]float64{}
	for range days {
		others := poisson(random, rate)
		joint[[2]int{others, total(own+others, random.Float64())}]++
	}
	for k := range joint {
		joint[k] /= float64(days)
	}
	merged := map[[2]int]float64{}
	for k, p := range joint {
		merged[[2]int{min(k[0], 1), k[1]}] += p
	}
	return information(merged), information(joint)
}

// information is the mutual information of two variables in bits.
func information(joint map[[2]int]float64) (bits float64) {
	x, y := map[int]float64{}, map[int]float64{}
	for k, p := range joint {
		x[k[0]] += p
		y[k[1]] += p
	}
	for k, p := range joint {
		bits += p * math.Log2(p/(x[k[0]]*y[k[1]]))
	}
	return bits
}

func poisson(random *rand.Rand, rate float64) (n int) {
	for p := random.Float64(); p > math.Exp(-rate); p *= random.Float64() {
		n++
	}
	return n
}

func multipleOf32(count int, _ float64) int { return roundUp(count, earlierMultiple) }

func sized(size int) func(int, float64) int {
	return func(count int, u float64) int { return SlotTotal(size, count, u) }
}

// The prober of a ledger from before learns nearly all that there is to learn; with a slot size, the best choice of
// reports of one's own is worth 0.02 bits a day, and one who sends few learns nothing.
func TestWhatAProberLearns(t *testing.T) {
	shorttest.Skip(t, "what a prober learns is not compared")
	random := rand.New(rand.NewPCG(1, 2))
	const days, rate = 2000, 1
	if whether, _ := prober(random, days, 32, rate, multipleOf32); whether < 0.9 {
		t.Errorf("multiples of 32: %.3f bits, want nearly 1", whether)
	}
	for own := 150; own <= 300; own++ {
		whether, howMany := prober(random, days, own, rate, sized(256))
		if own <= 180 && howMany > 1e-9 {
			t.Errorf("who sends %d learns %.3f bits of how many, want 0", own, howMany)
		}
		if whether > 0.06 {
			t.Errorf("who sends %d learns %.3f bits of whether anybody wrote", own, whether)
		}
	}
}

// BenchmarkProber measures over 10,000 days what a prober learns, for docs/slots.md:
//
//	go test ./store -run none -bench Prober -benchtime 1x
func BenchmarkProber(b *testing.B) {
	const days = 10_000
	rules := []struct {
		name  string
		own   []int
		total func(int, float64) int
	}{
		{"multiple of 32", []int{24, 31, 32}, multipleOf32},
		{"size 256", []int{0, 128, 192, 200, 224, 240, 248, 252, 256, 257}, sized(256)},
		{"size 64", []int{48, 56, 60, 64}, sized(64)},
		{"size 1024", []int{768, 896, 992, 1024}, sized(1024)},
	}
	for _, rule := range rules {
		for _, own := range rule.own {
			b.Run(fmt.Sprintf("%s/own=%d", rule.name, own), func(b *testing.B) {
				var whether, howMany float64
				for b.Loop() {
					whether, howMany = prober(rand.New(rand.NewPCG(1, uint64(own))), days, own, 1, rule.total)
				}
				b.ReportMetric(whether, "bits-whether/day")
				b.ReportMetric(howMany, "bits-how-many/day")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// Where the parts of a slot lie in ledger.db says nothing of the order in which they came.
func TestPagesSayNothingOfTheOrderOfArrival(t *testing.T) {
	shorttest.Skip(t, "pages of the database are not compared between orders of arrival")
	c := newClock()
	s := sizedStore(t, 64, c)
	parts := submitParts(t, s)
	c.forward(day)
	sequence(t, s)
	right, all := orderShown(t, s, parts)
	if right < all*3/10 || right > all*7/10 { // a random order: half of 780 pairs, give or take 43
		t.Errorf("of %d pairs the pages give the order of %d", all, right)
	}
	if owesCompaction(s) {
		t.Error("a compaction is still owed")
	}
	if still, err := s.Erasing(); err != nil || still {
		t.Errorf("it says that an erasure is owed: %v", err)
	}
	if err := s.Sequence(context.Background()); err != nil || owesCompaction(s) {
		t.Errorf("after a slot of fillers a compaction is owed (%v)", err)
	}
	closeAndCheck(t, s)
}

func owesCompaction(s *Store) bool {
	erased, arrived := s.compactDue()
	return erased || arrived
}

// orderShown is how many of all pairs of parts stand in ledger.db in their order.
func orderShown(t testing.TB, s *Store, parts [][]byte) (right, all int) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(s.dir, dbName))
	if err != nil {
		t.Fatal(err)
	}
	var offsets []int
	for i, part := range parts {
		if n := bytes.Count(file, part[:1000]); n != 1 {
			t.Fatalf("part %d stands in the file %d times", i, n)
		}
		offsets = append(offsets, bytes.Index(file, part[:1000]))
	}
	for i := range offsets {
		for j := range i {
			all++
			if offsets[j] < offsets[i] {
				right++
			}
		}
	}
	return right, all
}

// submitParts submits reports with statements of a real size, and returns those.
func submitParts(t testing.TB, s *Store) (parts [][]byte) {
	t.Helper()
	for range 40 {
		sub := wordsOf(s, 67000) // what a sealed statement has
		submit(t, s, sub)
		parts = append(parts, sub.Small[1])
	}
	return parts
}

// The process ends between a slot's commit and its compaction, and in the middle of
// one: the next opening compacts, and nothing is lost.
func TestCompactionCutOff(t *testing.T) {
	shorttest.Skip(t, "not tested: a compaction that a crash interrupts")
	c := newClock()
	s := sizedStore(t, 64, c)
	parts := submitParts(t, s)
	c.forward(day)
	err := s.ask(t.Context(), &request{act: func() error {
		_, err := s.commitEntries(nil, s.sequenceWaiting)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if right, all := orderShown(t, s, parts); right < all*9/10 {
		t.Errorf("of %d pairs the pages give the order of %d, and should of all: then why compact?", all, right)
	}
	if !owesCompaction(s) {
		t.Error("no compaction is owed")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(s.dir, dbName))
	if err != nil {
		t.Fatal(err)
	}
	aside := filepath.Join(s.dir, dbName+".new")
	if err := os.WriteFile(aside, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, s.dir, Config{Slot: day, Now: c.now})
	if exists(aside) {
		t.Error("the half copy is still there")
	}
	if right, all := orderShown(t, s, parts); right < all*3/10 || right > all*7/10 {
		t.Errorf("after opening the pages give the order of %d of %d pairs", right, all)
	}
	if owesCompaction(s) {
		t.Error("after opening a compaction is still owed")
	}
	closeAndCheck(t, s)
}

// A long export, which holds a snapshot, does not keep a slot's compaction, and with it all submissions, waiting.
func TestASnapshotHoldsUpNoSubmission(t *testing.T) {
	c := newClock()
	s := sizedStore(t, 64, c)
	submit(t, s, words(s))
	err := s.Snapshot(func(n *Snapshot) error {
		c.forward(day)
		done := make(chan error, 1)
		go func() {
			err := s.Sequence(t.Context())
			if err == nil {
				_, err = s.Submit(t.Context(), words(s))
			}
			done <- err
		}()
		select {
		case err := <-done:
			if err != nil {
				return err
			}
		case <-time.After(time.Minute):
			t.Error("a slot waits for the snapshot")
		}
		if count := n.WaitingCount(); count != 1 || n.Size() != 1 {
			t.Errorf("the snapshot has %d that wait, and %d entries", count, n.Size())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	closeAndCheck(t, s)
}

// BenchmarkSlotOfFillers measures what a year of empty slots costs: bytes of ledger.db for each slot, and time.
func BenchmarkSlotOfFillers(b *testing.B) {
	for _, size := range []int{32, 64, 256, 1024} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c := newClock()
			s := sizedStore(b, size, c)
			before, err := os.Stat(filepath.Join(s.dir, dbName))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				c.forward(day)
				sequence(b, s)
			}
			after, err := os.Stat(filepath.Join(s.dir, dbName))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(after.Size()-before.Size())/float64(b.N), "bytes/slot")
		})
	}
}
