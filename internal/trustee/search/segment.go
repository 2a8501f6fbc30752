package search

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"
)

// The format of a stored index. All numbers of a fixed size are little-endian.
//
//	"zapis/search/v1\n"
//	8 × uint64: cases, documents, words, then the bytes of: the table, the words, the postings, the places; 0
//	the table: the cases' names; for each document its case's number and its part's name
//	(words + 1) × 3 × uint32: where each word, its postings and its places start
//	the words in ascending order, the postings, the places
//
// Names are preceded by their length, and lengths and numbers in the table are unsigned varints.
const (
	formHeader = "zapis/search/v1\n"
	headSize   = len(formHeader) + 8*8
	entrySize  = 12
	maxBlob    = 1<<32 - 1
)

// ErrDamaged is the class of every refusal to load an index. The caller rebuilds it.
var ErrDamaged = errors.New("the search index is damaged")

func damaged(what string) error { return fmt.Errorf("%w: %s", ErrDamaged, what) }

// segment is the immutable part of an index: slices of one file's bytes.
type segment struct{ directory, words, docs, pos []byte }

func (s segment) len() int { return max(0, len(s.directory)/entrySize-1) }

func (s segment) at(i, field int) uint32 {
	return binary.LittleEndian.Uint32(s.directory[i*entrySize+field*4:])
}

func (s segment) word(i int) []byte { return s.words[s.at(i, 0):s.at(i+1, 0)] }

func (s segment) posting(i int) posting {
	return posting{docs: s.docs[s.at(i, 1):s.at(i+1, 1)], pos: s.pos[s.at(i, 2):s.at(i+1, 2)]}
}

func (s segment) matching(word string, prefix bool, f func(list)) {
	n := s.len()
	for i := sort.Search(n, func(i int) bool { return string(s.word(i)) >= word }); i < n; i++ {
		w := string(s.word(i))
		if w != word && (!prefix || !strings.HasPrefix(w, word)) {
			return
		}
		f(list{w, s.posting(i)})
	}
}

// add appends a word after all others.
func (s *segment) add(word string, p posting) {
	s.words = append(s.words, word...)
	s.docs = append(s.docs, p.docs...)
	s.pos = append(s.pos, p.pos...)
	s.mark()
}

// mark records the offset of the next word.
func (s *segment) mark() {
	for _, n := range []int{len(s.words), len(s.docs), len(s.pos)} {
		s.directory = binary.LittleEndian.AppendUint32(s.directory, uint32(n))
	}
}

// Compact merges everything into one segment and drops the words of what was removed.
func (x *Index) Compact() {
	if len(x.tail) == 0 && x.gone.count() == 0 && x.base.directory != nil {
		return
	}
	renumbered := x.renumber()
	merged := segment{docs: make([]byte, 0, len(x.base.docs)+x.size), pos: make([]byte, 0, len(x.base.pos)+x.size)}
	merged.mark()
	tail := slices.Sorted(maps.Keys(x.tail))
	for i := 0; i < x.base.len() || len(tail) > 0; {
		var word string
		var p posting
		switch {
		case len(tail) == 0 || i < x.base.len() && string(x.base.word(i)) < tail[0]:
			word = string(x.base.word(i))
		default:
			word = tail[0]
		}
		if i < x.base.len() && string(x.base.word(i)) == word {
			p.append(x.base.posting(i), renumbered)
			i++
		}
		if len(tail) > 0 && tail[0] == word {
			p.append(*x.tail[word], renumbered)
			tail = tail[1:]
		}
		if len(p.docs) > 0 {
			merged.add(word, p)
		}
	}
	x.base, x.tail, x.size, x.words = merged, map[string]*posting{}, 0, nil
}

const noDocument = ^uint32(0)

// renumber closes the gaps of removed documents, and returns the new number of each old one.
func (x *Index) renumber() []uint32 {
	to := make([]uint32, len(x.docs))
	kept := x.docs[:0:0]
	for d, one := range x.docs {
		to[d] = noDocument
		if !x.gone.has(uint32(d)) {
			to[d] = uint32(len(kept))
			kept = append(kept, one)
		}
	}
	x.docs, x.gone = kept, nil
	// Cases keep their order; those without a document are removed.
	cases, number := x.cases[:0:0], make(map[string]uint32, len(x.cases))
	newCase := make([]uint32, len(x.cases))
	docsOf := x.docsOf[:0:0]
	for n, key := range x.cases {
		if len(x.docsOf[n]) == 0 {
			continue
		}
		newCase[n] = uint32(len(cases))
		number[key] = newCase[n]
		cases = append(cases, key)
		docsOf = append(docsOf, nil)
	}
	for d := range x.docs {
		of := newCase[x.docs[d].of]
		x.docs[d].of = of
		docsOf[of] = append(docsOf[of], uint32(d))
	}
	x.cases, x.number, x.docsOf = cases, number, docsOf
	return to
}

