package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
)

// A page as bbolt writes it, and its elements. Numbers have the machine's order of bytes.
//
//	page                        element of a branch      element of a leaf
//	0   8  its number           0  4  offset of the key  0   4  flags: 1, the value is a bucket
//	8   2  flags: what it is    4  4  bytes of the key   4   4  offset of the key
//	10  2  how many elements    8  8  page of the child  8   4  bytes of the key
//	12  4  pages that follow                             12  4  bytes of the value, which follows the key
//
// Offsets count from the first byte of the element. The value of a bucket begins with the number of its root page and a
// sequence number, 8 bytes each; where the first is 0, a leaf page follows (inline), without space after its elements.
const (
	branchPage   = 1
	leafPage     = 2
	metaPage     = 4
	freelistPage = 16

	pageHeader   = 16
	elementSize  = 16
	bucketHeader = 16
	bucketFlag   = 1
)

var order = binary.NativeEndian

// page is a page and those that follow it, or the beginning of them.
type page struct {
	id       uint64
	flags    uint16
	count    int
	overflow uint64 // pages that follow
	data     []byte
}

// element is one row of a page. child is set in a branch, flags and value in a leaf.
type element struct {
	key, value []byte
	flags      uint32
	child      uint64
}

// damage is what is wrong with a page, unlike an error of reading the file.
type damage struct {
	page uint64
	what string
}

func (d *damage) Error() string { return fmt.Sprintf("page %d: %s", d.page, d.what) }

func damaged(page uint64, format string, args ...any) error {
	return &damage{page, fmt.Sprintf(format, args...)}
}

// parsePage reads a page's header.
func parsePage(data []byte) (page, bool) {
	if len(data) < pageHeader {
		return page{}, false
	}
	return page{order.Uint64(data), order.Uint16(data[8:]), int(order.Uint16(data[10:])), uint64(order.Uint32(data[12:])), data}, true
}

// element returns row i, or false if it does not lie within the page's bytes.
func (p page) element(i int) (e element, ok bool) {
	at := uint64(pageHeader + i*elementSize)
	if at+elementSize > uint64(len(p.data)) {
		return e, false
	}
	b := p.data[at:]
	var key, keyLen, valueLen uint64
	if p.flags == branchPage {
		key, keyLen, e.child = uint64(order.Uint32(b)), uint64(order.Uint32(b[4:])), order.Uint64(b[8:])
	} else {
		e.flags, key, keyLen, valueLen = order.Uint32(b), uint64(order.Uint32(b[4:])), uint64(order.Uint32(b[8:])), uint64(order.Uint32(b[12:]))
	}
	if key+keyLen+valueLen > uint64(len(b)) {
		return element{}, false
	}
	e.key, e.value = b[key:key+keyLen], b[key+keyLen:key+keyLen+valueLen]
	return e, true
}

// bucket returns the root page of an element's bucket. Where that is 0, the page is in the element's value.
func (e element) bucket() (root uint64, inline page, ok bool) {
	if e.flags&bucketFlag == 0 || len(e.value) < bucketHeader {
		return 0, page{}, false
	}
	if root = order.Uint64(e.value); root != 0 {
		return root, page{}, true
	}
	inline, ok = parsePage(e.value[bucketHeader:])
	return 0, inline, ok && inline.flags == leafPage
}

// onlyValue returns the value of a large value's page: a leaf with one row, whose key is largeKey.
func (p page) onlyValue() (value []byte, ok bool) {
	if p.flags != leafPage || p.count != 1 {
		return nil, false
	}
	e, ok := p.element(0)
	return e.value, ok && e.flags == 0 && bytes.Equal(e.key, largeKey)
}

// pages reads pages of a database file by plain reads: the first touch of a page of bbolt's map costs 10 to 20 µs on the
// machine of docs/performance.md. They are those of one transaction, which keeps them from being written again.
type pages struct {
	file  *os.File
	size  uint64 // bytes of a page
	count uint64 // of the transaction: all numbers are below
}

func (t *transaction) pages() pages {
	size := uint64(t.tx.DB().Info().PageSize)
	return pages{t.file, size, uint64(t.tx.Size()) / size}
}

// read reads a page and those that follow it into buf, which grows as needed.
func (f pages) read(id uint64, buf *[]byte) (page, error) { return f.readUpTo(id, maxRead, buf) }

// readUpTo is read, but that it refuses what has more than so many bytes.
func (f pages) readUpTo(id, most uint64, buf *[]byte) (page, error) {
	p, err := f.readSome(id, f.size, buf)
	if err != nil || p.overflow == 0 {
		return p, err
	}
	n := (1 + p.overflow) * f.size
	if n > most {
		return page{}, damaged(id, "%d bytes from it on, and at most %d are read", n, most)
	}
	return f.readSome(id, n, buf)
}

// maxRead bounds what a damaged number of following pages has us read, in bytes. The list of free pages is the longest
// of all that is not damaged: 8 bytes for each.
const maxRead = 1 << 30

// readSome reads the first n bytes of a page and of those that follow it.
func (f pages) readSome(id, n uint64, buf *[]byte) (page, error) {
	if id < 2 || id >= f.count || n > (f.count-id)*f.size || n > maxRead {
		return page{}, damaged(id, "%d bytes from it on, and there are %d pages", n, f.count)
	}
	if uint64(len(*buf)) < n {
		*buf = make([]byte, n)
	}
	data := (*buf)[:n]
	if _, err := f.file.ReadAt(data, int64(id*f.size)); err != nil {
		return page{}, fmt.Errorf("page %d: %w", id, err)
	}
	p, ok := parsePage(data)
	if !ok || p.id != id {
		return page{}, damaged(id, "it says that it is page %d", p.id)
	}
	if p.overflow >= f.count-id {
		return page{}, damaged(id, "%d pages follow it, and there are %d", p.overflow, f.count)
	}
	return p, nil
}

// maxDepth bounds the depth of a tree. One of three levels of pages of 16 KiB has some ten million keys of 32 bytes.
const maxDepth = 32

// walk passes the pages of a tree to visit, a branch before its children, in the order of the keys. least and below are
// what its place requires of a page's keys: at least the one, and less than the other, where they are not nil. Where visit
// returns false, the children are left out. What visit is given is valid until it returns.
func (f pages) walk(root uint64, visit func(p page, least, below []byte) (descend bool)) error {
	var bufs [maxDepth][]byte
	left := f.count
	var from func(id uint64, least, below []byte, depth int) error
	from = func(id uint64, least, below []byte, depth int) error {
		if depth == maxDepth || left == 0 {
			return damaged(id, "its tree does not end")
		}
		left--
		p, err := f.read(id, &bufs[depth])
		if err != nil {
			return err
		}
		if p.flags != branchPage && p.flags != leafPage {
			return damaged(id, "its type is %#x", p.flags)
		}
		if !visit(p, least, below) || p.flags == leafPage {
			return nil
		}
		for i := range p.count { // their order is not the file's: without it the disk reads one after the other
			if e, ok := p.element(i); ok && e.child < f.count {
				willRead(f.file, e.child*f.size, f.size)
			}
		}
		next, ok := p.element(0)
		for i := range p.count {
			e := next
			if !ok {
				return damaged(id, "its element %d does not lie in it", i)
			}
			end := below
			if i+1 < p.count {
				if next, ok = p.element(i + 1); ok {
					end = next.key
				}
			}
			if err := from(e.child, e.key, end, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return from(root, nil, nil, 0)
}
