package search

import (
	"encoding/binary"
	"maps"
	"slices"
	"sort"
	"strings"
)

// Index is an inverted index: for each word, its documents and its positions in them. A document is one part of a
// case: a statement, a reply, a note, the name of a file. What was added since the index was last compacted is in a
// map, the rest in one segment of sorted words.
type Index struct {
	cases  []string
	number map[string]uint32 // of a case
	docs   []doc
	docsOf [][]uint32 // by case
	gone   bitset     // documents that were removed

	base  segment
	tail  map[string]*posting
	size  int      // bytes of the tail's postings
	words []string // the tail's words in order; nil where they have changed
}

type doc struct {
	of   uint32 // the case
	part string
}

// posting is the list of one word. docs has for each document a number whose lowest bit is set where the word occurs
// there once, and whose other bits are the distance from the previous document; unless that bit is set, the number of
// occurrences follows. pos has the word's positions, each as the distance from the previous one in the document. All
// are unsigned varints.
type posting struct {
	docs, pos []byte
	last      uint32 // the document last added, plus 1
}

// tailLimit is the size of the tail, in bytes of postings, at which it is merged.
const tailLimit = 24 << 20

// NewIndex returns an empty index.
func NewIndex() *Index {
	return &Index{number: map[string]uint32{}, tail: map[string]*posting{}}
}

// Add adds one part of a case. It replaces a part of the same name.
func (x *Index) Add(key, part, text string) {
	x.Remove(key, part)
	of, known := x.number[key]
	if !known {
		of = uint32(len(x.cases))
		x.number[key] = of
		x.cases = append(x.cases, key)
		x.docsOf = append(x.docsOf, nil)
	}
	d := uint32(len(x.docs))
	x.docs = append(x.docs, doc{of, part})
	x.docsOf[of] = append(x.docsOf[of], d)

	places := map[string][]uint32{}
	n := uint32(0)
	eachWord(text, func(w []byte, _, _ int) {
		places[string(w)] = append(places[string(w)], n)
		n++
	})
	for w, list := range places {
		p := x.tail[w]
		if p == nil {
			p = new(posting)
			x.tail[w] = p
			x.words = nil
		}
		x.size -= len(p.docs) + len(p.pos)
		p.add(d, list)
		x.size += len(p.docs) + len(p.pos)
	}
	if x.size > max(tailLimit, len(x.base.docs)/3) {
		x.Compact()
	}
}

func (p *posting) add(d uint32, places []uint32) {
	v := uint64(d+1-p.last) << 1
	if len(places) == 1 {
		p.docs = binary.AppendUvarint(p.docs, v|1)
	} else {
		p.docs = binary.AppendUvarint(p.docs, v)
		p.docs = binary.AppendUvarint(p.docs, uint64(len(places)))
	}
	p.last = d + 1
	before := uint32(0)
	for _, n := range places {
		p.pos = binary.AppendUvarint(p.pos, uint64(n-before))
		before = n
	}
}

// Remove removes parts of a case, or all of it where no part is named. They are not found any more; their words stay
// in memory until Compact, and are never in the output of WriteTo.
func (x *Index) Remove(key string, parts ...string) {
	of, known := x.number[key]
	if !known {
		return
	}
	x.docsOf[of] = slices.DeleteFunc(x.docsOf[of], func(d uint32) bool {
		if len(parts) > 0 && !slices.Contains(parts, x.docs[d].part) {
			return false
		}
		x.gone.set(d)
		return true
	})
}

// Documents returns the number of parts that can be found.
func (x *Index) Documents() int { return len(x.docs) - x.gone.count() }

// Has reports whether a part of a case is in the index.
func (x *Index) Has(key, part string) bool {
	of, known := x.number[key]
	return known && slices.ContainsFunc(x.docsOf[of], func(d uint32) bool { return x.docs[d].part == part })
}

// list is a word and its posting.
type list struct {
	word string
	posting
}

// matching calls f for the postings of the words that match a term's word: in the segment and in the tail.
func (x *Index) matching(word string, prefix bool, f func(list)) {
	x.base.matching(word, prefix, f)
	if !prefix {
		if p := x.tail[word]; p != nil {
			f(list{word, *p})
		}
		return
	}
	if x.words == nil {
		x.words = slices.Sorted(maps.Keys(x.tail))
	}
	for i := sort.SearchStrings(x.words, word); i < len(x.words) && strings.HasPrefix(x.words[i], word); i++ {
		f(list{x.words[i], *x.tail[x.words[i]]})
	}
}

// cursor reads a posting, document by document. A damaged posting ends at the first invalid number.
type cursor struct {
	docs, pos []byte
	next      uint32 // the document read, plus 1
	times     int    // the number of occurrences there
	unread    int    // places of earlier documents not read yet
}

func (p posting) cursor() cursor { return cursor{docs: p.docs, pos: p.pos} }

// doc reads the next document.
func (c *cursor) doc() (d uint32, ok bool) {
	v, n := uvarint(c.docs)
	if n <= 0 || v>>1 == 0 {
		return 0, false
	}
	c.docs = c.docs[n:]
	c.unread += c.times
	c.times = 1
	if v&1 == 0 {
		times, n := uvarint(c.docs)
		if n <= 0 || times > uint64(len(c.pos)) {
			return 0, false
		}
		c.docs = c.docs[n:]
		c.times = int(times)
	}
	if v>>1 > uint64(^uint32(0)-c.next) {
		return 0, false
	}
	c.next += uint32(v >> 1)
	return c.next - 1, true
}

// places reads the positions of the word in the document last read.
func (c *cursor) places(out []uint32) []uint32 {
	for ; c.unread > 0; c.unread-- {
		i := 0
		for i < len(c.pos) && c.pos[i] >= 0x80 {
			i++
		}
		c.pos = c.pos[min(i+1, len(c.pos)):]
	}
	at := uint32(0)
	for range c.times {
		v, n := uvarint(c.pos)
		if n <= 0 {
			return out
		}
		c.pos = c.pos[n:]
		at += uint32(v)
		out = append(out, at)
	}
	c.times = 0
	return out
}

// uvarint is binary.Uvarint with a fast path for one byte, which most numbers have.
func uvarint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}
