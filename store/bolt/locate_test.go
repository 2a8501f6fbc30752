package bolt

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"zapis/store/kv"
)

// Whatever bit is turned in front of a large value, the plain read gives the value itself or leaves it to bbolt. The
// number of the pages that follow is the one field that reading ignores, here as in bbolt.
func TestTurnedBitsBeforeALargeValue(t *testing.T) {
	db, path := newDB(t)
	key, value := []byte("key"), bytes.Repeat([]byte("large value "), 5000)
	if err := kv.Update(db, func(tx kv.Tx) error { return tx.Table("small").Put(key, value) }); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	read := tx.Locate("small", key, int64(len(value)))
	check := func(buf []byte) error {
		got, err := read(buf)
		if err == nil && !bytes.Equal(got, value) {
			t.Error("another value")
		}
		return err
	}
	if err := check(nil); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, len(value)+kv.ReadSlack)
	if got, err := read(buf); err != nil || &got[0] != &buf[valueOffset] {
		t.Errorf("a large enough buffer is not used, %v", err)
	}
	for _, size := range []int64{int64(len(value)) - 1, int64(len(value)) + 1, 0, -1, 1 << 40} {
		if _, err := tx.Locate("small", key, size)(buf); err != kv.ErrIrregular {
			t.Errorf("size %d: %v", size, err)
		}
	}

	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(bytes.Index(content, value)) - valueOffset
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for bit := range int64(8 * valueOffset) {
		where := at + bit/8
		if _, err := f.WriteAt([]byte{content[where] ^ 1<<(bit%8)}, where); err != nil {
			t.Fatal(err)
		}
		follow := bit/8 >= 12 && bit/8 < 16
		if err := check(buf); follow && err != nil || !follow && err != kv.ErrIrregular {
			t.Errorf("bit %d: %v", bit, err)
		}
		if _, err := f.WriteAt(content[where:where+1], where); err != nil {
			t.Fatal(err)
		}
	}

	if err := f.Truncate(at + 1000); err != nil {
		t.Fatal(err)
	}
	if err := check(buf); !errors.Is(err, io.EOF) {
		t.Errorf("a file cut short: %v", err)
	}
}
