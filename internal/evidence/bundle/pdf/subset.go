package pdf

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// A subset collects the glyphs of one face that a document uses, each with its
// text. Glyph 0 is the missing glyph.
type subset struct {
	face   *face
	tables map[string][]byte
	glyphs []subsetGlyph
	index  map[subsetGlyph]int
}

type subsetGlyph struct {
	id   uint16
	text string
}

func newSubset(f *face) *subset {
	s := &subset{face: f, tables: make(map[string][]byte), index: make(map[subsetGlyph]int)}
	be := binary.BigEndian
	for i := range int(be.Uint16(f.ttf[4:])) {
		record := f.ttf[12+16*i:]
		offset, length := be.Uint32(record[8:]), be.Uint32(record[12:])
		s.tables[string(record[:4])] = f.ttf[offset : offset+length]
	}
	s.use(glyph{})
	return s
}

// use returns the number of a glyph in the subset.
func (s *subset) use(g glyph) int {
	key := subsetGlyph{g.id, g.text}
	n, there := s.index[key]
	if !there {
		n = len(s.glyphs)
		s.glyphs, s.index[key] = append(s.glyphs, key), n
	}
	return n
}

// advance returns a glyph's own width in thousandths of the font size.
func (s *subset) advance(id uint16) int { return s.face.thousandths(int32(s.metric(id)[0])) }

// metric returns advance and left side bearing from the table hmtx, in font
// units.
func (s *subset) metric(id uint16) [2]int16 {
	be := binary.BigEndian
	hmtx, count := s.tables["hmtx"], int(be.Uint16(s.tables["hhea"][34:]))
	if int(id) < count {
		return [2]int16{int16(be.Uint16(hmtx[4*int(id):])), int16(be.Uint16(hmtx[4*int(id)+2:]))}
	}
	return [2]int16{int16(be.Uint16(hmtx[4*(count-1):])), int16(be.Uint16(hmtx[4*count+2*(int(id)-count):]))}
}

// outline returns a glyph's description from the table glyf.
func (s *subset) outline(id uint16) []byte {
	be := binary.BigEndian
	loca, glyf := s.tables["loca"], s.tables["glyf"]
	if be.Uint16(s.tables["head"][50:]) == 0 {
		return glyf[2*int(be.Uint16(loca[2*int(id):])) : 2*int(be.Uint16(loca[2*int(id)+2:]))]
	}
	return glyf[be.Uint32(loca[4*int(id):]):be.Uint32(loca[4*int(id)+4:])]
}

// Flags of a part of a composite glyph (OpenType, table glyf).
const (
	argsAreWords    = 1
	hasScale        = 8
	moreComponents  = 32
	hasXYScale      = 64
	hasTwoByTwo     = 128
	hasInstructions = 256
)

