package metadata

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
)

var jpegStart = []byte("\xff\xd8\xff")

func (s *scanner) thumbnail(depth int) { s.f.Thumbnail = s.f.Thumbnail || depth == 0 }

// jpeg walks a JPEG's segments (ITU-T T.81 annex B) to its end.
func (s *scanner) jpeg(data []byte, depth int) {
	at := 2
	for at+4 <= len(data) {
		if data[at] != 0xff {
			s.f.unsearched(Damaged)
			return
		}
		code := data[at+1]
		switch {
		case code == 0xff: // fill
			at++
			continue
		case code == 0xd9:
			s.trailing(data[at+2:], depth)
			return
		case code == 0x01 || code >= 0xd0 && code <= 0xd8: // no content
			at += 2
			continue
		}
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		end := at + 2 + size
		if size < 2 || end > len(data) {
			s.f.unsearched(Damaged)
			return
		}
		s.segment(code, data[at+4:end], depth)
		at = end
		if code == 0xda {
			at = afterScan(data, at)
		}
	}
	if at+2 <= len(data) && data[at] == 0xff && data[at+1] == 0xd9 {
		return
	}
	s.f.unsearched(Damaged) // cut
}

// afterScan finds the next marker that ends a scan's entropy-coded data.
func afterScan(data []byte, at int) int {
	for at < len(data) {
		i := bytes.IndexByte(data[at:], 0xff)
		if i < 0 || at+i+1 >= len(data) {
			return len(data)
		}
		at += i
		if c := data[at+1]; c != 0 && c != 0xff && (c < 0xd0 || c > 0xd7) {
			return at
		}
		at++
	}
	return at
}

func (s *scanner) segment(code byte, b []byte, depth int) {
	if code < 0xe0 || code > 0xef && code != 0xfe {
		return
	}
	switch {
	case bytes.HasPrefix(b, []byte("Exif\x00")):
		s.exif(b, depth)
	case bytes.HasPrefix(b, []byte("JFIF\x00")):
		if len(b) > 14 && len(b) >= 14+3*int(b[12])*int(b[13]) {
			s.thumbnail(depth)
		}
	case bytes.HasPrefix(b, []byte("JFXX\x00")), bytes.HasPrefix(b, []byte("MPF\x00")):
		s.thumbnail(depth)
	case bytes.HasPrefix(b, []byte("Photoshop 3.0\x00")):
		s.resources(b[14:], depth)
	}
	if bytes.Contains(b, jpegStart) || bytes.Contains(b, []byte("xmpGImg:image")) {
		s.thumbnail(depth)
	}
}

// resources walks Photoshop's image resources: "8BIM", a number, a name, a size, the content. 0x0409 and 0x040c are thumbnails.
func (s *scanner) resources(b []byte, depth int) {
	for len(b) >= 12 && string(b[:4]) == "8BIM" {
		id := binary.BigEndian.Uint16(b[4:])
		skip := 1 + int(b[6])
		skip += skip % 2
		if len(b) < 6+skip+4 {
			return
		}
		size := int64(binary.BigEndian.Uint32(b[6+skip:]))
		b = b[6+skip+4:]
		if size > int64(len(b)) {
			return
		}
		switch id {
		case 0x0409, 0x040c:
			s.thumbnail(depth)
		case 0x0422, 0x0423:
			s.exif(b[:size], depth)
		case 0x0404:
			if iimPlace(b[:size]) {
				s.f.place(IPTC)
			}
		}
		b = b[min(int64(len(b)), size+size%2):]
	}
}

// photoshop finds the image resources of a PSD: after the header and the colour table.
func (s *scanner) photoshop(data []byte, depth int) {
	if len(data) < 34 {
		return
	}
	colours := int64(binary.BigEndian.Uint32(data[26:]))
	if at := 30 + colours + 4; at < int64(len(data)) {
		s.resources(data[at:], depth)
	}
}

// png walks a PNG's chunks (PNG Third Edition, section 5.3) to its end.
func (s *scanner) png(data []byte, depth int) {
	rest := data[8:]
	for len(rest) >= 12 {
		size := int64(binary.BigEndian.Uint32(rest))
		if size > int64(len(rest))-12 {
			break
		}
		name, content := string(rest[4:8]), rest[8:8+size]
		rest = rest[12+size:]
		switch name {
		case "IEND":
			s.trailing(rest, depth)
			return
		case "eXIf":
			s.exif(content, depth)
			if bytes.Contains(content, jpegStart) {
				s.thumbnail(depth)
			}
		case "tEXt", "zTXt", "iTXt":
			s.pngText(name, content, depth)
		}
	}
	s.f.unsearched(Damaged)
}

