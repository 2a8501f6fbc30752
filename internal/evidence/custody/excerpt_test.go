package custody

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"zapis/internal/shorttest"
)

func sampleExcerpt(n int, fixed uint64, show func(n uint64) bool) Excerpt {
	x := Excerpt{Shown: make(map[uint64]Event), Fixed: fixed}
	for i := range n {
		e := Event{Number: uint64(i + 1), At: time.Unix(0, 0).UTC(), Tool: "zapis test", Record: Record{Act: Noted, Case: "c0123456789", Subject: "x"}}
		e.Nonce = sha256.Sum256(fmt.Append(nil, i))
		hash := sha256.Sum256(e.Marshal())
		x.Hashes, x.Head = append(x.Hashes, hash), Link(x.Head, hash)
		if show(e.Number) {
			x.Shown[e.Number] = e
		}
	}
	return x
}

// Every size up to 40 with every head in the ledger is read back, and has one encoding.
func TestExcerptOfEverySize(t *testing.T) {
	shorttest.Skip(t, "excerpts of every size are not compared")
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 41 {
		for fixed := range n + 1 {
			x := sampleExcerpt(n, uint64(fixed), func(uint64) bool { return random.IntN(4) == 0 })
			text := x.Marshal()
			got, err := ParseExcerpt(text)
			if err != nil {
				t.Fatalf("%d events, fixed %d: %v\n%s", n, fixed, err, text)
			}
			if got.Events != uint64(n) || got.Fixed != uint64(fixed) || len(got.Shown) != len(x.Shown) || got.Version != 2 {
				t.Fatalf("%d events, fixed %d: %+v", n, fixed, got)
			}
		}
	}
}

// Nothing in an excerpt can be changed, left out or merged.
func TestExcerptRefusesChanges(t *testing.T) {
	text := string(sampleExcerpt(11, 6, func(n uint64) bool { return n == 3 || n == 9 }).Marshal())
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	for i := range lines {
		without := strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "")
		if _, err := ParseExcerpt([]byte(without)); err == nil {
			t.Errorf("accepted without line %d: %q", i+1, lines[i])
		}
	}
	for i, c := range []byte(text) {
		changed := []byte(text)
		if changed[i] = 'a'; c == 'a' {
			changed[i] = 'b'
		}
		if _, err := ParseExcerpt(changed); err == nil {
			t.Errorf("accepted with byte %d of %q changed", i, text[max(0, i-20):i+1])
		}
	}
}

// A subtree without a shown event is written as one line.
func TestExcerptRefusesTwoLinesForOneSubtree(t *testing.T) {
	x := sampleExcerpt(8, 0, func(n uint64) bool { return n == 8 })
	text := string(x.Marshal())
	whole := fmt.Sprintf("hashes 1 4 %x\n", x.subtree(1, 4))
	if !strings.Contains(text, whole) {
		t.Fatalf("no %q in\n%s", whole, text)
	}
	two := strings.Replace(text, whole, fmt.Sprintf("hashes 1 2 %x\nhashes 3 4 %x\n", x.subtree(1, 2), x.subtree(3, 4)), 1)
	if _, err := ParseExcerpt([]byte(two)); err == nil || !strings.Contains(err.Error(), "one line must stand for events 1 to 4, of which none is shown") {
		t.Error(err)
	}
}

// A bundle of a case with twenty acts among thirty thousand holds some hundred hashes, and not thirty thousand.
func TestExcerptIsSmall(t *testing.T) {
	text := sampleExcerpt(30_000, 29_000, func(n uint64) bool { return n%1500 == 7 }).Marshal()
	if lines := strings.Count(string(text), "\nhashes "); lines > 300 {
		t.Errorf("%d hashes", lines)
	}
	if _, err := ParseExcerpt(text); err != nil {
		t.Error(err)
	}
}

// The heads of one log extend each other; a head of a rewritten log does not.
func TestHeadsExtend(t *testing.T) {
	var a, b Log
	for i := range 9 {
		hash := sha256.Sum256(fmt.Append(nil, "a", i))
		other := hash
		if i == 2 {
			other = sha256.Sum256([]byte("rewritten"))
		}
		for l, h := range map[*Log][32]byte{&a: hash, &b: other} {
			l.records = append(l.records, record{hash: h})
			if err := l.tree.Add(l.Len()-1, leafHash(h)); err != nil {
				t.Fatal(err)
			}
			l.head = Link(l.head, h)
		}
	}
	first, err := a.TreeHead(nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = first
	for m := uint64(1); m <= 9; m++ {
		head, err := a.TreeHead([]uint64{m})
		if err != nil {
			t.Fatal(err)
		}
		root, _ := a.RootAt(m)
		early := head
		early.Events, early.Root = m, root
		if !head.Extending(early) {
			t.Errorf("the head of 9 does not extend that of %d", m)
		}
		rewritten, err := b.TreeHead([]uint64{m})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := rewritten.Extending(early), m < 3; got != want {
			t.Errorf("a rewritten log extends the head of %d: %v", m, got)
		}
	}
}
