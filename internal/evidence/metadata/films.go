package metadata

import (
	"bytes"
	"encoding/binary"
)

// inside are the boxes of ISO base media files (ISO/IEC 14496-12) and QuickTime films that contain other boxes, each
// with the size of its own fields before them.
var inside = map[string]int{
	"moov": 0, "udta": 0, "trak": 0, "mdia": 0, "minf": 0, "stbl": 0, "meta": 4, "ilst": 0, "iprp": 0, "cmov": 0, "edts": 0,
	"moof": 0, "traf": 0, "iref": 4, "covr": 0,
}

const maxBoxDepth = 12

// boxes walks an ISO base media file: films, sound, HEIC and AVIF, JPEG XL and JPEG 2000. Marks find the places; the
// walk finds thumbnails, compressed content, and bytes after the end.
func (s *scanner) boxes(data []byte, depth int) {
	end := s.boxList(data, depth, 0)
	if end < len(data) {
		s.trailing(data[end:], depth)
	}
}

// boxList returns the end of the last whole box.
func (s *scanner) boxList(data []byte, depth, level int) int {
	at := 0
	for len(data)-at >= 8 {
		size, head := uint64(binary.BigEndian.Uint32(data[at:])), 8
		name := string(data[at+4 : at+8])
		switch {
		case size == 0:
			size = uint64(len(data) - at)
		case size == 1 && len(data)-at >= 16:
			size, head = binary.BigEndian.Uint64(data[at+8:]), 16
		}
		if size < uint64(head) || size > uint64(len(data)-at) {
			if level == 0 && plausible(name) {
				s.f.unsearched(Damaged) // cut
				return len(data)
			}
			return at
		}
		s.box(name, data[at+head:at+int(size)], depth, level)
		at += int(size)
	}
	return at
}

func plausible(name string) bool {
	for _, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != ' ' && c != 0xa9 { // 0xa9 begins the names that QuickTime's user data has
			return false
		}
	}
	return true
}

func (s *scanner) box(name string, content []byte, depth, level int) {
	switch name {
	case "thmb", "covr", "thum", "snal", "PICT":
		s.thumbnail(depth)
	case "Exif":
		s.exif(content, depth)
	case "brob": // JPEG XL: metadata under Brotli
		s.f.unsearched(Compressed)
	case "cmvd": // QuickTime: the film's description under zlib, after its size
		if len(content) > 4 {
			s.part(s.inflate(content[4:]), depth)
		}
	case "mdat":
		if bytes.Contains(content[:min(len(content), 1<<20)], []byte("Exif\x00\x00")) {
			i := bytes.Index(content, []byte("Exif\x00\x00"))
			s.exif(content[i:], depth)
		}
	}
	if own, ok := inside[name]; ok && level < maxBoxDepth {
		// QuickTime's meta has no version before it.
		if name == "meta" && len(content) >= 8 && string(content[4:8]) == "hdlr" {
			own = 0
		}
		s.boxList(content[min(own, len(content)):], depth, level+1)
	}
}

// comments looks for Vorbis comments (Ogg, FLAC) about a place: LOCATION=…, in any case of letters.
func (s *scanner) comments(data []byte, depth int) {
	head := bytes.ToUpper(data[:min(len(data), 4<<20)])
	for _, key := range []string{"LOCATION=", "GEO_LOCATION=", "GPS_COORDINATES=", "LATITUDE="} {
		i := bytes.Index(head, []byte(key))
		if i >= 4 && i+len(key) < len(head) && head[i+len(key)] > ' ' {
			s.f.place(Comment)
		}
	}
	if bytes.Contains(head, []byte("METADATA_BLOCK_PICTURE=")) || bytes.Contains(head, []byte("\x06IMAGE/")) {
		s.thumbnail(depth)
	}
	s.encoded(data[:min(len(data), 4<<20)], depth)
}
