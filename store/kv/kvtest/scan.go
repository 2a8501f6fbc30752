package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"zapis/store/kv"
)

// testLarge writes values around the size of a page and far above it, each over one of another size.
func testLarge(t *testing.T, db kv.DB) {
	sizes := []int{0, 1, 7999, 8000, 8001, 16_000, 90_000, 131_072, 131_073, 300_000}
	values := make(map[string][]byte)
	var want []kv.Key
	for round := range 2 {
		must(t, kv.Update(db, func(tx kv.Tx) error {
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
		}))
		for _, announced := range []bool{false, true} {
			must(t, kv.View(db, func(tx kv.Tx) error {
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
			}))
		}
	}
	must(t, kv.Update(db, func(tx kv.Tx) error {
		for k := range values {
			if err := tx.Table("large").Delete([]byte(k)); err != nil {
				return err
			}
		}
		return nil
	}))
	must(t, kv.View(db, func(tx kv.Tx) error {
		if k, _ := tx.Table("large").Cursor().First(); k != nil {
			t.Errorf("%x is left", k)
		}
		return nil
	}))
}

// testManyKeys passes more keys than an engine fetches at a time, in both directions, and turns on the way. Some stretches of
// the keys are empty.
func testManyKeys(t *testing.T, db kv.DB) {
	var keys []string
	for i := range 1500 {
		keys = append(keys, string([]byte{byte(i / 25 * 3), byte(i % 25), 7}))
	}
	for _, name := range []string{"plain", "large"} {
		must(t, kv.Update(db, func(tx kv.Tx) error {
			for _, k := range keys {
				if err := tx.Table(name).Put([]byte(k), []byte("v")); err != nil {
					return err
				}
			}
			return nil
		}))
		must(t, kv.View(db, func(tx kv.Tx) error {
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
		}))
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
	must(t, kv.Update(db, func(tx kv.Tx) error {
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
	}))
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
	err := kv.View(db, view)
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

// testCopy copies values that lie beside their keys, on one page and on many, in a transaction that writes and in one that
// reads, into one buffer and into new ones.
func testCopy(t *testing.T, db kv.DB) {
	values := make(map[string][]byte)
	for _, size := range []int{0, 1, 3000, 5000, 16<<10 - 36, 16 << 10, 72 << 10, 400_000} {
		values[fmt.Sprint("size ", size)] = bytes.Repeat([]byte{byte(size), 1}, size/2+1)[:size]
	}
	copies := func(tx kv.Tx) error {
		var buf []byte
		for k, v := range values {
			for _, into := range []*[]byte{&buf, new([]byte)} {
				got := tx.Copy("large", []byte(k), into)
				if got == nil || !bytes.Equal(got, v) {
					t.Errorf("%s: %d bytes, nil: %v", k, len(got), got == nil)
				}
				clear(got)
			}
			if !bytes.Equal(tx.Table("large").Get([]byte(k)), v) {
				t.Errorf("%s: the table has changed with its copy", k)
			}
		}
		if got := tx.Copy("large", []byte("none"), &buf); got != nil {
			t.Errorf("what is not there: %q", got)
		}
		if got := tx.Copy("plain", []byte("small"), &buf); string(got) != "value" {
			t.Errorf("of a table that is not large: %q", got)
		}
		return nil
	}
	err := kv.Update(db, func(tx kv.Tx) error {
		err := tx.Table("plain").Put([]byte("small"), []byte("value"))
		for k, v := range values {
			err = errors.Join(err, tx.Table("large").Put([]byte(k), v))
		}
		return errors.Join(err, copies(tx))
	})
	if err == nil {
		err = kv.View(db, copies)
	}
	if err == nil {
		err = db.Forget(context.Background())
	}
	if err == nil {
		err = kv.View(db, copies)
	}
	must(t, err)
}
