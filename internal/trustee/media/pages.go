package media

import (
	"encoding/binary"
	"slices"
)

// TIFF has a list of directories for its pages; HEIC has items. Decoders show the first. To show another one, the
// header of a copy is changed to point at it.

const maxPictures = 500

// tiffPage returns the number of directories, and a copy whose first is the wanted one.
func tiffPage(data []byte, page int) (pages int, one []byte, err error) {
	if len(data) < 8 {
		return 0, nil, refuse(Damaged)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[0] == 'M' {
		order = binary.BigEndian
	}
	if order.Uint16(data[2:]) != 42 {
		return 0, nil, refuse(NotShown) // BigTIFF
	}
	var offsets []uint32
	for at := order.Uint32(data[4:]); at != 0 && uint64(at)+2 <= uint64(len(data)) && !slices.Contains(offsets, at) && len(offsets) < maxPictures; {
		offsets = append(offsets, at)
		next := uint64(at) + 2 + 12*uint64(order.Uint16(data[at:]))
		if next+4 > uint64(len(data)) {
			break
		}
		at = order.Uint32(data[next:])
	}
	if len(offsets) == 0 {
		return 0, nil, refuse(Damaged)
	}
	if page >= len(offsets) {
		return len(offsets), data, nil
	}
	one = slices.Clone(data)
	order.PutUint32(one[4:], offsets[page])
	return len(offsets), one, nil
}

// A box of an ISO base media file: name and content, which shares the file's memory.
type box struct {
	name    string
	content []byte
}

func boxesIn(b []byte) (list []box) {
	for len(b) >= 8 && len(list) < 4096 {
		size, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		switch {
		case size == 0:
			size = uint64(len(b))
		case size == 1 && len(b) >= 16:
			size, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if size < head || size > uint64(len(b)) {
			return list
		}
		list = append(list, box{string(b[4:8]), b[head:size]})
		b = b[size:]
	}
	return list
}

func boxNamed(list []box, name string) []byte {
	for _, b := range list {
		if b.name == name {
			return b.content
		}
	}
	return nil
}

// heicPage returns the number of main pictures of an HEIC file, and a copy whose primary item is the wanted one
// (ISO/IEC 23008-12). Tiles, small copies and masks belong to another item and are not counted.
func heicPage(data []byte, page int) (pages int, one []byte, err error) {
	one = slices.Clone(data)
	meta := boxNamed(boxesIn(one), "meta")
	if len(meta) < 4 {
		return 0, nil, refuse(Damaged)
	}
	inner := boxesIn(meta[4:])
	primary := boxNamed(inner, "pitm")
	if len(primary) < 6 {
		return 0, nil, refuse(Damaged)
	}
	first := itemID(primary[4:], primary[0] == 0)
	items := []uint32{first}
	parts := heicParts(boxNamed(inner, "iref"))
	for _, id := range heicItems(boxNamed(inner, "iinf")) {
		if id != first && !slices.Contains(parts, id) && len(items) < maxPictures {
			items = append(items, id)
		}
	}
	if page >= len(items) {
		return len(items), data, nil
	}
	if primary[0] == 0 {
		binary.BigEndian.PutUint16(primary[4:], uint16(items[page]))
	} else if len(primary) >= 8 {
		binary.BigEndian.PutUint32(primary[4:], items[page])
	}
	return len(items), one, nil
}

func itemID(b []byte, short bool) uint32 {
	switch {
	case short && len(b) >= 2:
		return uint32(binary.BigEndian.Uint16(b))
	case !short && len(b) >= 4:
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// heicItems returns the items that are pictures: coded ones and grids of tiles.
func heicItems(b []byte) (ids []uint32) {
	skip := 6 // version, flags, a count of two bytes
	if len(b) > 0 && b[0] > 0 {
		skip = 8
	}
	if len(b) < skip {
		return nil
	}
	for _, e := range boxesIn(b[skip:]) {
		c := e.content
		if e.name != "infe" || len(c) < 12 || c[0] < 2 {
			continue
		}
		short := c[0] == 2
		at := 4 + 2 + 2
		if !short {
			at += 2
		}
		if len(c) < at+4 {
			continue
		}
		hidden := c[3]&1 != 0
		if kind := string(c[at : at+4]); !hidden && (kind == "hvc1" || kind == "grid" || kind == "iovl" || kind == "iden") {
			ids = append(ids, itemID(c[4:], short))
		}
	}
	return ids
}

// heicParts returns the items that belong to another: its tiles, and its small copies and masks.
func heicParts(b []byte) (ids []uint32) {
	if len(b) < 4 {
		return nil
	}
	short := b[0] == 0
	width := 4
	if short {
		width = 2
	}
	for _, e := range boxesIn(b[4:]) {
		c := e.content
		if len(c) < width+2 {
			continue
		}
		from := itemID(c, short)
		count := int(binary.BigEndian.Uint16(c[width:]))
		switch e.name {
		case "thmb", "auxl", "cdsc":
			ids = append(ids, from)
		case "dimg":
			for at := width + 2; count > 0 && at+width <= len(c); count, at = count-1, at+width {
				ids = append(ids, itemID(c[at:], short))
			}
		}
	}
	return ids
}
