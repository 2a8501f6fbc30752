package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"zapis/crypto/ledger"
)

// The tests run themselves as children that may be killed or crash: this
// variable says as what.
const childVariable = "ZAPIS_STORE_CHILD"

// noSleep is for children under the race detector, which otherwise sleeps for a
// second when a process ends.
const noSleep = "GORACE=atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "":
		os.Exit(m.Run())
	case "append":
		childAppends(os.Args[1], os.Args[2])
	case "check":
		childChecks(os.Args[1])
	}
}

func child(as string, args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), childVariable+"="+as, noSleep)
	return c
}

// childAppends submits reports until it is killed, and says so for each that it
// was promised.
func childAppends(dir, slot string) {
	d, err := time.ParseDuration(slot)
	if err != nil {
		panic(err)
	}
	c := newClock()
	s, err := Open(dir, Config{Slot: d, Now: c.now, Verb: "a child"})
	if err != nil {
		panic(err)
	}
	for w := range 3 {
		go func() {
			for i := 0; ; i++ {
				sub := words(s)
				if i%3 == w {
					sub.Body.Parts = append(sub.Body.Parts, mustAttach(s, random(66000)))
				}
				if _, err := s.Submit(context.Background(), sub); err != nil {
					panic(err)
				}
				fmt.Println("promised", sub.Body.Hash())
				if i%5 == 4 && d > 0 {
					c.forward(d / 3)
					if err := s.Sequence(context.Background()); err != nil {
						panic(err)
					}
				}
			}
		}()
	}
	select {}
}

func mustAttach(s *Store, content []byte) ledger.Part {
	w, err := s.NewPart()
	if err == nil {
		_, err = w.Write(content)
	}
	if err != nil {
		panic(err)
	}
	part, err := w.Keep()
	if err != nil {
		panic(err)
	}
	return part
}

