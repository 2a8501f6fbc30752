package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"zapis/internal/shorttest"
	"zapis/store/kv"
)

const testPage = 1024 // bytes of a page: trees are deep with few keys

// newDeepDB makes a database with small pages, trees of several levels, values of all sizes and free pages.
func newDeepDB(t *testing.T, seed uint64) (path string, values map[string][]byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "db")
	o := options()
	o.PageSize = testPage
	o.NoSync, o.NoFreelistSync = true, false
	raw, _, err := openFile(path, o)
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Update(func(tx *bbolt.Tx) error {
		for _, s := range specs {
			if _, err := tx.CreateBucket([]byte(s.Name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, raw.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := Open(path, specs, false)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.NoSync(true)
	random := rand.New(rand.NewPCG(seed, 1))
	values = make(map[string][]byte)
	entry := uint64(0)
	for range 12 {
		err := kv.Update(db, func(tx kv.Tx) error {
			for range random.IntN(200) {
				entry++
				if err := tx.Table("entries").Put(binary.BigEndian.AppendUint64(nil, entry), make([]byte, random.IntN(3*testPage))); err != nil {
					return err
				}
			}
			for range random.IntN(60) {
				key := fmt.Sprintf("%032x", random.Uint64())
				size := []int{0, 5, 100, 250, testPage - valueStart, testPage, 5000, 20_000}[random.IntN(8)]
				if random.IntN(60) == 0 {
					size = 300_000 // more than a chunk
				}
				value := bytes.Repeat([]byte(key), size/32+1)[:size]
				if err := tx.Table("small").Put([]byte(key), value); err != nil {
					return err
				}
				values[key] = value
			}
			for key := range values {
				if random.IntN(8) == 0 {
					delete(values, key)
					if err := tx.Table("small").Delete([]byte(key)); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return path, values
}

// inspect returns what Check and Scan find in a file that is open for reading.
func inspect(t *testing.T, path string) (faults []string, values map[string][]byte) {
	t.Helper()
	db, err := Open(path, specs, true)
	if err != nil {
		return []string{err.Error()}, nil
	}
	defer db.Close()
	tx, err := db.Begin(false)
	if err != nil {
		return []string{err.Error()}, nil
	}
	defer tx.Rollback()
	values = make(map[string][]byte)
	err = tx.Scan("small", kv.Range{}, func(read kv.Chunk) error {
		read(new([]byte), func(k, v []byte, err error) {
			if err == nil {
				values[string(k)] = bytes.Clone(v)
			}
		})
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	tx.(*transaction).checkPages(false, func(text string) { faults = append(faults, text) })
	return faults, values
}

// A value that is larger than its table's are is not read by Scan, and those beside it are.
func TestScanLeavesOutOversized(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db, err := Create(path, specs)
	if err != nil {
		t.Fatal(err)
	}
	err = kv.Update(db, func(tx kv.Tx) error {
		return errors.Join(tx.Table("small").Put([]byte("a"), make([]byte, kv.MostOfAll)), tx.Table("small").Put([]byte("b"), make([]byte, 2*kv.MostOfAll)),
			tx.Table("small").Put([]byte("c"), make([]byte, 300_000)))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	faults, values := inspect(t, path)
	if len(faults) > 0 || len(values) != 2 || len(values["a"]) != kv.MostOfAll || len(values["c"]) != 300_000 {
		t.Errorf("%q; %d values, of %d and %d bytes", faults, len(values), len(values["a"]), len(values["c"]))
	}
}

// Databases that bbolt's own check finds whole have no faults, and Scan gives each value.
func TestWholeDatabasesHaveNoFaults(t *testing.T) {
	for seed := range uint64(shorttest.Count(8, 1)) {
		path, want := newDeepDB(t, seed)
		faults, got := inspect(t, path)
		if len(faults) > 0 {
			t.Errorf("seed %d: %q", seed, faults)
		}
		if len(got) != len(want) {
			t.Errorf("seed %d: %d values, want %d", seed, len(got), len(want))
		}
		for k, v := range want {
			if !bytes.Equal(got[k], v) {
				t.Errorf("seed %d: %s has %d bytes, want %d", seed, k, len(got[k]), len(v))
			}
		}
		raw, _, err := openFile(path, &bbolt.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.View(func(tx *bbolt.Tx) error {
			for err := range tx.Check() {
				t.Errorf("seed %d: bbolt finds %s", seed, err)
			}
			return nil
		})
		if err := raw.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// usedPage returns the first page that satisfies is, and is in use.
func usedPage(t *testing.T, path string, is func(p page) bool) (found page) {
	t.Helper()
	db, err := Open(path, specs, true)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = kv.View(db, func(tx kv.Tx) error {
		inner := tx.(*transaction)
		f := inner.pages()
		look := func(p page, _, _ []byte) bool {
			if found.data == nil && is(p) {
				found = p
				found.data = bytes.Clone(p.data)
			}
			return true
		}
		for _, name := range []string{"entries", "small"} {
			if err := f.walk(uint64(inner.tx.Bucket([]byte(name)).Root()), look); err != nil {
				return err
			}
		}
		return f.walk(uint64(inner.tx.Cursor().Bucket().Root()), look)
	})
	if err != nil || found.data == nil {
		t.Fatal("no such page, ", err)
	}
	return found
}

// Each way in which the pages can contradict each other is a fault.
func TestDamagedPagesAreFound(t *testing.T) {
	branch := func(p page) bool { return p.flags == branchPage && p.count > 3 }
	leaf := func(p page) bool { return p.flags == leafPage && p.count > 3 }
	whole, _ := newDeepDB(t, 3)
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		is     func(p page) bool
		damage func(p page) // changes p.data
		want   string
	}{
		{"another number", leaf, func(p page) { p.data[0]++ }, "it says that it is page"},
		{"another type", leaf, func(p page) { p.data[8] = 9 }, "its type is 0x9"},
		{"a branch called a leaf", branch, func(p page) { p.data[8] = leafPage }, "neither used nor free"},
		{"more elements than there are", leaf, func(p page) { order.PutUint16(p.data[10:], 60000) }, "does not lie in it"},
		{"fewer elements", branch, func(p page) { order.PutUint16(p.data[10:], uint16(p.count-1)) }, "neither used nor free"},
		{"more pages that follow", leaf, func(p page) { order.PutUint32(p.data[12:], order.Uint32(p.data[12:])+1) }, "used"},
		{"more pages than there are", leaf, func(p page) { order.PutUint32(p.data[12:], 1<<30) }, "pages follow it"},
		{"a child used twice", branch, func(p page) { copy(p.data[pageHeader+8:], p.data[pageHeader+elementSize+8:][:8]) }, "used twice"},
		{"itself as a child", branch, func(p page) { order.PutUint64(p.data[pageHeader+8:], p.id) }, "used twice"},
		{"a child beyond the end", branch, func(p page) { order.PutUint64(p.data[pageHeader+8:], 1<<40) }, "there are"},
		{"keys out of order", leaf, func(p page) {
			a, _ := p.element(0)
			b, _ := p.element(1)
			n := min(len(a.key), len(b.key))
			x := bytes.Clone(a.key[:n])
			copy(a.key, b.key[:n])
			copy(b.key, x)
		}, "is not in order"},
		{"a key below its place", func(p page) bool { return leaf(p) && !bytes.Equal(mustKey(p), make([]byte, 8)) }, func(p page) { clear(mustKey(p)) }, "does not belong in it"},
		{"a key above its place", branch, func(p page) {
			e, _ := p.element(p.count - 2)
			for i := range e.key {
				e.key[i] = 0xff
			}
		}, "not in order"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			p := usedPage(t, path, test.is)
			test.damage(p)
			writeAt(t, path, p.data, int64(p.id*testPage))
			faults, _ := inspect(t, path)
			if !strings.Contains(strings.Join(faults, "\n"), test.want) {
				t.Errorf("%q, want %q", faults, test.want)
			}
		})
	}
}

func mustKey(p page) []byte {
	e, _ := p.element(0)
	return e.key
}

func writeAt(t *testing.T, path string, b []byte, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// The list of free pages contains each page that is not in use, once, and no other.
func TestDamagedListOfFreePagesIsFound(t *testing.T) {
	shorttest.Skip(t, "no list of free pages is damaged")
	for _, test := range []struct {
		name   string
		damage func(ids []byte, p []byte)
		want   string
	}{
		{"lost", func(ids, p []byte) { order.PutUint16(p[10:], order.Uint16(p[10:])-1) }, "neither used nor free"},
		{"twice", func(ids, _ []byte) { copy(ids, ids[8:16]) }, "free twice"},
		{"in use", func(ids, _ []byte) { order.PutUint64(ids, 1) }, "used and free"},
		{"beyond the end", func(ids, _ []byte) { order.PutUint64(ids, 1<<40) }, "it is free, and there are"},
		{"more than fit", func(_, p []byte) { order.PutUint16(p[10:], 65000) }, "are not all in it"},
		{"another type", func(_, p []byte) { p[8] = leafPage }, "it should be the list of free pages"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path, _ := newDeepDB(t, 5)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			newest := content[pageHeader:]
			if other := content[testPage+pageHeader:]; order.Uint64(other[metaTx:]) > order.Uint64(newest[metaTx:]) {
				newest = other
			}
			at := order.Uint64(newest[metaFreelist:]) * testPage
			list := content[at : at+testPage]
			test.damage(list[pageHeader:], list)
			writeAt(t, path, list, int64(at))
			faults, _ := inspect(t, path)
			if !strings.Contains(strings.Join(faults, "\n"), test.want) {
				t.Errorf("%q, want %q", faults, test.want)
			}
		})
	}
}

// Whatever is in the pages, Check and Scan end, and Scan gives a value only under a key that the table has or that was
// altered itself.
func TestAlteredPagesEndNothing(t *testing.T) {
	shorttest.Skip(t, "no bits of a database are turned under an open transaction")
	path, values := newDeepDB(t, 7)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(path, specs, true)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	random := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		id := 2 + random.IntN(len(content)/testPage-2)
		at := id*testPage + random.IntN(200) // headers, elements and keys
		writeAt(t, path, []byte{content[at] ^ 1<<random.IntN(8)}, int64(at))
		tx.(*transaction).checkPages(false, func(string) {})
		err := tx.Scan("small", kv.Range{}, func(read kv.Chunk) error {
			read(new([]byte), func([]byte, []byte, error) {})
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		writeAt(t, path, content[at:at+1], int64(at))
	}
	if len(values) == 0 {
		t.Error("no values")
	}
}

// Whatever bit is turned in front of a large value, Scan gives the value itself or leaves it to bbolt, and the check of
// the pages finds the bit, or the hash of the value does.
func TestTurnedBitsBeforeALargeValue(t *testing.T) {
	shorttest.Skip(t, "no bits before a large value are turned")
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
	scan := func() (got [][]byte, failed error) {
		err := tx.Scan("small", kv.Range{}, func(read kv.Chunk) error {
			read(new([]byte), func(k, v []byte, err error) {
				got, failed = append(got, bytes.Clone(v)), err
				if !bytes.Equal(k, key) {
					t.Errorf("key %q", k)
				}
			})
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		return got, failed
	}
	if got, err := scan(); len(got) != 1 || !bytes.Equal(got[0], value) || err != nil {
		t.Fatalf("%d values, %v", len(got), err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(content, value) - valueStart
	for bit := range 8 * valueStart {
		where := at + bit/8
		writeAt(t, path, []byte{content[where] ^ 1<<(bit%8)}, int64(where))
		got, err := scan()
		if err != nil {
			t.Errorf("bit %d: %v", bit, err)
		}
		altered := len(got) == 0 || !bytes.Equal(got[0], value)
		faults := 0
		tx.(*transaction).checkPages(true, func(string) { faults++ })
		if follow := bit/8 >= 12 && bit/8 < 16; !altered && faults == 0 && !follow {
			t.Errorf("bit %d is not found", bit)
		}
		writeAt(t, path, content[where:where+1], int64(where))
	}

	if err := os.Truncate(path, int64(at+1000)); err != nil {
		t.Fatal(err)
	}
	if got, err := scan(); len(got) != 1 || got[0] != nil || !errors.Is(err, io.EOF) {
		t.Errorf("a file cut short: %d values, %v", len(got), err)
	}
	if !slices.ContainsFunc(faultsOf(t, db), func(text string) bool { return strings.Contains(text, "EOF") }) {
		t.Error("a file cut short has no fault")
	}
}
