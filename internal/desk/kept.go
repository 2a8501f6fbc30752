package desk

import (
	"slices"
	"sync"
)

// guarded is a value that outlives a request. Any goroutine may use it; get returns a copy.
type guarded[T any] struct {
	mu    sync.Mutex
	value T
}

func (g *guarded[T]) get() T {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.value
}

func (g *guarded[T]) set(change func(*T)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.value)
}

// clear forgets the value.
func (g *guarded[T]) clear() { g.set(func(value *T) { *value = *new(T) }) }

// kept is a value, and the random key by which a later request names it.
type kept[T any] struct {
	Key   string
	Value T
}

// keyed holds what one request leaves for another: notices that no page has shown yet, what was asked of the queue, and
// the papers of other trustees. A query's words are in it because an address would take them into the browser's history.
// Any goroutine may use it.
type keyed[T any] struct {
	most int               // how many are held, the newest; 0 for all
	same func(a, b T) bool // whether two are one, which is held once; nil where each is held
	mu   sync.Mutex
	list []kept[T] // in the order of their making
}

// put returns the new key; empty where the value is held already.
func (n *keyed[T]) put(one T) (key string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.same != nil && slices.ContainsFunc(n.list, func(k kept[T]) bool { return n.same(k.Value, one) }) {
		return ""
	}
	if n.most > 0 && len(n.list) == n.most {
		n.list = slices.Delete(n.list, 0, 1)
	}
	key = randomHex(8)
	n.list = append(n.list, kept[T]{key, one})
	return key
}

// all lists them, oldest first.
func (n *keyed[T]) all() []kept[T] {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.list)
}

func (n *keyed[T]) get(key string) (one T, ok bool) {
	for _, k := range n.all() {
		if k.Key == key {
			return k.Value, true
		}
	}
	return one, false
}

// take is get, and forgets it.
func (n *keyed[T]) take(key string) (one T, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = slices.DeleteFunc(n.list, func(k kept[T]) bool {
		if k.Key == key {
			one, ok = k.Value, true
		}
		return k.Key == key
	})
	return one, ok
}

// clear forgets all of them.
func (n *keyed[T]) clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = nil
}