// append adds another posting of the same word, under new numbers of documents, which are all higher.
func (p *posting) append(other posting, to []uint32) {
	c := other.cursor()
	var places []uint32
	for d, ok := c.doc(); ok && int(d) < len(to); d, ok = c.doc() {
		if to[d] != noDocument {
			places = c.places(places[:0])
			p.add(to[d], places)
		}
	}
}

// WriteTo compacts the index and writes it. It fails where w does, and where the index exceeds the format: 4 GiB of
// words, postings or positions.
func (x *Index) WriteTo(w io.Writer) (int64, error) {
	x.Compact()
	if max(len(x.base.words), len(x.base.docs), len(x.base.pos)) > maxBlob {
		return 0, errors.New("the search index is larger than its form allows")
	}
	var table []byte
	for _, key := range x.cases {
		table = appendName(table, key)
	}
	for _, d := range x.docs {
		table = binary.AppendUvarint(table, uint64(d.of))
		table = appendName(table, d.part)
	}
	head := []byte(formHeader)
	for _, n := range []int{len(x.cases), len(x.docs), x.base.len(), len(table), len(x.base.words), len(x.base.docs), len(x.base.pos), 0} {
		head = binary.LittleEndian.AppendUint64(head, uint64(n))
	}
	var written int64
	for _, b := range [][]byte{head, table, x.base.directory, x.base.words, x.base.docs, x.base.pos} {
		n, err := w.Write(b)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func appendName(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Load parses what WriteTo wrote, and retains form, which must not change afterwards. An error is an ErrDamaged.
func Load(form []byte) (*Index, error) {
	if len(form) < headSize || string(form[:len(formHeader)]) != formHeader {
		return nil, damaged("it does not start as one")
	}
	var n [8]int
	total := headSize
	for i := range n {
		v := binary.LittleEndian.Uint64(form[len(formHeader)+8*i:])
		if v > maxBlob || v > uint64(len(form)) {
			return nil, damaged("a length is out of range")
		}
		n[i] = int(v)
	}
	sizes := []int{n[3], (n[2] + 1) * entrySize, n[4], n[5], n[6]}
	var blobs [5][]byte
	for i, size := range sizes {
		if size > len(form)-total {
			return nil, damaged("it is cut off")
		}
		blobs[i] = form[total : total+size : total+size]
		total += size
	}
	if total != len(form) || n[7] != 0 {
		return nil, damaged("something follows it")
	}
	x := NewIndex()
	x.base = segment{blobs[1], blobs[2], blobs[3], blobs[4]}
	if err := x.base.check(); err != nil {
		return nil, err
	}
	return x, x.loadTable(string(blobs[0]), n[0], n[1])
}

// check refuses a directory with offsets outside the file, or words out of order.
func (s segment) check() error {
	n := s.len()
	for field, blob := range [][]byte{s.words, s.docs, s.pos} {
		if s.at(0, field) != 0 || int(s.at(n, field)) != len(blob) {
			return damaged("its directory does not fit")
		}
		for i := range n {
			if s.at(i, field) > s.at(i+1, field) {
				return damaged("its directory is out of order")
			}
		}
	}
	for i := 1; i < n; i++ {
		if string(s.word(i-1)) >= string(s.word(i)) {
			return damaged("its words are out of order")
		}
	}
	return nil
}

func (x *Index) loadTable(table string, cases, docs int) error {
	number := func() int {
		v, n := binary.Uvarint([]byte(table[:min(len(table), binary.MaxVarintLen64)]))
		if n <= 0 || v > maxBlob {
			table = ""
			return -1
		}
		table = table[n:]
		return int(v)
	}
	name := func() (string, bool) {
		n := number()
		if n < 0 || n > len(table) {
			return "", false
		}
		s := table[:n]
		table = table[n:]
		return s, true
	}
	for range cases {
		key, ok := name()
		if _, twice := x.number[key]; !ok || twice {
			return damaged("its table of cases does not fit")
		}
		x.number[key] = uint32(len(x.cases))
		x.cases = append(x.cases, key)
	}
	x.docsOf = make([][]uint32, cases)
	for d := range docs {
		of := number()
		part, ok := name()
		if of < 0 || of >= cases || !ok {
			return damaged("its table of documents does not fit")
		}
		x.docs = append(x.docs, doc{uint32(of), part})
		x.docsOf[of] = append(x.docsOf[of], uint32(d))
	}
	if table != "" {
		return damaged("its table is too long")
	}
	return nil
}
