package metadata

import (
	"bytes"
	"encoding/ascii85"
	"encoding/hex"
	"strings"
)

// pdf inspects a PDF's streams: metadata, attached files, pictures, and compressed objects (ISO 32000-2 section
// 7.3.8). It reads no cross-reference table, so that unreferenced objects are found too.
func (s *scanner) pdf(data []byte, depth int) {
	if bytes.Contains(data, []byte("/Encrypt")) && encryptDictionary(data) {
		s.f.unsearched(Encrypted)
		return
	}
	rest := data
	for s.parts > 0 {
		i := bytes.Index(rest, []byte("stream"))
		if i < 0 {
			break
		}
		before, after := rest[:i], rest[i+len("stream"):]
		rest = after
		if bytes.HasSuffix(before, []byte("end")) {
			continue
		}
		after = bytes.TrimPrefix(bytes.TrimPrefix(after, []byte("\r")), []byte("\n"))
		dictionary := before[max(0, bytes.LastIndex(before, []byte(" obj"))):]
		if len(dictionary) > 8<<10 {
			dictionary = dictionary[len(dictionary)-8<<10:]
		}
		end := bytes.Index(after, []byte("endstream"))
		if end < 0 {
			s.f.unsearched(Damaged)
			end = len(after)
		}
		s.pdfStream(dictionary, after[:end], depth)
		rest = after[end:]
	}
	if s.parts <= 0 {
		s.f.unsearched(TooLarge)
	}
	s.pdfEnd(data, depth)
}

// encryptDictionary distinguishes the trailer's /Encrypt from the same letters in a text.
func encryptDictionary(data []byte) bool {
	for rest := data; ; {
		i := bytes.Index(rest, []byte("/Encrypt"))
		if i < 0 {
			return false
		}
		rest = rest[i+len("/Encrypt"):]
		if next := bytes.TrimLeft(rest[:min(len(rest), 16)], " \r\n\t"); len(next) > 0 && (next[0] == '<' || next[0] >= '0' && next[0] <= '9') {
			return true
		}
	}
}

func (s *scanner) pdfStream(dictionary, content []byte, depth int) {
	d := string(dictionary)
	packed := strings.Contains(d, "/FlateDecode") || strings.Contains(d, "/Fl ") || strings.Contains(d, "/Fl]")
	if strings.Contains(d, "/Image") && packed && !strings.Contains(d, "/DCTDecode") {
		return // pixels
	}
	if strings.Contains(d, "/ASCII85Decode") {
		content = bytes.TrimPrefix(bytes.TrimSpace(content), []byte("<~"))
		content, _, _ = bytes.Cut(content, []byte("~>"))
		content = s.unpack(ascii85.NewDecoder(bytes.NewReader(content)))
	}
	if strings.Contains(d, "/ASCIIHexDecode") {
		content, _, _ = bytes.Cut(content, []byte(">"))
		content = s.unpack(hex.NewDecoder(bytes.NewReader(bytes.Join(bytes.Fields(content), nil))))
	}
	if strings.Contains(d, "/LZWDecode") || strings.Contains(d, "/Crypt") {
		s.f.unsearched(Compressed)
		return
	}
	if packed {
		content = s.inflate(content)
	}
	if strings.Contains(d, "/EmbeddedFile") || strings.Contains(d, "/DCTDecode") {
		s.part(bytes.TrimRight(content, "\r\n"), depth)
		return
	}
	s.f.marks(content)
	if depth == 0 && bytes.Contains(content, []byte("/Thumb ")) {
		s.f.Thumbnail = true
	}
}

// pdfEnd checks what follows the last %%EOF, and whether there is an earlier one: then the file contains its content
// from before an update. A linearized file has two from the start.
func (s *scanner) pdfEnd(data []byte, depth int) {
	if depth > 0 {
		return
	}
	mark := []byte("%%EOF")
	allowed := 1
	if bytes.Contains(data[:min(len(data), 2048)], []byte("/Linearized")) {
		allowed = 2
	}
	if bytes.Count(data, mark) > allowed {
		s.f.Earlier = true
	}
	if bytes.Contains(data, []byte("/Thumb ")) {
		s.f.Thumbnail = true
	}
	if i := bytes.LastIndex(data, mark); i >= 0 {
		s.trailing(data[i+len(mark):], depth)
	} else {
		s.f.unsearched(Damaged)
	}
}