// pngText inspects a text chunk: a keyword, then the text, which may be compressed. ImageMagick stores Exif, IPTC and
// XMP in such chunks as hexadecimal digits, under the keyword "Raw profile type …".
func (s *scanner) pngText(name string, b []byte, depth int) {
	keyword, text, _ := bytes.Cut(b, []byte{0})
	switch {
	case name == "zTXt" && len(text) > 1:
		text = s.inflate(text[1:])
	case name == "iTXt" && len(text) > 2:
		packed := text[0] != 0
		text = text[2:]
		for range 2 { // language, translated keyword
			_, text, _ = bytes.Cut(text, []byte{0})
		}
		if packed {
			text = s.inflate(text)
		}
	}
	s.f.marks(text)
	if bytes.Contains(text, []byte("xmpGImg:image")) {
		s.thumbnail(depth)
	}
	if bytes.HasPrefix(keyword, []byte("Raw profile type ")) {
		s.profile(text, depth)
	}
}

// profile decodes a raw profile: a line with its name, one with its length, then hexadecimal digits.
func (s *scanner) profile(text []byte, depth int) {
	lines := bytes.SplitN(bytes.TrimLeft(text, "\n"), []byte("\n"), 3)
	if len(lines) < 3 {
		return
	}
	digits := bytes.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, lines[2])
	raw := make([]byte, hex.DecodedLen(len(digits)))
	n, _ := hex.Decode(raw, digits)
	raw = raw[:n]
	s.exif(raw, depth)
	if iimPlace(raw) {
		s.f.place(IPTC)
	}
	s.resources(raw, depth)
	if bytes.Contains(raw, jpegStart) {
		s.thumbnail(depth)
	}
}

func (s *scanner) inflate(b []byte) []byte {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		s.f.unsearched(Damaged)
		return nil
	}
	return s.unpack(r)
}

// gif walks a GIF's blocks (GIF89a) to its end.
func (s *scanner) gif(data []byte, depth int) {
	if len(data) < 13 {
		s.f.unsearched(Damaged)
		return
	}
	at := 13 + colourTable(data[10])
	for at < len(data) {
		switch data[at] {
		case 0x3b:
			s.trailing(data[at+1:], depth)
			return
		case 0x21:
			at = subBlocks(data, at+2)
		case 0x2c:
			if at+10 > len(data) {
				s.f.unsearched(Damaged)
				return
			}
			at = subBlocks(data, at+10+colourTable(data[at+9])+1)
		default:
			s.f.unsearched(Damaged)
			return
		}
	}
	s.f.unsearched(Damaged)
}

func colourTable(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

func subBlocks(data []byte, at int) int {
	for at < len(data) && data[at] != 0 {
		at += 1 + int(data[at])
	}
	return at + 1
}

// riff walks the chunks of a WebP, WAV or AVI.
func (s *scanner) riff(data []byte, depth int) {
	if len(data) < 12 {
		s.f.unsearched(Damaged)
		return
	}
	end := 8 + int64(binary.LittleEndian.Uint32(data[4:]))
	if end > int64(len(data)) {
		s.f.unsearched(Damaged)
		end = int64(len(data))
	}
	rest := data[12:max(12, end)]
	for len(rest) >= 8 {
		size := int64(binary.LittleEndian.Uint32(rest[4:]))
		if size > int64(len(rest))-8 {
			break
		}
		content := rest[8 : 8+size]
		switch string(rest[:4]) {
		case "EXIF":
			s.exif(content, depth)
			if bytes.Contains(content, jpegStart) {
				s.thumbnail(depth)
			}
		case "XMP ":
			if bytes.Contains(content, []byte("xmpGImg:image")) {
				s.thumbnail(depth)
			}
		}
		rest = rest[min(int64(len(rest)), 8+size+size%2):]
	}
	if string(data[8:12]) != "AVI " { // an AVI of more than a gibibyte continues in a second RIFF
		s.trailing(data[min(int64(len(data)), end+end%2):], depth)
	}
}
