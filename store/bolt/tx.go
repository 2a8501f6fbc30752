package bolt

import (
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"zapis/store/kv"
)

// largeKey is the key of a large value in its bucket.
var largeKey = []byte("part")

type transaction struct {
	tx     *bbolt.Tx
	file   *os.File // of the database
	specs  map[string]kv.Spec
	tables map[string]kv.Table

	lastName string // of the table that was asked for last: most calls ask for it again
	last     kv.Table
}

func (t *transaction) Table(name string) kv.Table {
	if name == t.lastName {
		return t.last
	}
	table := t.open(name)
	if table != nil {
		t.lastName, t.last = name, table
	}
	return table
}

func (t *transaction) open(name string) kv.Table {
	if table, ok := t.tables[name]; ok {
		return table
	}
	b := t.tx.Bucket([]byte(name))
	if b == nil {
		return nil
	}
	var table kv.Table
	bucket := &bucket{tx: t.tx, spec: t.specs[name], b: b}
	bucket.fill()
	if table = bucket; bucket.spec.Large {
		table = large{bucket}
	}
	if t.tables == nil {
		t.tables = make(map[string]kv.Table, len(t.specs))
	}
	t.tables[name] = table
	return table
}

// Want does nothing: what is read lies in the map of the file.
func (t *transaction) Want(...kv.Key) {}

// Copy reads a value that has pages of its own by plain reads, and leaves any other to bbolt, and one that does not lie as
// bbolt writes it.
func (t *transaction) Copy(name string, key []byte, buf *[]byte) []byte {
	table := t.Table(name)
	if l, ok := table.(large); ok && !t.tx.Writable() {
		if b := l.b.Bucket(key); b != nil && b.Root() != 0 {
			if p, err := t.pages().read(uint64(b.Root()), buf); err == nil {
				if value, ok := p.onlyValue(); ok {
					return value
				}
			}
		}
	}
	return kv.CopyTo(buf, table.Get(key))
}

func (t *transaction) Size() int64 { return t.tx.Size() }

func (t *transaction) Commit() error { return failed(t.tx.Commit()) }

func (t *transaction) Rollback() error {
	err := t.tx.Rollback()
	if errors.Is(err, berrors.ErrTxClosed) {
		return nil
	}
	return err
}

// Check verifies the pages: each is in use once, or free, and in its place. Whether pages are lost can't be told while the
// file is written.
func (t *transaction) Check(live bool, fault func(text string)) {
	_ = t.tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		spec, ok := t.specs[string(name)]
		if !ok {
			fault(fmt.Sprintf("it has a bucket %q, which is none of ours", name))
			return nil
		}
		if spec.Large {
			c := b.Cursor()
			for k, v := c.First(); k != nil; k, v = c.Next() {
				if v != nil {
					fault(fmt.Sprintf("%s %x is not kept as it should be", name, k))
				}
			}
		}
		return nil
	})
	t.checkPages(live, fault)
}

// bucket is a table whose values are beside their keys.
type bucket struct {
	tx   *bbolt.Tx
	spec kv.Spec
	b    *bbolt.Bucket
}

func (t *bucket) fill() {
	if t.spec.Ascending {
		t.b.FillPercent = 1 // no page is ever split in its middle
	}
}

func (t *bucket) Get(key []byte) []byte       { return t.b.Get(key) }
func (t *bucket) Put(key, value []byte) error { return t.b.Put(key, value) }
func (t *bucket) Delete(key []byte) error     { return t.b.Delete(key) }
func (t *bucket) Cursor() kv.Cursor           { return t.b.Cursor() }

func (t *bucket) Clear() error {
	if err := t.tx.DeleteBucket([]byte(t.spec.Name)); err != nil {
		return err
	}
	b, err := t.tx.CreateBucket([]byte(t.spec.Name))
	if err != nil {
		return err
	}
	t.b = b
	t.fill()
	return nil
}

// large is a table whose values have buckets of their own. Its cursor returns
// nil for each value, as bbolt does for a bucket.
type large struct{ *bucket }

func (t large) Get(key []byte) []byte {
	if b := t.b.Bucket(key); b != nil {
		return b.Get(largeKey)
	}
	return nil
}

func (t large) Put(key, value []byte) error {
	b, err := t.b.CreateBucketIfNotExists(key)
	if err != nil {
		return err
	}
	return b.Put(largeKey, value)
}

func (t large) Delete(key []byte) error {
	err := t.b.DeleteBucket(key)
	if errors.Is(err, berrors.ErrBucketNotFound) {
		return nil
	}
	return err
}
