package postgres_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"zapis/internal/exit"
	"zapis/store/kv"
	"zapis/store/postgres"
)

// A value that is larger than any that the program writes is refused by the table that has it, and is not fetched; what lies beside
// it is read.
func TestOversizedValues(t *testing.T) {
	dsn := newDSN(t)
	db := create(t, dsn, options())
	const most, narrow = kv.MostOfAll, 1 << 10
	err := kv.Update(db, func(tx kv.Tx) error {
		return errors.Join(tx.Table("plain").Put([]byte("a"), make([]byte, most)), tx.Table("plain").Put([]byte("b"), make([]byte, most+1)),
			tx.Table("large").Put([]byte("a"), make([]byte, most)), tx.Table("large").Put([]byte("b"), make([]byte, most+1)),
			tx.Table("narrow").Put([]byte("a"), make([]byte, narrow)), tx.Table("narrow").Put([]byte("b"), make([]byte, narrow+1)))
	})
	if err != nil {
		t.Fatal(err)
	}
	whole, long := spooled(t, bytes.Repeat([]byte("part"), 1<<18))
	if err := db.Parts().Put(t.Context(), whole, long); err != nil {
		t.Fatal(err)
	}
	exec(t, dsn, "UPDATE "+strings.Fields(db.Parts().Where(whole))[0][:len("zapis.parts_00")]+" SET v = v || convert_to(repeat('x', 1048576), 'UTF8') WHERE n = 0")

	refused := func(name string, err error, text string) {
		t.Helper()
		if !errors.Is(err, kv.ErrTooLarge) || exit.StatusOf(err) != exit.Mismatch || !strings.HasSuffix(err.Error(), "a value is larger than any that this program writes: "+text) {
			t.Errorf("%s: %v (status %d)", name, err, exit.StatusOf(err))
		}
	}
	limits := map[string]int{"plain": most, "large": most, "narrow": narrow}
	read := func(name string, do func(tx kv.Tx), table string) {
		t.Helper()
		err := kv.View(db, func(tx kv.Tx) error { do(tx); return nil })
		if table == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if table != "" {
			refused(name, err, fmt.Sprintf("table %s has one of more than %d bytes under 62", table, limits[table]))
		}
	}
	a, b := []byte("a"), []byte("b")
	for table, most := range limits {
		want := []kv.Key{{Table: table, Key: a}, {Table: table, Key: b}}
		read("get of the other", func(tx kv.Tx) {
			if n := len(tx.Table(table).Get(a)); n != most {
				t.Errorf("%d bytes", n)
			}
		}, "")
		read("get", func(tx kv.Tx) { tx.Table(table).Get(b) }, table)
		read("what is wanted", func(tx kv.Tx) { tx.Want(want...); tx.Table(table).Get(a) }, "")
		read("get of what was wanted", func(tx kv.Tx) { tx.Want(want...); tx.Table(table).Get(b) }, table)
	}
	each := func(tx kv.Tx, table string) {
		c := tx.Table(table).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
		}
	}
	read("a walk", func(tx kv.Tx) { each(tx, "plain") }, "plain")
	read("a walk of another", func(tx kv.Tx) { each(tx, "narrow") }, "narrow")
	read("a walk over keys", func(tx kv.Tx) { each(tx, "large") }, "")
	read("the last", func(tx kv.Tx) { tx.Want(kv.Key{Table: "plain", Last: true}) }, "plain")
	read("a scan", func(tx kv.Tx) { _ = tx.Scan("large", kv.Range{}, func(kv.Chunk) error { return nil }) }, "large")
	read("a scan of the other", func(tx kv.Tx) { _ = tx.Scan("large", kv.Range{Below: b}, func(kv.Chunk) error { return nil }) }, "")
	r, _, err := db.Parts().Open(t.Context(), whole)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		r.Close()
	}
	refused("an attachment", err, fmt.Sprintf("%s: chunk 0 has more than 1048576 bytes", db.Parts().Where(whole)))
	if err := kv.Update(db, put("c", "d")); err != nil {
		t.Errorf("a writer after that: %v", err)
	}
}

// Whatever a server sends, a message of more than four megabytes is not read.
func TestOversizedMessages(t *testing.T) {
	db := create(t, newDSN(t), options())
	if err := postgres.Fetch(t.Context(), db, 4<<20-100); err != nil {
		t.Error(err)
	}
	err := postgres.Fetch(t.Context(), db, 8<<20)
	if want := fmt.Sprintf("a value is larger than any that this program writes: the server sends %d bytes at once, and at most 4194304 are read", 8<<20+6); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if !errors.Is(err, kv.ErrTooLarge) {
		t.Error("it is another error")
	}
}
