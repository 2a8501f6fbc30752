package web

import (
	"container/list"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"sync"
	"time"
)

// sealedCache keeps values in memory, each encrypted under a key that is derived from the secret it was stored with:
// AES-256-GCM, key and entry name by HMAC-SHA256 of the secret. The cache keeps neither secret nor key, so that a copy
// of the process's memory without the secrets opens nothing. Entries expire after their life. All methods may be called
// by any number of goroutines.
type sealedCache struct {
	limit int // bytes of all entries
	now   func() time.Time

	mu      sync.Mutex
	used    int
	entries map[[32]byte]*list.Element // of *sealedEntry, by name
	order   *list.List                 // oldest first
	timer   *time.Timer                // removes expired entries; nil while there are none
}

type sealedEntry struct {
	name    [32]byte
	tag     [32]byte // groups entries for dropTagged; zero for none
	box     []byte
	added   time.Time
	expires time.Time
}

const (
	// evictAfter protects new entries: a full cache makes room by removing entries that are older than this.
	evictAfter = 20 * time.Second
	// sweepEvery is how often expired entries are removed.
	sweepEvery = time.Minute
	// entryOverhead is the approximate size of an entry without its box, in bytes.
	entryOverhead = 256
)

func newSealedCache(limit int, now func() time.Time) *sealedCache {
	return &sealedCache{limit: limit, now: now, entries: make(map[[32]byte]*list.Element), order: list.New()}
}

func derive(secret []byte, label string) [32]byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("zapis/web " + label))
	return [32]byte(mac.Sum(nil))
}

func entryCipher(secret []byte) cipher.AEAD {
	key := derive(secret, "key")
	defer clear(key[:])
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("web: " + err.Error()) // the key has 32 bytes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("web: " + err.Error())
	}
	return aead
}

// put stores value under secret for life, and replaces an earlier value. It reports false where there is no room.
func (c *sealedCache) put(secret, value []byte, tag [32]byte, life time.Duration) bool {
	name := derive(secret, "name")
	aead := entryCipher(secret)
	// A buffer that Seal allocates is zeroed only as far as it is used: behind it, the entry would keep up to 1 KiB of what
	// another request left in that memory. make zeroes all of it.
	box := aead.Seal(make([]byte, 0, len(value)+aead.Overhead()), nil, value, name[:])
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[name]; e != nil {
		c.remove(e)
	}
	if !c.makeRoom(len(box)+entryOverhead, now) {
		return false
	}
	c.entries[name] = c.order.PushBack(&sealedEntry{name, tag, box, now, now.Add(life)})
	c.used += len(box) + entryOverhead
	if c.timer == nil {
		c.timer = time.AfterFunc(sweepEvery, c.sweep)
	}
	return true
}

// makeRoom removes the oldest entries until size bytes fit. The caller holds mu.
func (c *sealedCache) makeRoom(size int, now time.Time) bool {
	for c.used+size > c.limit {
		oldest := c.order.Front()
		if oldest == nil || now.Sub(oldest.Value.(*sealedEntry).added) < evictAfter {
			return false
		}
		c.remove(oldest)
	}
	return true
}

// get returns the value stored under secret; the caller wipes it. Where grace is positive, the entry expires grace from
// now at the latest.
func (c *sealedCache) get(secret []byte, grace time.Duration) ([]byte, bool) {
	name := derive(secret, "name")
	now := c.now()
	c.mu.Lock()
	e := c.entries[name]
	var box []byte
	if e != nil {
		entry := e.Value.(*sealedEntry)
		if now.Before(entry.expires) {
			box = entry.box
			if limit := now.Add(grace); grace > 0 && limit.Before(entry.expires) {
				entry.expires = limit
			}
		} else {
			c.remove(e)
		}
	}
	c.mu.Unlock()
	if box == nil {
		return nil, false
	}
	value, err := entryCipher(secret).Open(nil, nil, box, name[:])
	return value, err == nil
}

// dropTagged removes all entries with this tag.
func (c *sealedCache) dropTagged(tag [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.order.Front(); e != nil; {
		next := e.Next()
		if e.Value.(*sealedEntry).tag == tag {
			c.remove(e)
		}
		e = next
	}
}

// remove takes an entry out. The caller holds mu.
func (c *sealedCache) remove(e *list.Element) {
	entry := c.order.Remove(e).(*sealedEntry)
	delete(c.entries, entry.name)
	c.used -= len(entry.box) + entryOverhead
}

// sweep removes expired entries, and runs again while others are left.
func (c *sealedCache) sweep() {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.order.Front(); e != nil; {
		next := e.Next()
		if !now.Before(e.Value.(*sealedEntry).expires) {
			c.remove(e)
		}
		e = next
	}
	c.timer = nil
	if c.order.Len() > 0 {
		c.timer = time.AfterFunc(sweepEvery, c.sweep)
	}
}
