package store

import (
	"bytes"
	"slices"

	"zapis/crypto/ledger"
)

// checkIndexes compares the indexes with what the entries require.
func (c *checker) checkIndexes() error {
	tx := c.v.tx
	c.checkBodyIndex()
	if len(c.damaged) == 0 {
		c.eachListed(tableSmall, func(k, _ []byte) {
			if !c.sealed.named(ledger.Hash(pad(k))) {
				c.add(-1, "part "+ledger.Hash(pad(k)).String(), "a part that no body names")
			}
		})
		c.eachListed(tableFiles, func(k, _ []byte) {
			if !c.files[ledger.Hash(pad(k))] || len(k) != len(ledger.Hash{}) {
				c.add(-1, "part "+ledger.Hash(pad(k)).String(), "an attachment in the index of files that no body names")
			}
		})
	}
	c.eachListed(tableErased, func(k, v []byte) {
		h := ledger.Hash(pad(k))
		of, named := c.named[h]
		if index, ok := readNumber(v); !ok || index >= c.v.Size || c.chain != nil && (!named || c.gone[h] != of) {
			c.add(-1, "part "+h.String(), "it was erased, and no tombstone names it")
		}
	})
	c.eachListed(tableTags, func(k, v []byte) {
		h := ledger.Hash(pad(k))
		if body, ok := c.tags[h]; ok && bytes.Equal(v, body[:]) {
			delete(c.tags, h)
		} else if c.chain != nil && !ok {
			// The reply itself may have been erased; its tag then refers to
			// nothing.
			if b, err := c.v.bodyOf(ledger.Hash(pad(v))); err != nil || tx.Table(tableErased).Get(b.Parts[0].Hash[:]) == nil {
				c.add(-1, "reply "+h.String(), "its tag leads to no such reply")
			}
		}
	})
	for tag := range c.tags {
		c.add(-1, "reply "+tag.String(), "its tag is not indexed, or leads to another reply")
	}
	return nil
}

// checkOthers verifies the tables that name no part.
func (c *checker) checkOthers() error {
	var governing []uint64
	eachRow(c.v.tx.Table(tableGoverning), func(k, _ []byte) {
		if n, ok := readNumber(k); ok && n < c.v.Size {
			governing = append(governing, n)
		} else if !ok {
			c.add(-1, c.v.s.name, "a key %x among the entries that govern", k)
		}
	})
	if !slices.Equal(governing, c.governing) {
		c.add(-1, c.v.s.name, "the list of entries that govern is %d, and should be %d", governing, c.governing)
	}
	eachRow(c.v.tx.Table(tableLocators), func(k, v []byte) {
		if len(k) != 32 || v == nil || len(v) > MaxLocator {
			c.add(-1, "locator "+ledger.Hash(pad(k)).String(), "it is no locator")
		}
	})
	return nil
}

// checkBodyIndex compares the index of bodies in the database with the entries
// that it covers.
func (c *checker) checkBodyIndex() {
	from, ok := readNumber(c.v.tx.Table(tableMeta).Get(metaIndexed))
	if !ok || from != c.v.tail.from {
		if c.first() {
			c.add(-1, c.v.s.name, "it does not say rightly how much of it is indexed")
		}
		return
	}
	want := slices.DeleteFunc(c.bodies, func(x indexed) bool { return x.index >= from })
	slices.SortFunc(want, func(a, b indexed) int { return bytes.Compare(a.key[:], b.key[:]) })
	i := 0
	c.eachListed(tableBodies, func(k, v []byte) {
		index, ok := readNumber(v)
		for i < len(want) && bytes.Compare(want[i].key[:], k) < 0 {
			c.notIndexed(want[i])
			i++
		}
		if c.damaged.has(index) {
			if i < len(want) && want[i].index == index {
				i++
			}
			return
		}
		if !ok || i == len(want) || !bytes.Equal(want[i].key[:], k) || want[i].index != index {
			c.add(-1, c.v.s.name, "the index of bodies leads from %x to entry %d, and no such body stands there", k, index)
		}
		if i < len(want) && bytes.Equal(want[i].key[:], k) {
			i++
		}
	})
	for ; i < len(want); i++ {
		c.notIndexed(want[i])
	}
}

func (c *checker) notIndexed(x indexed) {
	if !c.damaged.has(x.index) {
		c.add(int64(x.index), "", "its body is not indexed")
	}
}

func compareHashes(a, b ledger.Hash) int { return bytes.Compare(a[:], b[:]) }