// kills is how often a child is killed in all: 200, or what ZAPIS_KILLS says.
func kills(t *testing.T) int {
	v := os.Getenv("ZAPIS_KILLS")
	if v == "" {
		return 200
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKill kills a process that submits, at any moment, again and again, and
// looks each time whether all that was promised is there and all of the ledger
// verifies.
func TestKill(t *testing.T) {
	n := kills(t)
	for _, slot := range []string{"0s", "24h"} {
		t.Run("slot="+slot, func(t *testing.T) {
			t.Parallel()
			var dir string
			var promised []ledger.Hash
			for i := range n / 2 {
				if i%20 == 0 { // a new ledger now and then, so that checking stays quick
					dir, promised = newFolder(t), nil
				}
				more := killed(t, dir, slot)
				promised = append(promised, more...)
				lost(t, dir, promised)
				if t.Failed() {
					return
				}
			}
		})
	}
}

// killed lets a child append for a while, kills it, and gives what it promised.
func killed(t *testing.T, dir, slot string) (promised []ledger.Hash) {
	t.Helper()
	c := child("append", dir, slot)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	enough := rand.IntN(12)
	kill := sync.OnceFunc(func() { c.Process.Kill() })
	if enough == 0 { // while it opens, perhaps
		time.AfterFunc(time.Duration(rand.IntN(60))*time.Millisecond, kill)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		h, err := ledger.ParseHash(strings.TrimPrefix(lines.Text(), "promised "))
		if err != nil {
			t.Errorf("the child says %q", lines.Text())
			continue
		}
		promised = append(promised, h)
		if len(promised) == enough {
			time.AfterFunc(time.Duration(rand.IntN(3000))*time.Microsecond, kill)
		}
	}
	if err := c.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the child ended with %v:\n%s", err, stderr.String())
	}
	return promised
}

// lost checks a ledger as the kill has left it, and again after opening, and
// that it has all that was promised.
func lost(t *testing.T, dir string, promised []ledger.Hash) {
	t.Helper()
	if rand.IntN(4) == 0 {
		checkFolder(t, dir) // as the kill has left it
	}
	s, err := Open(dir, Config{Slot: day, Now: newClock().now})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range promised {
		_, err := s.Receipt(h)
		if err == nil {
			continue
		}
		var waits bool
		s.Waiting(func(w Waiting) error {
			waits = waits || w.Hash == h
			return nil
		})
		if !waits {
			t.Errorf("promised, and lost: %s", h)
		}
	}
	closeAndCheck(t, s)
}

// childChecks verifies a ledger and prints the number of faults, and a hash over
// everything that an export would hold.
func childChecks(dir string) {
	s, err := OpenReadOnly(dir)
	if err != nil {
		fmt.Println("faults", 1, err)
		return
	}
	defer s.Close()
	faults, err := s.Check(context.Background(), nil)
	if err != nil {
		fmt.Println("faults", 1, err)
		return
	}
	sum, err := exported(s)
	if err != nil && len(faults) == 0 {
		fmt.Println("blind", err) // a check that finds nothing, and an export that fails
		return
	}
	fmt.Println("faults", len(faults), sum)
}

// exported is a hash over everything that an export would hold.
func exported(s *Store) (string, error) {
	sum := sha256.New()
	err := s.Snapshot(func(n *Snapshot) error {
		err := n.Checkpoints(0, func(size uint64, note []byte) error {
			fmt.Fprintf(sum, "checkpoint %d %d\n%s", size, len(note), note)
			return nil
		})
		if err != nil {
			return err
		}
		parts := func(b ledger.Body) error {
			for _, p := range b.Parts {
				r, _, err := n.Part(p.Hash)
				if err != nil {
					fmt.Fprintf(sum, "%v\n", err)
					continue
				}
				_, err = io.Copy(sum, r)
				r.Close()
				if err != nil {
					return err
				}
			}
			return nil
		}
		err = n.Entries(0, func(index uint64, text []byte) error {
			fmt.Fprintf(sum, "entry %d\n%s", index, text)
			e, err := ledger.ParseEntry(text)
			if err != nil {
				return err
			}
			return parts(e.Body)
		})
		if err != nil {
			return err
		}
		return n.Waiting(func(w Waiting) error {
			fmt.Fprintf(sum, "waiting\n%s", w.Promise)
			return parts(w.Body)
		})
	})
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}

// flips is how many bits are turned: 40, or what ZAPIS_FLIPS says.
func flips(t *testing.T) int {
	if v := os.Getenv("ZAPIS_FLIPS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return 40
}

// TestAnyBit turns single bits of ledger.db and of an attachment: check finds
// it, or crashes over it in the process that may crash, or the bit was where
// nothing is, and an export has the same bytes as before.
func TestAnyBit(t *testing.T) {
	m := newSample(t)
	run := func() string {
		c := child("check", m.dir)
		hung := time.AfterFunc(time.Minute, func() { c.Process.Kill() })
		out, err := c.Output()
		if !hung.Stop() {
			t.Fatal("check does not end")
		}
		if err != nil {
			return "crashed"
		}
		return strings.TrimSpace(string(out))
	}
	good := run()
	if !strings.HasPrefix(good, "faults 0 ") {
		t.Fatalf("before any bit is turned: %s", good)
	}
	db := filepath.Join(m.dir, dbName)
	part := partPath(m.dir, m.first.Body.Parts[3].Hash)
	found, nothing := 0, 0
	for i := range flips(t) {
		path := db
		if i%10 == 0 {
			path = part
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at, bit := rand.IntN(len(b)), rand.IntN(8)
		if i%3 > 0 && path == db { // most of the file is free pages: turn to where something is
			at = used(b)
		}
		turned := append([]byte(nil), b...)
		turned[at] ^= 1 << bit
		if err := os.WriteFile(path, turned, 0o600); err != nil {
			t.Fatal(err)
		}
		switch got := run(); {
		case got == good:
			nothing++
			if path == part {
				t.Errorf("bit %d of byte %d of an attachment: not found", bit, at)
			}
		case strings.HasPrefix(got, "faults 0 ") || strings.HasPrefix(got, "blind"):
			t.Errorf("bit %d of byte %d of %s: check finds nothing, and the export differs (%s)", bit, at, path, got)
		default:
			found++
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d found, %d where nothing is", found, nothing)
	if found == 0 {
		t.Error("nothing was ever found")
	}
	checkFolder(t, m.dir)
}

// TestAPanicEndsItsSnapshot: bbolt panics over damaged pages; what then closes
// the store must not wait for the snapshot for ever.
func TestAPanicEndsItsSnapshot(t *testing.T) {
	s := newStore(t, day, newClock())
	func() {
		defer func() { recover() }()
		s.Snapshot(func(*Snapshot) error { panic("a damaged page") })
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// used gives a byte that is not zero, in a stretch that is not.
func used(b []byte) int {
	for {
		at := rand.IntN(len(b))
		if b[at] != 0 {
			return at
		}
	}
}
