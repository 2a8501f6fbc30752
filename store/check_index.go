package store

import (
	"bytes"
	"slices"

	"zapis/crypto/ledger"
	"zapis/store/kv"
)

// checkIndexes compares the indexes with what the entries require.
func (c *checker) checkIndexes() error {
	tx := c.v.tx
	c.checkBodyIndex()
	var governing []uint64
	eachRow(tx.Table(tableGoverning), func(k, _ []byte) {
		if n, ok := readNumber(k); ok && n < c.v.Size {
			governing = append(governing, n)
		} else if !ok {
			c.add(-1, c.v.s.name, "a key %x among the entries that govern", k)
		}
	})
	if !slices.Equal(governing, c.governing) {
		c.add(-1, c.v.s.name, "the list of entries that govern is %d, and should be %d", governing, c.governing)
	}
	if len(c.damaged) == 0 {
		eachRow(tx.Table(tableSmall), func(k, _ []byte) {
			if !c.sealed.named(ledger.Hash(pad(k))) {
				c.add(-1, "part "+ledger.Hash(pad(k)).String(), "a part that no body names")
			}
		})
		c.compareKeys(tx.Table(tableFiles), sortedKeys(c.files), "an attachment in the index of files that no body names")
	}
	eachRow(tx.Table(tableErased), func(k, v []byte) {
		h := ledger.Hash(pad(k))
		of, named := c.named[h]
		if index, ok := readNumber(v); !ok || index >= c.v.Size || c.chain != nil && (!named || c.gone[h] != of) {
			c.add(-1, "part "+h.String(), "it was erased, and no tombstone names it")
		}
	})
	eachRow(tx.Table(tableTags), func(k, v []byte) {
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
	eachRow(tx.Table(tableLocators), func(k, v []byte) {
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
		c.add(-1, c.v.s.name, "it does not say rightly how much of it is indexed")
		return
	}
	want := slices.DeleteFunc(c.bodies, func(x indexed) bool { return x.index >= from })
	slices.SortFunc(want, func(a, b indexed) int { return bytes.Compare(a.key[:], b.key[:]) })
	i := 0
	eachRow(c.v.tx.Table(tableBodies), func(k, v []byte) {
		index, ok := readNumber(v)
		for i < len(want) && bytes.Compare(want[i].key[:], k) < 0 {
			c.notIndexed(want[i])
			i++
		}
		if c.damaged[index] {
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
	if !c.damaged[x.index] {
		c.add(int64(x.index), "", "its body is not indexed")
	}
}

// compareKeys reports keys of a bucket that are not among those named. Missing
// ones were reported with their entry.
func (c *checker) compareKeys(b kv.Table, named []ledger.Hash, what string) {
	i := 0
	eachRow(b, func(k, _ []byte) {
		for i < len(named) && bytes.Compare(named[i][:], k) < 0 {
			i++
		}
		if i == len(named) || !bytes.Equal(named[i][:], k) {
			c.add(-1, "part "+ledger.Hash(pad(k)).String(), "%s", what)
		}
	})
}

func compareHashes(a, b ledger.Hash) int { return bytes.Compare(a[:], b[:]) }

func sortedKeys(m map[ledger.Hash]int64) []ledger.Hash {
	keys := make([]ledger.Hash, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareHashes)
	return keys
}
