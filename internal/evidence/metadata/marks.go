package metadata

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// A mark is a byte sequence before or in a place. follows checks the next bytes, where the sequence alone is
// ambiguous.
type mark struct {
	bytes   string
	kind    Mark
	follows func(after []byte) bool
}

var marks = append([]mark{
	// Exif's pointer to the GPS directory, tag 0x8825, one value: LONG (4), IFD (13), and BigTIFF's LONG8 (16) and IFD8 (18).
	{"\x25\x88\x04\x00\x01\x00\x00\x00", Exif, nil}, {"\x88\x25\x00\x04\x00\x00\x00\x01", Exif, nil},
	{"\x25\x88\x0d\x00\x01\x00\x00\x00", Exif, nil}, {"\x88\x25\x00\x0d\x00\x00\x00\x01", Exif, nil},
	{"\x25\x88\x10\x00\x01\x00\x00\x00\x00\x00\x00\x00", Exif, nil}, {"\x88\x25\x00\x10\x00\x00\x00\x00\x00\x00\x00\x01", Exif, nil},
	{"\x25\x88\x12\x00\x01\x00\x00\x00\x00\x00\x00\x00", Exif, nil}, {"\x88\x25\x00\x12\x00\x00\x00\x00\x00\x00\x00\x01", Exif, nil},
	{"8BIM\x04\x04", IPTC, iptcPlace},
	{"com.apple.quicktime.location.", QuickTime, nil},
	{"mdta", QuickTime, func(b []byte) bool { // a key of a metadata box; writers other than Apple's use location, GPSCoordinates
		name := strings.ToLower(string(b[:min(len(b), 40)]))
		return strings.HasPrefix(name, "location") || strings.HasPrefix(name, "gps") || strings.HasPrefix(name, "com.android.location")
	}},
	{"\xa9xyz", QuickTime, func(b []byte) bool { // length, language, then ±DD; or a data box of ilst
		return digitsAt(b, 4) || len(b) > 16 && string(b[4:8]) == "data" && digitsAt(b, 16)
	}},
	{"loci", ThreeGPP, func(b []byte) bool { return len(b) > 3 && bytes.Equal(b[:4], make([]byte, 4)) }},  // version and flags
	{"gpmd", Telemetry, func(b []byte) bool { return len(b) > 7 && bytes.Equal(b[:6], make([]byte, 6)) }}, // a sample entry: six zeros
	{"camm", Telemetry, func(b []byte) bool { return len(b) > 7 && bytes.Equal(b[:6], make([]byte, 6)) }},
	{"GoPro MET", Telemetry, nil}, {"freeGPS ", Telemetry, nil},
	{"\x45\xa3", Matroska, matroskaPlace}, // SimpleTag's TagName (RFC 9559 section 5.1.8.1.2.1)
	{"/GPTS", Map, nil}, {"/LGIDict", Map, nil},
}, texts()...)

// texts returns marks in XML, in each of the three encodings that XMP may have. Without the outermost zero, both byte
// orders of UTF-16 are the same bytes.
func texts() (list []mark) {
	for _, word := range []string{"GPSLatitude", "GPSLongitude", "GpsLatitude", "GPSCoordinates", "Iptc4xmpExt:LocationCreated", "photoshop:City"} {
		list = append(list, mark{word, XMP, nil}, mark{strings.Join(strings.Split(word, ""), "\x00"), XMP, nil})
	}
	return list
}

// marks looks for all marks in data, in any format.
func (f *Findings) marks(data []byte) {
	for _, m := range marks {
		for rest := data; ; {
			i := bytes.Index(rest, []byte(m.bytes))
			if i < 0 {
				break
			}
			rest = rest[i+len(m.bytes):]
			if m.follows == nil || m.follows(rest) {
				f.place(m.kind)
				break
			}
		}
	}
	for i, c := range data {
		if (c == '+' || c == '-') && position(data[i:]) {
			f.place(ISO6709)
			break
		}
	}
}

func digitsAt(b []byte, at int) bool {
	return len(b) > at+1 && (b[at] == '+' || b[at] == '-') && b[at+1] >= '0' && b[at+1] <= '9'
}

// position reports whether b begins with a position in the notation of ISO 6709, annex H, as phones write it:
// ±DD.DDDD±DDD.DDDD, an optional height, and a solidus.
func position(b []byte) bool {
	b, ok := number(b, 2)
	if !ok {
		return false
	}
	if b, ok = number(b, 3); !ok {
		return false
	}
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		n := 1
		for n < len(b) && n < 16 && (b[n] >= '0' && b[n] <= '9' || b[n] == '.') {
			n++
		}
		b = b[n:]
	}
	return len(b) > 0 && b[0] == '/' || bytes.HasPrefix(b, []byte("CRS"))
}

// number cuts a sign, so many digits, a point and more digits off the beginning.
func number(b []byte, digits int) ([]byte, bool) {
	if len(b) < digits+3 || b[0] != '+' && b[0] != '-' || b[digits+1] != '.' {
		return nil, false
	}
	for i, c := range b[1 : digits+1] {
		if c < '0' || c > '9' || i == 0 && digits == 3 && c > '1' {
			return nil, false
		}
	}
	n := digits + 2
	for n < len(b) && n < 24 && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return b[n:], n > digits+2
}

// matroskaPlace reads a tag's name: an EBML size of one byte, then the name.
func matroskaPlace(b []byte) bool {
	if len(b) < 2 || b[0] < 0x84 || b[0] > 0xc0 || len(b) < 1+int(b[0]&0x7f) {
		return false
	}
	name := strings.ToUpper(string(b[1 : 1+int(b[0]&0x7f)]))
	return strings.Contains(name, "LOCATION") || strings.Contains(name, "GPS") || strings.Contains(name, "GEO")
}

// iptcPlace reads an image resource after its signature and number: a name, the size, then records of IPTC's Information
// Interchange Model. City (2:90) and Sublocation (2:92) are places.
func iptcPlace(b []byte) bool {
	if len(b) < 1 {
		return false
	}
	skip := 1 + int(b[0])
	skip += skip % 2
	if len(b) < skip+4 {
		return false
	}
	size := binary.BigEndian.Uint32(b[skip:])
	b = b[skip+4:]
	b = b[:min(uint32(len(b)), size)]
	return iimPlace(b)
}

func iimPlace(b []byte) bool {
	for len(b) >= 5 && b[0] == 0x1c {
		n := int(binary.BigEndian.Uint16(b[3:]))
		if b[1] == 2 && (b[2] == 90 || b[2] == 92) && n > 0 {
			return true
		}
		if n > len(b)-5 {
			return false
		}
		b = b[5+n:]
	}
	return false
}
