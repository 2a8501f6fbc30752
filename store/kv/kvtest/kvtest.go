// Package kvtest holds the rules of store/kv as tests for every engine.
package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"zapis/store/kv"
)

// Specs are the tables that the tests need.
var Specs = []kv.Spec{{Name: "plain"}, {Name: "ascending", Ascending: true}, {Name: "large", Large: true}}

// Run tests an engine. open returns an empty database with Specs.
func Run(t *testing.T, open func(t *testing.T) kv.DB) {
	t.Run("reads give what was written", func(t *testing.T) { testModel(t, open(t)) })
	t.Run("a transaction that is rolled back leaves nothing", func(t *testing.T) { testRollback(t, open(t)) })
	t.Run("a reading transaction sees one moment", func(t *testing.T) { testSnapshot(t, open(t)) })
	t.Run("a writable transaction is alone", func(t *testing.T) { testAlone(t, open(t)) })
	t.Run("a transaction begins with what is wanted", func(t *testing.T) { testWanted(t, open(t)) })
	t.Run("forgotten values are gone, others stay", func(t *testing.T) { testForget(t, open(t)) })
	t.Run("large values are whole", func(t *testing.T) { testLarge(t, open(t)) })
	t.Run("a cursor passes many keys", func(t *testing.T) { testManyKeys(t, open(t)) })
	t.Run("a scan hands out all values", func(t *testing.T) { testScan(t, open(t)) })
	t.Run("a table that is none is nil", func(t *testing.T) {
		err := kv.View(open(t), func(tx kv.Tx) error {
			if tx.Table("none") != nil {
				t.Error("it is there")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// model is the expected content of the tables.
type model map[string]map[string][]byte

func (m model) keys(table string) []string { return slices.Sorted(maps.Keys(m[table])) }

func testModel(t *testing.T, db kv.DB) {
	m := make(model)
	for _, s := range Specs {
		m[s.Name] = make(map[string][]byte)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 25 {
		err := kv.Update(db, func(tx kv.Tx) error {
			for range 20 {
				if err := change(tx, m, random); err != nil {
					return err
				}
			}
			return compare(tx, m, random)
		})
		if err == nil {
			err = kv.View(db, func(tx kv.Tx) error { return compare(tx, m, random) })
		}
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	err := kv.View(db, func(tx kv.Tx) error {
		tx.Check(false, func(text string) { t.Error("check: ", text) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func key(r *rand.Rand) []byte { return []byte{byte(r.IntN(256)), byte(r.IntN(3))} }

func change(tx kv.Tx, m model, r *rand.Rand) error {
	name := Specs[r.IntN(len(Specs))].Name
	k := key(r)
	switch n := r.IntN(40); {
	case n == 0:
		clear(m[name])
		return tx.Table(name).Clear()
	case n < 12:
		delete(m[name], string(k))
		return tx.Table(name).Delete(k)
	}
	v := make([]byte, r.IntN(300))
	for i := range v {
		v[i] = byte(r.IntN(256))
	}
	m[name][string(k)] = v
	return tx.Table(name).Put(k, v)
}

// compare reads everything in several ways.
func compare(tx kv.Tx, m model, r *rand.Rand) error {
	for _, s := range Specs {
		keys := m.keys(s.Name)
		var wanted []kv.Key
		for range 5 {
			wanted = append(wanted, kv.Key{Table: s.Name, Key: key(r)})
		}
		for _, k := range keys[:min(5, len(keys))] {
			wanted = append(wanted, kv.Key{Table: s.Name, Key: []byte(k)})
		}
		tx.Want(append(wanted, kv.Key{Table: s.Name, Last: true})...)
		for _, w := range wanted {
			v, ok := m[s.Name][string(w.Key)]
			if got := tx.Table(s.Name).Get(w.Key); ok != (got != nil) || !bytes.Equal(v, got) {
				return fmt.Errorf("%s %x is %x, want %x", s.Name, w.Key, got, v)
			}
		}
		if err := compareCursor(tx.Table(s.Name), s, m[s.Name], keys, r); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

func compareCursor(table kv.Table, s kv.Spec, values map[string][]byte, keys []string, r *rand.Rand) error {
	at := func(i int, k, v []byte) error {
		switch {
		case i < 0 || i >= len(keys):
			if k != nil {
				return fmt.Errorf("key %x, want the end", k)
			}
		case string(k) != keys[i]:
			return fmt.Errorf("key %x, want %x", k, keys[i])
		case s.Large && v != nil:
			return errors.New("a value of a large table came with its key")
		case !s.Large && !bytes.Equal(v, values[keys[i]]):
			return fmt.Errorf("%x is %x, want %x", k, v, values[keys[i]])
		}
		return nil
	}
	c := table.Cursor()
	i := 0
	for k, v := c.First(); ; k, v = c.Next() {
		if err := at(i, k, v); err != nil || k == nil {
			if err == nil && i != len(keys) {
				err = fmt.Errorf("%d keys, want %d", i, len(keys))
			}
			if err != nil {
				return fmt.Errorf("forwards: %w", err)
			}
			break
		}
		i++
	}
	i = len(keys) - 1
	for k, v := c.Last(); ; k, v = c.Prev() {
		if err := at(i, k, v); err != nil || k == nil {
			if err != nil {
				return fmt.Errorf("backwards: %w", err)
			}
			break
		}
		i--
	}
	for range 3 {
		from := key(r)
		i, _ := slices.BinarySearch(keys, string(from))
		k, v := c.Seek(from)
		if err := at(i, k, v); err != nil {
			return fmt.Errorf("from %x: %w", from, err)
		}
		if k == nil {
			continue
		}
		k, v = c.Prev()
		if err := at(i-1, k, v); err != nil {
			return fmt.Errorf("before %x: %w", from, err)
		}
		if k != nil {
			k, v = c.Next()
			if err := at(i, k, v); err != nil {
				return fmt.Errorf("back to %x: %w", from, err)
			}
		}
	}
	return nil
}

func put(table, k, v string) func(kv.Tx) error {
	return func(tx kv.Tx) error { return tx.Table(table).Put([]byte(k), []byte(v)) }
}

func get(t *testing.T, db kv.DB, table, k string) (v string) {
	t.Helper()
	err := kv.View(db, func(tx kv.Tx) error {
		v = string(tx.Table(table).Get([]byte(k)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func testRollback(t *testing.T, db kv.DB) {
	refused := errors.New("refused")
	err := kv.Update(db, func(tx kv.Tx) error {
		return errors.Join(put("plain", "a", "1")(tx), put("large", "b", "2")(tx), refused)
	})
	if !errors.Is(err, refused) {
		t.Fatal(err)
	}
	if a, b := get(t, db, "plain", "a"), get(t, db, "large", "b"); a != "" || b != "" {
		t.Errorf("%q, %q", a, b)
	}
	if err := kv.Update(db, put("plain", "a", "3")); err != nil || get(t, db, "plain", "a") != "3" {
		t.Errorf("after a rollback: %v", err)
	}
}

func testSnapshot(t *testing.T, db kv.DB) {
	if err := kv.Update(db, put("plain", "a", "1")); err != nil {
		t.Fatal(err)
	}
	err := kv.View(db, func(tx kv.Tx) error {
		if v := tx.Table("plain").Get([]byte("a")); string(v) != "1" {
			t.Errorf("before: %q", v)
		}
		if err := kv.Update(db, put("plain", "b", "2")); err != nil {
			return err
		}
		if v := tx.Table("plain").Get([]byte("b")); v != nil {
			t.Errorf("it sees a later transaction: %q", v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// testLarge writes values around the size of a page and far above it, each over one of another size.
func testLarge(t *testing.T, db kv.DB) {
	sizes := []int{0, 1, 7999, 8000, 8001, 16_000, 90_000, 131_072, 131_073, 300_000}
	values := make(map[string][]byte)
	var want []kv.Key
	for round := range 2 {
		err := kv.Update(db, func(tx kv.Tx) error {
			for i, size := range sizes {
				size = sizes[(i+3*round)%len(sizes)]
				v := make([]byte, size)
				for j := range v {
					v[j] = byte(j*j>>3 + i + round)
				}
				k := string([]byte{byte(25 * i), byte(i)})
				values[k] = v
				want = append(want, kv.Key{Table: "large", Key: []byte(k)})
				if err := tx.Table("large").Put([]byte(k), v); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, announced := range []bool{false, true} {
			err := kv.View(db, func(tx kv.Tx) error {
				if announced {
					tx.Want(want...)
				}
				n := 0
				c := tx.Table("large").Cursor()
				for k, _ := c.First(); k != nil; k, _ = c.Next() {
					if got := tx.Table("large").Get(k); got == nil || !bytes.Equal(got, values[string(k)]) {
						t.Errorf("round %d, announced %v: %x has %d bytes, want %d", round, announced, k, len(got), len(values[string(k)]))
					}
					n++
				}
				if n != len(sizes) {
					t.Errorf("round %d: %d keys", round, n)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	err := kv.Update(db, func(tx kv.Tx) error {
		for k := range values {
			if err := tx.Table("large").Delete([]byte(k)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = kv.View(db, func(tx kv.Tx) error {
		if k, _ := tx.Table("large").Cursor().First(); k != nil {
			t.Errorf("%x is left", k)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// testManyKeys passes more keys than an engine fetches at a time, in both directions, and turns on the way. Some stretches of
// the keys are empty.
func testManyKeys(t *testing.T, db kv.DB) {
	var keys []string
	for i := range 1500 {
		keys = append(keys, string([]byte{byte(i / 25 * 3), byte(i % 25), 7}))
	}
	for _, name := range []string{"plain", "large"} {
		err := kv.Update(db, func(tx kv.Tx) error {
			for _, k := range keys {
				if err := tx.Table(name).Put([]byte(k), []byte("v")); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = kv.View(db, func(tx kv.Tx) error {
			c := tx.Table(name).Cursor()
			var there, back []string
			for k, _ := c.First(); k != nil; k, _ = c.Next() {
				there = append(there, string(k))
			}
			for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
				back = append(back, string(k))
			}
			slices.Reverse(back)
			if !slices.Equal(there, keys) || !slices.Equal(back, keys) {
				t.Errorf("%s: %d and %d keys, want %d", name, len(there), len(back), len(keys))
			}
			for _, at := range []int{0, 24, 25, 700, 1499} {
				k, _ := c.Seek([]byte(keys[at]))
				if string(k) != keys[at] {
					t.Errorf("%s: at %d is %x", name, at, k)
				}
				for i := at + 1; i < min(at+300, len(keys)); i++ {
					if k, _ = c.Next(); string(k) != keys[i] {
						t.Fatalf("%s: after %d, at %d is %x", name, at, i, k)
					}
				}
				for i := min(at+300, len(keys)) - 2; i >= max(0, at-300); i-- {
					if k, _ = c.Prev(); string(k) != keys[i] {
						t.Fatalf("%s: before %d, at %d is %x", name, at, i, k)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// testWanted announces keys at the beginning: what is there and what is not, and the last row of a table, which later writes
// of the same transaction change.
func testWanted(t *testing.T, db kv.DB) {
	keys := []kv.Key{{Table: "plain", Key: []byte("a")}, {Table: "large", Key: []byte("b")}, {Table: "plain", Key: []byte("none")},
		{Table: "plain", Last: true}, {Table: "ascending", Last: true}}
	if err := kv.Update(db, func(tx kv.Tx) error {
		return errors.Join(put("plain", "a", "1")(tx), put("plain", "c", "3")(tx), put("large", "b", "2")(tx))
	}); err != nil {
		t.Fatal(err)
	}
	for _, writable := range []bool{false, true} {
		tx, err := db.Begin(writable, keys...)
		if err != nil {
			t.Fatal(err)
		}
		plain := tx.Table("plain")
		if a, b, none := plain.Get([]byte("a")), tx.Table("large").Get([]byte("b")), plain.Get([]byte("none")); string(a) != "1" || string(b) != "2" || none != nil {
			t.Errorf("writable %v: %q, %q, %q", writable, a, b, none)
		}
		c := plain.Cursor()
		if k, v := c.Last(); string(k) != "c" || string(v) != "3" {
			t.Errorf("writable %v: the last row is %q, %q", writable, k, v)
		}
		if k, _ := c.Prev(); string(k) != "a" {
			t.Errorf("writable %v: the row before is %q", writable, k)
		}
		if k, _ := tx.Table("ascending").Cursor().Last(); k != nil {
			t.Errorf("writable %v: the last row of an empty table is %q", writable, k)
		}
		if writable {
			if err := put("plain", "d", "4")(tx); err != nil {
				t.Fatal(err)
			}
			if k, _ := plain.Cursor().Last(); string(k) != "d" {
				t.Errorf("after a write the last row is %q", k)
			}
			if v := plain.Get([]byte("a")); string(v) != "1" {
				t.Errorf("after a write the first value is %q", v)
			}
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}

// testAlone has many goroutines increment one number.
func testAlone(t *testing.T, db kv.DB) {
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 5 {
				err := kv.Update(db, func(tx kv.Tx) error {
					old := tx.Table("plain").Get([]byte("n"))
					return tx.Table("plain").Put([]byte("n"), append(bytes.Clone(old), 'x'))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if n := get(t, db, "plain", "n"); len(n) != 20 {
		t.Errorf("it was raised 20 times, and is %d", len(n))
	}
}

func testForget(t *testing.T, db kv.DB) {
	err := kv.Update(db, func(tx kv.Tx) error {
		return errors.Join(put("large", "a", "1")(tx), put("large", "b", "2")(tx))
	})
	if err == nil {
		err = kv.Update(db, func(tx kv.Tx) error { return tx.Table("large").Delete([]byte("a")) })
	}
	if err == nil {
		err = db.Forget(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if a, b := get(t, db, "large", "a"), get(t, db, "large", "b"); a != "" || b != "2" {
		t.Errorf("%q, %q", a, b)
	}
	if used, err := db.Used(); err != nil || used == 0 {
		t.Errorf("it occupies %d bytes, %v", used, err)
	}
}

// testScan reads values that lie beside their keys, on one page and on many, by several goroutines.
func testScan(t *testing.T, db kv.DB) {
	values := make(map[string][]byte)
	for _, size := range []int{0, 1, 3000, 5000, 16<<10 - 36, 16 << 10, 72 << 10, 200_000, 400_000} {
		for i := range 40 {
			values[fmt.Sprint("size ", size, " number ", i)] = bytes.Repeat([]byte{byte(size), byte(i), 1}, size/3+1)[:size]
		}
	}
	scan := func(tx kv.Tx, within kv.Range) (found map[string]int, err error) {
		var mu sync.Mutex
		var readers sync.WaitGroup
		found = make(map[string]int)
		err = tx.Scan("large", within, func(read kv.Chunk) error {
			readers.Go(func() {
				var buf []byte
				read(&buf, func(k, v []byte, err error) {
					mu.Lock()
					defer mu.Unlock()
					found[string(k)]++
					if want := values[string(k)]; err != nil || !bytes.Equal(v, want) {
						t.Errorf("%s: %d bytes, %v", k, len(v), err)
					}
				})
			})
			return nil
		})
		readers.Wait()
		return found, err
	}
	err := kv.Update(db, func(tx kv.Tx) error {
		if err := tx.Table("plain").Put([]byte("small"), []byte("value")); err != nil {
			return err
		}
		for k, v := range values {
			if err := tx.Table("large").Put([]byte(k), v); err != nil {
				return err
			}
		}
		_, err := scan(tx, kv.Range{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	view := func(tx kv.Tx) error {
		for _, within := range []kv.Range{{}, {From: []byte("size 3000 number 2")}, {Below: []byte("size 3000 number 2")}, {From: []byte("size 1638"), Below: []byte("size 4")},
			{From: []byte("size 5000 number 7"), Below: []byte("size 5000 number 8")}, {From: []byte("t")}, {Below: []byte("s")}} {
			found, err := scan(tx, within)
			if err != nil {
				return err
			}
			for k := range values {
				want := 0
				if k >= string(within.From) && (within.Below == nil || k < string(within.Below)) {
					want = 1
				}
				if found[k] != want {
					t.Errorf("from %q below %q: %s was handed out %d times", within.From, within.Below, k, found[k])
				}
			}
		}
		stop, chunks := errors.New("stop"), 0
		err := tx.Scan("large", kv.Range{}, func(kv.Chunk) error {
			chunks++
			return stop
		})
		if err != stop || chunks != 1 {
			t.Errorf("after an error: %d chunks, %v", chunks, err)
		}
		return tx.Scan("plain", kv.Range{}, func(kv.Chunk) error { return errors.New("a table that is not large was scanned") })
	}
	err = kv.View(db, view)
	if err == nil {
		err = db.Forget(context.Background())
	}
	if err == nil {
		err = kv.View(db, view)
	}
	if err != nil {
		t.Error(err)
	}
}
