package web

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"
)

func TestSealedCacheKeepsNoPlaintextAndForgets(t *testing.T) {
	now := testTime
	c := newSealedCache(10_000, func() time.Time { return now })
	secret, value, tag := []byte("a name"), []byte("marker-77 "+strings.Repeat("x", 900)), [32]byte{1}
	if !c.put(secret, value, tag, time.Minute) {
		t.Fatal("not stored")
	}
	for _, e := range c.entries {
		if box := e.Value.(*sealedEntry).box; bytes.Contains(box, []byte("marker-77")) {
			t.Error("the value lies there in the clear")
		}
	}
	if got, ok := c.get(secret, 0); !ok || !bytes.Equal(got, value) {
		t.Error("another value came back")
	}
	if _, ok := c.get([]byte("another name"), 0); ok {
		t.Error("another secret opens it")
	}
	if _, ok := c.get(secret, 10*time.Second); !ok {
		t.Error("gone too early")
	}
	now = now.Add(11 * time.Second)
	if _, ok := c.get(secret, 0); ok || len(c.entries) != 0 || c.used != 0 {
		t.Error("the entry outlived the grace of its first reading")
	}
	c.put(secret, value, tag, time.Hour)
	c.put([]byte("b"), value, [32]byte{2}, time.Hour)
	c.dropTagged(tag)
	if _, ok := c.get(secret, 0); ok || len(c.entries) != 1 {
		t.Error("the tagged entry is still there, or another one went")
	}
	now = now.Add(2 * time.Hour)
	c.sweep()
	if len(c.entries) != 0 || c.used != 0 {
		t.Errorf("%d entries, %d bytes after their life", len(c.entries), c.used)
	}
}

// The allocator hands out slots of 4,096 bytes for 3,944. What an earlier request left in a slot must not stay behind the
// entry for the entry's life: no collection reaches it there.
func TestSealedCacheKeepsNothingBehindAnEntry(t *testing.T) {
	const slot, used, count = 4096, 3944, 200
	old := make([][]byte, count)
	for i := range old {
		old[i] = bytes.Repeat([]byte("leftover"), slot/8)
	}
	runtime.KeepAlive(old)
	old = nil
	runtime.GC()
	c := newSealedCache(count*2*slot, time.Now)
	for i := range count {
		secret := []byte{byte(i)}
		if !c.put(secret, make([]byte, used-entryCipher(secret).Overhead()), [32]byte{}, time.Hour) {
			t.Fatal("not stored")
		}
	}
	for _, e := range c.entries {
		box := e.Value.(*sealedEntry).box
		if len(box) != used {
			t.Fatalf("an entry of %d bytes", len(box))
		}
		if behind := unsafe.Slice(unsafe.SliceData(box), slot)[used:]; bytes.Contains(behind, []byte("left")) {
			t.Fatalf("behind an entry: %q", behind)
		}
	}
}

// A full cache gives up its oldest entries, but none that is new: a page that was just made is never lost to a flood.
func TestSealedCacheWhenFull(t *testing.T) {
	now := testTime
	c := newSealedCache(4_000, func() time.Time { return now })
	value := make([]byte, 1_000)
	for _, name := range []string{"a", "b", "c"} {
		if !c.put([]byte(name), value, [32]byte{}, time.Hour) {
			t.Fatalf("%s found no room", name)
		}
	}
	if c.put([]byte("d"), value, [32]byte{}, time.Hour) {
		t.Error("a new entry was given up")
	}
	now = now.Add(evictAfter)
	if !c.put([]byte("d"), value, [32]byte{}, time.Hour) {
		t.Error("an old entry was not given up")
	}
	if _, ok := c.get([]byte("a"), 0); ok {
		t.Error("the oldest is still there")
	}
	if _, ok := c.get([]byte("b"), 0); !ok {
		t.Error("more went than had to")
	}
}
