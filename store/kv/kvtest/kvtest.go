// Package kvtest holds the rules of store/kv as tests for every engine.
package kvtest

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"zapis/store/kv"
)

// Specs are the tables that the tests need.
var Specs = []kv.Spec{{Name: "plain"}, {Name: "ascending", Ascending: true}, {Name: "large", Large: true},
	{Name: "narrow", Most: 1 << 10}}

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
	t.Run("a copy is what is read", func(t *testing.T) { testCopy(t, open(t)) })
	t.Run("a table that is none is nil", func(t *testing.T) {
		err := kv.View(open(t), func(tx kv.Tx) error {
			if tx.Table("none") != nil {
				t.Error("it is there")
			}
			return nil
		})
		must(t, err)
	})
}

// must fails the test where err is not nil.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(table, k, v string) func(kv.Tx) error {
	return func(tx kv.Tx) error { return tx.Table(table).Put([]byte(k), []byte(v)) }
}

func get(t *testing.T, db kv.DB, table, k string) (v string) {
	t.Helper()
	must(t, kv.View(db, func(tx kv.Tx) error {
		v = string(tx.Table(table).Get([]byte(k)))
		return nil
	}))
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
	must(t, kv.Update(db, put("plain", "a", "1")))
	must(t, kv.View(db, func(tx kv.Tx) error {
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
	}))
}

// testWanted announces keys at the beginning: what is there and what is not, and the last row of a table, which later writes
// of the same transaction change.
func testWanted(t *testing.T, db kv.DB) {
	keys := []kv.Key{{Table: "plain", Key: []byte("a")}, {Table: "large", Key: []byte("b")}, {Table: "plain", Key: []byte("none")},
		{Table: "plain", Last: true}, {Table: "ascending", Last: true}}
	must(t, kv.Update(db, func(tx kv.Tx) error {
		return errors.Join(put("plain", "a", "1")(tx), put("plain", "c", "3")(tx), put("large", "b", "2")(tx))
	}))
	for _, writable := range []bool{false, true} {
		tx, err := db.Begin(writable, keys...)
		must(t, err)
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
			must(t, put("plain", "d", "4")(tx))
			if k, _ := plain.Cursor().Last(); string(k) != "d" {
				t.Errorf("after a write the last row is %q", k)
			}
			if v := plain.Get([]byte("a")); string(v) != "1" {
				t.Errorf("after a write the first value is %q", v)
			}
		}
		must(t, tx.Rollback())
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
	must(t, err)
	if a, b := get(t, db, "large", "a"), get(t, db, "large", "b"); a != "" || b != "2" {
		t.Errorf("%q, %q", a, b)
	}
	if used, err := db.Used(); err != nil || used == 0 {
		t.Errorf("it occupies %d bytes, %v", used, err)
	}
}
