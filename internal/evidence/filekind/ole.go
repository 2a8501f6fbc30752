package filekind

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf16"
)

// oleMagic begins an OLE compound file ([MS-CFB] section 2.2).
var oleMagic = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")

// oleEntry is the size of a directory entry in bytes ([MS-CFB] section 2.6.1). Sectors are multiples of it and begin at
// multiples of it, so that every entry begins at a multiple of 128 bytes of the file.
const oleEntry = 128

// oleStreams are the streams that identify the program of a compound file. A document may contain others (a table in a
// letter, a letter in a mail): the outer kinds come first.
var oleStreams = []struct{ name, mediaType string }{
	{"__properties_version1.0", "application/vnd.ms-outlook"},
	{"PowerPoint Document", "application/vnd.ms-powerpoint"},
	{"WordDocument", "application/msword"},
	{"Workbook", "application/vnd.ms-excel"},
	{"Book", "application/vnd.ms-excel"},
	{"Quill", "application/vnd.ms-publisher"},
}

// oleNames looks for directory entries as the file is written.
type oleNames struct {
	looked, isOLE bool
	block         [oleEntry]byte
	filled        int
	found         []string // media types, each once
}

func (o *oleNames) write(p []byte) {
	for len(p) > 0 && (!o.looked || o.isOLE) {
		var block []byte
		if o.filled == 0 && len(p) >= oleEntry {
			block, p = p[:oleEntry], p[oleEntry:]
		} else {
			n := copy(o.block[o.filled:], p)
			o.filled, p = o.filled+n, p[n:]
			if o.filled < oleEntry {
				return
			}
			block, o.filled = o.block[:], 0
		}
		if !o.looked {
			o.looked, o.isOLE = true, bytes.HasPrefix(block, oleMagic)
			continue
		}
		o.entry(block)
	}
}

// entry records the stream that a directory entry names: the name in UTF-16, its size with the closing zero in bytes
// at offset 64, and at 66 whether it is a storage (1) or a stream (2).
func (o *oleNames) entry(b []byte) {
	size := int(binary.LittleEndian.Uint16(b[64:]))
	if b[66] != 1 && b[66] != 2 || size < 4 || size > 64 || size%2 != 0 {
		return
	}
	units := make([]uint16, size/2-1)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	name := string(utf16.Decode(units))
	for _, s := range oleStreams {
		if s.name == name && !slices.Contains(o.found, s.mediaType) {
			o.found = append(o.found, s.mediaType)
		}
	}
}

// mediaType decides by the library's result, the streams seen and the sender's extension. The latter counts where such
// a stream was seen, or where neither the streams nor the library give a type.
func (o *oleNames) mediaType(library, sender string) string {
	if slices.Contains(o.found, sender) {
		return sender
	}
	for _, s := range oleStreams {
		if slices.Contains(o.found, s.mediaType) {
			return s.mediaType
		}
	}
	if library != "application/x-ole-storage" {
		return library
	}
	return sender
}