// fontFile writes a TrueType font of the glyphs in use. Instructions are left
// out: outlines need none.
func (s *subset) fontFile() []byte {
	be := binary.BigEndian
	parts := make(map[uint16]int) // glyphs of which composites are made, by their old number
	var outlines [][]byte
	for n := 0; n < len(s.glyphs); n++ {
		outlines = append(outlines, s.rewrite(s.glyphs[n].id, parts))
	}
	var loca, glyf, hmtx []byte
	for n, o := range outlines {
		loca = be.AppendUint32(loca, uint32(len(glyf)))
		glyf = append(glyf, o...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		m := s.metric(s.glyphs[n].id)
		hmtx = be.AppendUint16(be.AppendUint16(hmtx, uint16(m[0])), uint16(m[1]))
	}
	loca = be.AppendUint32(loca, uint32(len(glyf)))
	head := slices.Clone(s.tables["head"])
	be.PutUint32(head[8:], 0)  // the checksum of the file, set below
	be.PutUint16(head[50:], 1) // loca has long offsets
	hhea := slices.Clone(s.tables["hhea"])
	be.PutUint16(hhea[34:], uint16(len(outlines)))
	maxp := slices.Clone(s.tables["maxp"])
	be.PutUint16(maxp[4:], uint16(len(outlines)))
	clear(maxp[14:28])         // zones, twilight points, storage, functions, stack and size of instructions
	be.PutUint16(maxp[14:], 1) // zones
	return sfnt(map[string][]byte{"glyf": glyf, "head": head, "hhea": hhea, "hmtx": hmtx, "loca": loca, "maxp": maxp})
}

// rewrite returns a glyph's outline without instructions, its components by
// their numbers in the subset. Components that are not in it yet are appended
// to it.
func (s *subset) rewrite(id uint16, parts map[uint16]int) []byte {
	o := s.outline(id)
	if len(o) == 0 {
		return nil
	}
	be := binary.BigEndian
	contours := int(int16(be.Uint16(o)))
	if contours >= 0 {
		ends := 10 + 2*contours
		length := int(be.Uint16(o[ends:]))
		out := append(slices.Clone(o[:ends]), 0, 0)
		return append(out, o[ends+2+length:]...)
	}
	out := slices.Clone(o[:10])
	for at, more := 10, true; more; {
		flags := be.Uint16(o[at:])
		size := 6
		if flags&argsAreWords != 0 {
			size += 2
		}
		switch {
		case flags&hasScale != 0:
			size += 2
		case flags&hasXYScale != 0:
			size += 4
		case flags&hasTwoByTwo != 0:
			size += 8
		}
		old := be.Uint16(o[at+2:])
		n, there := parts[old]
		if !there {
			n = len(s.glyphs)
			parts[old] = n
			s.glyphs = append(s.glyphs, subsetGlyph{id: old})
		}
		more = flags&moreComponents != 0
		part := slices.Clone(o[at : at+size])
		be.PutUint16(part, flags&^hasInstructions)
		be.PutUint16(part[2:], uint16(n))
		out, at = append(out, part...), at+size
	}
	return out
}

// sfnt puts tables together into a font file, with its checksums.
func sfnt(tables map[string][]byte) []byte {
	be := binary.BigEndian
	names := slices.Sorted(maps.Keys(tables))
	search := 1
	log := 0
	for search*2 <= len(names) {
		search, log = search*2, log+1
	}
	b := []byte{0, 1, 0, 0}
	for _, n := range []int{len(names), 16 * search, log, 16 * (len(names) - search)} {
		b = be.AppendUint16(b, uint16(n))
	}
	at := 12 + 16*len(names)
	for _, name := range names {
		t := tables[name]
		b = append(b, name...)
		b = be.AppendUint32(b, checksum(t))
		b = be.AppendUint32(b, uint32(at))
		b = be.AppendUint32(b, uint32(len(t)))
		at += (len(t) + 3) / 4 * 4
	}
	head := 0
	for _, name := range names {
		if name == "head" {
			head = len(b)
		}
		b = append(b, tables[name]...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	be.PutUint32(b[head+8:], 0xb1b0afba-checksum(b))
	return b
}

func checksum(b []byte) (sum uint32) {
	for len(b) >= 4 {
		sum += binary.BigEndian.Uint32(b)
		b = b[4:]
	}
	var last [4]byte
	copy(last[:], b)
	return sum + binary.BigEndian.Uint32(last[:])
}

// box returns the font's bounding box, ascent and descent in thousandths.
func (s *subset) box() (box [4]int, ascent, descent int) {
	be := binary.BigEndian
	for i := range box {
		box[i] = s.face.thousandths(int32(int16(be.Uint16(s.tables["head"][36+2*i:]))))
	}
	hhea := s.tables["hhea"]
	return box, s.face.thousandths(int32(int16(be.Uint16(hhea[4:])))), s.face.thousandths(int32(int16(be.Uint16(hhea[6:]))))
}

// name returns the subset's name, with a tag derived from its content.
func (s *subset) name(sum [32]byte) string {
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	return fmt.Sprintf("%s+%s", tag, s.face.name)
}
