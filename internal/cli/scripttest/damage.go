package scripttest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

// Damage gives a good file to judge, changed in one place at a time: a bit turned, cut off there, or its beginning doubled; then followed
// by zeros, and zeros alone. Places are so many that each kind of change comes at least this often, spread over the
// file. It stops when the time is used up, but never before a third of the places; with -short it stops there.
func Damage(t *testing.T, good []byte, places int, budget time.Duration, judge func(what string, at int, bad []byte)) {
	t.Helper()
	if len(good) == 0 || places < 3 {
		t.Fatal("there is nothing to damage")
	}
	begun := time.Now()
	for i := range shorttest.Count(3, 1) * places {
		// Every third place first, so that a short time still covers the whole file.
		round, n := i/places, i%places
		if n%3 != round {
			continue
		}
		at := n * len(good) / places
		flipped := bytes.Clone(good)
		flipped[at] ^= 0x15
		judge("flipped", at, flipped)
		if at > 0 {
			judge("cut", at, good[:at])
			judge("doubled", at, append(bytes.Clone(good[:at]), good...))
		}
		if round > 0 && time.Since(begun) > budget {
			break
		}
	}
	judge("followed by zeros", len(good), append(bytes.Clone(good), make([]byte, 512)...))
	judge("zeros", 0, make([]byte, 4096))
}

// Damaged is a file that a verb reads, and the verb's arguments for a damaged copy of it.
type Damaged struct {
	File   string // in the folder of the corpus
	Places int    // as Damage takes it
	Args   func(bad string) []string
}

// Corpus damages each file, and runs its verb on it: none may crash, and none may call it wrong usage. It does not verify
// (3), or a key for it is missing (4); what is accepted all the same was changed where it does not matter. With -short it
// takes every fourth file.
func Corpus(t *testing.T, dir string, budget time.Duration, run func(t *testing.T, args ...string) (exit.Status, string), files []Damaged) {
	t.Helper()
	for i, of := range files {
		if i%shorttest.Count(1, 4) != 0 {
			continue
		}
		good, err := os.ReadFile(filepath.Join(dir, of.File))
		if err != nil {
			t.Fatal(err)
		}
		Damage(t, good, shorttest.Count(of.Places, min(of.Places, 3)), budget, func(what string, place int, bad []byte) {
			name := filepath.Join(dir, "bad")
			if err := os.WriteFile(name, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			args := of.Args(name)
			status, said := run(t, args...)
			if status != exit.Done && status != exit.Mismatch && status != exit.KeyMissing || strings.Contains(said, "goroutine ") {
				t.Errorf("%s of %s, %s at %d of %d: status %d\n%s", args[0], of.File, what, place, len(good), status, said)
			}
		})
	}
}
