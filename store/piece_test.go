package store

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/store/blob"
	"zapis/store/kv"
)

// Every attachment belongs to one piece, and the pieces are about equally large.
func TestPiecesAreAPartition(t *testing.T) {
	shorttest.Skip(t, "not tested: a check in pieces")
	for _, of := range []int{1, 2, 3, 7, 30, 256} {
		sizes := make([]int, of)
		for prefix := range 1 << 16 {
			var h ledger.Hash
			binary.BigEndian.PutUint16(h[:], uint16(prefix))
			in := 0
			for n := 1; n <= of; n++ {
				has := (Piece{n, of}).has(h)
				if has {
					in++
					sizes[n-1]++
				}
				if (Piece{n, of}).keys().Has(h[:]) != has {
					t.Fatalf("of %d: whether %04x is in piece %d depends on the way to ask", of, prefix, n)
				}
			}
			if in != 1 {
				t.Fatalf("of %d: %04x is in %d pieces", of, prefix, in)
			}
		}
		if least, most := slices.Min(sizes), slices.Max(sizes); most-least > 1 {
			t.Errorf("of %d: pieces of %d to %d prefixes", of, least, most)
		}
	}
	for _, p := range []Piece{{0, 1}, {2, 1}, {1, 0}, {1, MaxPieces + 1}, {-1, 3}} {
		if err := p.check(); exit.StatusOf(err) != exit.Usage || err.Error() != fmt.Sprintf("attachments are verified in 1 to 1000 pieces, and not in piece %d of %d", p.Number, p.Of) {
			t.Errorf("%v: %v", p, err)
		}
	}
}

// Each piece reads its own attachments, and no others; that one is missing every piece finds.
func TestCheckOfAPiece(t *testing.T) {
	shorttest.Skip(t, "not tested: the check of one piece")
	s := newStore(t, day, newClock())
	const of = 3
	var damaged, missing ledger.Hash
	for range 12 {
		sub := report(t, s, 3000)
		if _, err := s.Submit(t.Context(), sub); err != nil {
			t.Fatal(err)
		}
		damaged, missing = missing, sub.Body.Parts[3].Hash
	}
	check := func(p Piece) (faults []string, total int64) {
		t.Helper()
		found, err := s.CheckPiece(t.Context(), p, func(_, of int64) { total = of })
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			faults = append(faults, f.String())
		}
		return faults, total
	}
	_, whole := check(Piece{1, 1})
	var sum int64
	for n := 1; n <= of; n++ {
		faults, total := check(Piece{n, of})
		if len(faults) > 0 {
			t.Errorf("piece %d of a whole ledger: %q", n, faults)
		}
		sum += whole - total
	}
	if cluster != nil {
		return // its size changes by itself, and the rest turns bytes in files
	}
	if sum != (of-1)*12*3000 {
		t.Errorf("the pieces leave out %d bytes, want %d", sum, (of-1)*12*3000)
	}
	for _, h := range []ledger.Hash{damaged, missing} {
		path := s.parts.Where(blob.Hash(h))
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.WriteFile(path, whole, 0o600) }) // newStore checks the folder at the end
	}
	if err := os.WriteFile(s.parts.Where(blob.Hash(damaged)), random(3000), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.parts.Where(blob.Hash(missing))); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= of; n++ {
		want := []string{"attachment " + missing.String() + ": its file is missing"}
		if (Piece{n, of}).has(damaged) {
			want = append(want, "attachment "+damaged.String()+": its file has the hash ")
		}
		faults, _ := check(Piece{n, of})
		for _, text := range want {
			if !slices.ContainsFunc(faults, func(f string) bool { return strings.HasPrefix(f, text) }) {
				t.Errorf("piece %d: %q, want %q", n, faults, text)
			}
		}
		if len(faults) != len(want) {
			t.Errorf("piece %d: %q, want %q", n, faults, want)
		}
	}
}

// mostPerEntry is the most bytes of memory that a check keeps for an entry of one part, however large the ledger is: 40 for
// the part, 24 for its place in the index of bodies, and what lists keep free as they grow.
const mostPerEntry = 130

// What a check keeps in memory grows by so much with each entry, and not with what its parts hold; and no more once lists are
// kept for so many entries at a time.
func TestCheckMemory(t *testing.T) {
	shorttest.Skip(t, "the memory of a check is not measured")
	if cluster != nil {
		return // the memory is the same, and making the ledger takes longer
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) // four workers
	dir, c := newFolder(t), newClock()
	few, _, size := memoryOfCheck(t, dir, c, 1000)
	many, bounded, larger := memoryOfCheck(t, dir, c, 20_000)
	grown := (many - few) / int64(larger-size)
	t.Logf("%d entries: %d bytes; %d bytes for each of %d more", size, few, grown, larger-size)
	if grown > mostPerEntry {
		t.Errorf("%d bytes for each entry", grown)
	}
	t.Logf("for %d entries at a time: %d bytes", fewAtOnce, bounded)
	if most := few + fewAtOnce*mostPerEntry + 4*128<<10; bounded > most { // and what the workers read into
		t.Errorf("for %d entries at a time: %d bytes, and at most %d are wanted", fewAtOnce, bounded, most)
	}
}

// fewAtOnce is for how many entries TestCheckMemory has lists kept at a time.
const fewAtOnce = 2500

// memoryOfCheck adds a slot of fillers to a ledger, and returns how many bytes a check of it has in use at the end of its lists,
// how many where they are for fewAtOnce entries, the most of all shares, and how many entries there are.
func memoryOfCheck(t *testing.T, dir string, c *clock, more int) (bytes, bounded int64, size uint64) {
	t.Helper()
	s, err := openTest(dir, Config{Slot: day, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	c.forward(day)
	err = s.ask(t.Context(), &request{act: func() error {
		return s.advance(nil, func(tx kv.Tx, at *tip) (*growth, error) {
			g := &growth{first: at.size, authority: s.authority}
			all, err := s.fillUp(tx, nil, more)
			for _, w := range all {
				err = exit.First(err, s.grow(tx, at, g, w.body, w.text, w.hash))
			}
			g.released.Time = s.checkpointTime(time.Time{})
			return g, err
		})
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = OpenReadOnly(dir); err != nil { // nothing else goes on in it
		t.Fatal(err)
	}
	defer s.Close()
	inUse := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what pools keep is gone after two
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	most := func() (most int64) {
		before := inUse()
		s.checkedShare = func() { most = max(most, inUse()-before) }
		if faults, err := s.Check(t.Context(), nil); err != nil || len(faults) > 0 || most == 0 {
			t.Fatal(faults, err, most)
		}
		return most
	}
	bytes = most()
	s.checkAtOnce = fewAtOnce
	return bytes, most(), s.Size()
}
