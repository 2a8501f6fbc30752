package bolt

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"

	"zapis/store/kv"
)

// What stands in front of a large value that has pages of its own: the page's header and the header of its one element,
// as bbolt writes them, and the key.
//
//	0   8  number of the page        16  4  flags of the element: 0
//	8   2  flags of the page: 2, leaf 20  4  from the element to its key: 16
//	10  2  elements: 1               24  4  bytes of the key
//	12  4  pages that follow         28  4  bytes of the value
//
// Numbers have the machine's order of bytes.
const (
	leafPage     = 2
	beforeKey    = 32
	valueOffset  = beforeKey + 4 // the key is largeKey
	elementToKey = 16
)

// Locate finds the page of a large value in the index, and does not touch it. A plain read then copies the value into
// the caller's buffer: the first touch of a page of the map costs a fault of the hypervisor's tables, some 10 to 20 µs
// on the machine of docs/performance.md.
func (t *transaction) Locate(name string, key []byte, size int64) kv.Read {
	table, ok := t.Table(name).(large)
	if !ok {
		return nil
	}
	b := table.b.Bucket(key)
	if b == nil {
		return nil
	}
	page := uint64(b.Root())
	if page == 0 || t.tx.Writable() { // it lies beside its key, or perhaps in memory alone
		value := b.Get(largeKey)
		if value == nil {
			return nil
		}
		return func([]byte) ([]byte, error) { return value, nil }
	}
	file, pageSize := t.file, uint64(t.tx.DB().Info().PageSize)
	return func(buf []byte) ([]byte, error) {
		if page > math.MaxInt64/pageSize || size < 0 || size > math.MaxUint32 {
			return nil, kv.ErrIrregular
		}
		return readLarge(file, page, pageSize, int(size), buf)
	}
}

// readLarge reads the value of so many bytes that has a page of this number.
func readLarge(file *os.File, page, pageSize uint64, size int, buf []byte) ([]byte, error) {
	n := valueOffset + size
	if len(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := file.ReadAt(buf, int64(page*pageSize)); err != nil {
		return nil, fmt.Errorf("page %d: %w", page, err)
	}
	order := binary.NativeEndian
	regular := order.Uint64(buf) == page &&
		order.Uint16(buf[8:]) == leafPage &&
		order.Uint16(buf[10:]) == 1 &&
		order.Uint32(buf[16:]) == 0 &&
		order.Uint32(buf[20:]) == elementToKey &&
		order.Uint32(buf[24:]) == uint32(len(largeKey)) &&
		order.Uint32(buf[28:]) == uint32(size) &&
		string(buf[beforeKey:valueOffset]) == string(largeKey)
	if !regular {
		return nil, kv.ErrIrregular
	}
	return buf[valueOffset:], nil
}
