package publish

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/crypto/ledger/ledgertest"
	"zapis/internal/shorttest"
	"zapis/store"
)

// everything is all that the world can fetch of a ledger, headers too.
func everything(t *testing.T, url string, size uint64) []byte {
	t.Helper()
	var all bytes.Buffer
	fetch := func(path string) {
		r, body := get(t, url+path)
		r.Header.Del("Date")
		fmt.Fprintf(&all, "%s %s %v %x\n", path, r.Status, r.Header, body)
	}
	fetch("/checkpoint")
	for level := range 2 {
		for n := range size>>8 + 2 {
			fetch(tile{level, n, 256}.path())
			for w := 1; w < 256; w += 5 {
				fetch(tile{level, n, w}.path())
			}
		}
	}
	return all.Bytes()
}

// TestProbing submits every minute, and fetches everything that is public
// after each, on a day on which others submit too, and on one without other
// submissions. Until the slot nothing public changes; after it the two days
// differ by 32 entries at most where the others were fewer than that, and a
// tile contains only hashes.
func TestProbing(t *testing.T) {
	shorttest.Skip(t, "two days of probing are not compared")
	grew := make(map[int]uint64)
	for _, others := range []int{0, 7, 27, 28} {
		var mu sync.Mutex
		now := ledgertest.Slot
		dir := filepath.Join(t.TempDir(), "ledger")
		if _, err := store.Create(dir, ledgertest.Genesis(), ledgertest.Key(1), now); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(dir, store.Config{Slot: 24 * time.Hour, Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Sequence(context.Background()); err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewServer(Handler(s))
		size := s.Size()
		before := everything(t, srv.URL, size)
		const probes = 60 * 3
		left := others
		var own []ledger.Hash
		for minute := range probes {
			mu.Lock()
			now = now.Add(time.Minute)
			mu.Unlock()
			sub := submission(s)
			file, err := s.Submit(t.Context(), sub)
			if err != nil {
				t.Fatal(err)
			}
			p, err := s.Verifier().OpenPromise(file)
			if err != nil {
				t.Fatal(err)
			}
			if want := ledgertest.Slot.Add(24 * time.Hour); !p.Slot.Equal(want) && !p.Slot.Equal(want.Add(24*time.Hour)) {
				t.Errorf("promised for %s", p.Slot)
			}
			own = append(own, p.Body)
			if left > 0 && (rand.IntN(3) == 0 || probes-minute <= left) {
				left--
				if _, err := s.Submit(t.Context(), submission(s)); err != nil {
					t.Fatal(err)
				}
			}
			if minute%20 == 0 {
				if got := everything(t, srv.URL, size); !bytes.Equal(got, before) {
					t.Fatalf("minute %d: what is public has changed before the slot", minute)
				}
			}
		}
		mu.Lock()
		now = ledgertest.Slot.Add(48 * time.Hour)
		mu.Unlock()
		if err := s.Sequence(context.Background()); err != nil {
			t.Fatal(err)
		}
		grew[others] = s.Size() - size

		// The prober finds their own, and learns how the rest is spread: not at all.
		for _, body := range own {
			if _, err := s.Find(body); err != nil {
				t.Fatal(err)
			}
		}
		inOrder := true
		for i, body := range own[1:] {
			a, _ := s.Find(own[i])
			b, _ := s.Find(body)
			inOrder = inOrder && a < b
		}
		if inOrder {
			t.Error("the entries stand in the order in which they came")
		}
		if faults, err := s.Check(t.Context(), nil); err != nil || len(faults) > 0 {
			t.Error(faults, err)
		}
		srv.Close()
		s.Close()
	}
	// 180 of one's own are filled up to 192; 187 and 192 look the same from
	// outside; 207 and 208 are filled up to 224.
	if grew[0] != 192 || grew[7] != 192 || grew[27] != 224 || grew[28] != 224 {
		t.Errorf("the slots grew by %v", grew)
	}
}
