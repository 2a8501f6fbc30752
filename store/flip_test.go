package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/shorttest"
)

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

// TestAnyBit turns single bits of ledger.db and of an attachment: check finds
// it, or crashes over it in the process that may crash, or the bit was where
// nothing is, and an export has the same bytes as before.
func TestAnyBit(t *testing.T) {
	shorttest.Skip(t, "no bits of a ledger's files are turned")
	t.Parallel()
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
	content := make(map[string][]byte)
	for _, path := range []string{db, part} {
		var err error
		if content[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	found, nothing := 0, 0
	n := orFew(40)
	for i := range n {
		path := db
		if i%10 == 0 {
			path = part
		}
		b := content[path]
		at, bit := rand.IntN(len(b)), rand.IntN(8)
		if i%3 > 0 && path == db { // most of the file is free pages: turn to where something is
			at = used(b)
		}
		setByte(t, path, at, b[at]^1<<bit)
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
		setByte(t, path, at, b[at])
		tell(t, i+1, n, "bits turned: %d found, %d where nothing is", found, nothing)
	}
	if found == 0 {
		t.Error("nothing was ever found")
	}
	checkFolder(t, m.dir)
}

func setByte(t *testing.T, path string, at int, b byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte{b}, int64(at))
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// used returns a byte that is not zero, in a stretch that is not.
func used(b []byte) int {
	for {
		at := rand.IntN(len(b))
		if b[at] != 0 {
			return at
		}
	}
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
