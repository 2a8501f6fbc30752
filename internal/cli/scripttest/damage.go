package scripttest

import (
	"bytes"
	"testing"
	"time"
)

// Damage gives a good file to judge, changed in one place at a time: a bit turned, cut off there, or its beginning doubled; then followed
// by zeros, and zeros alone. Places are so many that each kind of change comes at least this often, spread over the
// file. It stops when the time is used up, but never before a third of the places.
func Damage(t *testing.T, good []byte, places int, budget time.Duration, judge func(what string, at int, bad []byte)) {
	t.Helper()
	if len(good) == 0 || places < 3 {
		t.Fatal("there is nothing to damage")
	}
	begun := time.Now()
	for i := range 3 * places {
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
