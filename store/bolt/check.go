package bolt

import (
	"bytes"
	"fmt"
	"hash/fnv"
)

// valueStart is where a large value begins in its page: header, element and key come first.
const valueStart = pageHeader + elementSize + 4

// pageCheck verifies the pages of a transaction as bbolt's own Check does, by plain reads: each is in use once, or free,
// their keys are in order, and within what the pages above say. bbolt's Check reads through its map, and keeps some 100
// bytes for each page.
type pageCheck struct {
	pages
	used  []uint64 // a bit for each page that is in use
	fault func(text string)
	small []byte // the beginning of a large value's page
}

// checkPages runs it. Free pages can be told from lost ones only while nothing is written.
func (t *transaction) checkPages(live bool, fault func(text string)) {
	f := t.pages()
	c := &pageCheck{pages: f, used: make([]uint64, (f.count+63)/64), fault: fault}
	c.use(0, 1)
	c.use(1, 1)
	c.bucket(uint64(t.tx.Cursor().Bucket().Root()), func(name []byte) bool { return t.specs[string(name)].Large })
	if !live {
		c.free(uint64(t.tx.ID()))
	}
}

func (c *pageCheck) add(err error) { c.fault(err.Error()) }

// use marks pages as used, and reports whether none of them was.
func (c *pageCheck) use(id, n uint64) bool {
	for i := id; i < id+n; i++ {
		if c.isUsed(i) {
			c.add(damaged(i, "it is used twice"))
			return false
		}
		c.used[i/64] |= 1 << (i % 64)
	}
	return true
}

func (c *pageCheck) isUsed(id uint64) bool { return c.used[id/64]>>(id%64)&1 == 1 }

// bucket verifies the tree of a bucket, and those of the buckets in it. large tells which of these are large tables.
func (c *pageCheck) bucket(root uint64, large func(name []byte) bool) {
	err := c.walk(root, func(p page, least, below []byte) bool {
		if !c.use(p.id, 1+p.overflow) {
			return false
		}
		c.checkOrder(p, least, below)
		if p.flags != leafPage {
			return true
		}
		for i := range p.count {
			e, ok := p.element(i)
			if !ok || e.flags == 0 {
				continue
			}
			switch child, _, ok := e.bucket(); {
			case !ok:
				c.add(damaged(p.id, "the bucket %x in it is cut short", e.key))
			case child == 0:
			case large == nil: // e is a value of a large table
				c.value(child)
			case large(e.key):
				c.bucket(child, nil)
			default:
				c.bucket(child, func([]byte) bool { return false })
			}
		}
		return false
	})
	if err != nil {
		c.add(err)
	}
}

// value verifies the page of a large value by its beginning, where that is enough.
func (c *pageCheck) value(root uint64) {
	p, err := c.readSome(root, valueStart, &c.small)
	if err != nil {
		c.add(err)
		return
	}
	at := p.data[pageHeader:]
	end := uint64(elementSize) + uint64(len(largeKey)) + uint64(order.Uint32(at[12:]))
	regular := p.flags == leafPage && p.count == 1 && order.Uint32(at) == 0 && order.Uint32(at[4:]) == elementSize &&
		order.Uint32(at[8:]) == uint32(len(largeKey)) && pageHeader+end <= (1+p.overflow)*c.size
	if regular {
		c.use(root, 1+p.overflow)
		return
	}
	c.bucket(root, func([]byte) bool { return false })
}

// checkOrder verifies that a page's keys ascend, and are where its place in the tree says.
func (c *pageCheck) checkOrder(p page, least, below []byte) {
	for i := range p.count {
		e, ok := p.element(i)
		switch {
		case !ok:
			c.add(damaged(p.id, "its element %d does not lie in it", i))
			return
		case i == 0 && least != nil && bytes.Compare(e.key, least) < 0, below != nil && bytes.Compare(e.key, below) >= 0:
			c.add(damaged(p.id, "its key %x does not belong in it", e.key))
		case i > 0 && bytes.Compare(e.key, least) <= 0:
			c.add(damaged(p.id, "its key %x is not in order", e.key))
		}
		least = e.key
	}
}

// Where the pages 0 and 1 have what bbolt needs to find all others, after the page's header:
//
//	0  4 magic    16  8 root page of the root bucket    40  8 pages in all    56  8 FNV-1a over what is before
//	4  4 version  24  8 its sequence                    48  8 transaction
//	8  4 bytes of a page, 12 4 flags                    32  8 page of the free list
const (
	metaFreelist = 32
	metaTx       = 48
	metaSum      = 56
	metaSize     = 64
)

// free verifies the list of free pages, and that each page is in use or in it.
func (c *pageCheck) free(tx uint64) {
	list, ok := c.freelist(tx)
	if !ok {
		c.fault("no page leads to the list of free pages")
		return
	}
	var buf []byte
	p, err := c.read(list, &buf)
	if err != nil {
		c.add(err)
		return
	}
	if p.flags != freelistPage {
		c.add(damaged(list, "its type is %#x, and it should be the list of free pages", p.flags))
		return
	}
	if !c.use(list, 1+p.overflow) {
		return
	}
	ids, n := p.data[pageHeader:], uint64(p.count)
	if n == 0xffff { // the number stands in front of the list
		n, ids = order.Uint64(ids), ids[8:]
	}
	if n > uint64(len(ids))/8 {
		c.add(damaged(list, "%d free pages are not all in it", n))
		return
	}
	for ; n > 0; n, ids = n-1, ids[8:] {
		if id := order.Uint64(ids); id >= c.count {
			c.add(damaged(id, "it is free, and there are %d", c.count))
		} else if c.isUsed(id) {
			c.add(damaged(id, "it is used and free, or free twice"))
		} else {
			c.used[id/64] |= 1 << (id % 64)
		}
	}
	for id := range c.count {
		if !c.isUsed(id) {
			c.add(damaged(id, "it is neither used nor free"))
		}
	}
}

// freelist returns the page of the list of free pages of a transaction.
func (c *pageCheck) freelist(tx uint64) (list uint64, ok bool) {
	for id := range uint64(2) {
		b := make([]byte, pageHeader+metaSize)
		if _, err := c.file.ReadAt(b, int64(id*c.size)); err != nil {
			c.add(fmt.Errorf("page %d: %w", id, err))
			continue
		}
		meta := b[pageHeader:]
		sum := fnv.New64a()
		sum.Write(meta[:metaSum])
		if sum.Sum64() == order.Uint64(meta[metaSum:]) && order.Uint64(meta[metaTx:]) == tx {
			return order.Uint64(meta[metaFreelist:]), true
		}
	}
	return 0, false
}
