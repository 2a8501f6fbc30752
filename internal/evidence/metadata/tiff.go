package metadata

import (
	"bytes"
	"encoding/binary"
)

// TIFF and Exif: directories with entries of 12 bytes, in BigTIFF of 20.

const (
	tagReduced   = 0x00fe // NewSubfileType: bit 0 marks a reduced copy
	tagSubfile   = 0x00ff // SubfileType: 2 marks one
	tagThumbnail = 0x0201 // JPEGInterchangeFormat
	tagGPS       = 0x8825
	tagExif      = 0x8769
	tagSubIFDs   = 0x014a
	tagIPTC      = 0x83bb
	tagResources = 0x8649 // Photoshop's image resources
)

const maxDirectories = 64

// tiffReader reads values in a file's own order.
type tiffReader struct {
	data  []byte
	order binary.ByteOrder
	big   bool
}

func newTIFFReader(data []byte) (t tiffReader, first uint64, ok bool) {
	if len(data) < 8 {
		return t, 0, false
	}
	t.data = data
	switch string(data[:2]) {
	case "II":
		t.order = binary.LittleEndian
	case "MM":
		t.order = binary.BigEndian
	default:
		return t, 0, false
	}
	switch t.order.Uint16(data[2:]) {
	case 42:
		return t, uint64(t.order.Uint32(data[4:])), true
	case 43:
		t.big = true
		if len(data) < 16 {
			return t, 0, false
		}
		return t, t.order.Uint64(data[8:]), true
	}
	return t, 0, false
}

// An entry is one line of a directory. value is the offset, or the first value where that fits.
type entry struct {
	tag, typ     uint16
	count, value uint64
}

// directory reads the directory at an offset, and the offset of the next one.
func (t tiffReader) directory(at uint64) (list []entry, next uint64) {
	head, size, field := uint64(2), uint64(12), uint64(4)
	if t.big {
		head, size, field = 8, 20, 8
	}
	length := uint64(len(t.data))
	if at >= length || length-at < head {
		return nil, 0
	}
	n := uint64(t.order.Uint16(t.data[at:]))
	if t.big {
		n = t.order.Uint64(t.data[at:])
	}
	rest := t.data[at+head:]
	for i := uint64(0); i < n && uint64(len(rest)) >= size; i, rest = i+1, rest[size:] {
		e := entry{tag: t.order.Uint16(rest), typ: t.order.Uint16(rest[2:]), count: t.word(rest[4:])}
		if value := rest[4+field:]; e.typ == 3 { // SHORT
			e.value = uint64(t.order.Uint16(value))
		} else {
			e.value = t.word(value)
		}
		list = append(list, e)
	}
	if uint64(len(rest)) >= field {
		next = t.word(rest)
	}
	return list, next
}

func (t tiffReader) word(b []byte) uint64 {
	if t.big {
		return t.order.Uint64(b)
	}
	return uint64(t.order.Uint32(b))
}

// bytesAt returns the bytes that an entry points to, as far as they exist.
func (t tiffReader) bytesAt(e entry) []byte {
	length := uint64(len(t.data))
	if e.value >= length {
		return nil
	}
	return t.data[e.value:min(length, e.value+min(e.count, length))]
}

func (s *scanner) tiff(data []byte, depth int) {
	t, first, ok := newTIFFReader(data)
	if !ok {
		return
	}
	wait, seen := []uint64{first}, make(map[uint64]bool)
	for len(wait) > 0 && len(seen) < maxDirectories {
		at := wait[0]
		wait = wait[1:]
		if at == 0 || seen[at] {
			continue
		}
		seen[at] = true
		list, next := t.directory(at)
		wait = append(wait, next)
		for _, e := range list {
			wait = append(wait, s.tiffEntry(t, e, depth)...)
		}
	}
	if len(wait) > 0 && len(seen) == maxDirectories {
		s.f.unsearched(TooLarge)
	}
}

// tiffEntry returns the offsets of the directories that an entry points to.
func (s *scanner) tiffEntry(t tiffReader, e entry, depth int) (next []uint64) {
	switch e.tag {
	case tagGPS:
		s.f.place(Exif)
	case tagThumbnail:
		s.f.Thumbnail = s.f.Thumbnail || depth == 0
	case tagReduced:
		s.f.Thumbnail = s.f.Thumbnail || depth == 0 && e.value&1 != 0
	case tagSubfile:
		s.f.Thumbnail = s.f.Thumbnail || depth == 0 && e.value == 2
	case tagExif:
		return []uint64{e.value}
	case tagSubIFDs:
		if e.count == 1 {
			return []uint64{e.value}
		}
		e.count *= 4
		if t.big {
			e.count *= 2
		}
		size := 4
		if t.big {
			size = 8
		}
		for b := t.bytesAt(e); len(b) >= size && len(next) < maxDirectories; b = b[size:] {
			next = append(next, t.word(b))
		}
	case tagIPTC:
		if e.typ == 4 { // LONG, as Photoshop writes it
			e.count *= 4
		}
		if iimPlace(t.bytesAt(e)) {
			s.f.place(IPTC)
		}
	case tagResources:
		s.resources(t.bytesAt(e), depth)
	}
	return next
}

// exif inspects a block of Exif in another format: with or without its name before it. It belongs to the picture
// itself and not to a part of it.
func (s *scanner) exif(b []byte, depth int) {
	b = bytes.TrimPrefix(b, []byte("Exif\x00\x00"))
	s.f.marks(b)
	s.tiff(b, depth)
}
