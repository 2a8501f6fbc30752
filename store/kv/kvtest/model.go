package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"zapis/store/kv"
)

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
	must(t, kv.View(db, func(tx kv.Tx) error {
		tx.Check(false, func(text string) { t.Error("check: ", text) })
		return nil
	}))
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
