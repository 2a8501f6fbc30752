package metadata

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"sync"
)

// isText reports whether a file is text: its beginning has no zero and no other control character, except in UTF-16,
// which begins with its mark.
func isText(data []byte) bool {
	head := data[:min(len(data), 4096)]
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return true
	}
	return len(head) > 0 && !bytes.ContainsFunc(head, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f' && r != '\v' && r != 0x1b
	})
}

// tracks matches files that record places. A place in a sentence or a chat is part of the text, and not matched.
var tracks = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`<(?:trkpt|wpt|rtept)\s+(?:lat|lon)=|<coordinates>\s*-?\d|<gx:coord>\s*-?\d|<LatitudeDegrees>` +
		`|(?m:^GEO(?:;[^:\n]*)?:(?:geo:)?-?\d)|"(?:latitude|latitudeE7|geoData|latitude_deg)"\s*:|"type"\s*:\s*"Point"\s*,\s*"coordinates"` +
		`|\[latitude\s*: ?-?\d|GPS ?\(-?\d`)
})

// text inspects text: mail with attached files, drawings and pages with pictures inside, business cards with photos,
// RTF.
func (s *scanner) text(data []byte, depth int) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		data = narrow(data)
		s.f.marks(data)
	}
	if tracks().Match(data) {
		s.f.place(Track)
	}
	s.encoded(data, depth)
	if bytes.HasPrefix(data, []byte("{\\rtf")) {
		s.hexadecimal(data, depth)
	}
}

// narrow keeps the ASCII characters of a UTF-16 text: tags and numbers are ASCII.
func narrow(data []byte) []byte {
	at := 0
	if data[0] == 0xfe {
		at = 1
	}
	out := make([]byte, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		if c := data[i+at]; c < 0x80 && data[i+1-at] == 0 {
			out = append(out, c)
		}
	}
	return out
}

// minRun is the shortest run of encoded characters that may hold a picture with a place, in bytes.
const minRun = 128

// encoded inspects runs of base64 (RFC 2045 section 6.8), which may be broken into lines.
func (s *scanner) encoded(data []byte, depth int) {
	s.runs(data, func(c byte) bool {
		return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
	}, depth, func(run []byte) []byte {
		out := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
		n, _ := base64.RawStdEncoding.Decode(out, run)
		return out[:n]
	})
}

// hexadecimal inspects runs of hexadecimal digits, as RTF contains pictures.
func (s *scanner) hexadecimal(data []byte, depth int) {
	s.runs(data, func(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }, depth,
		func(run []byte) []byte {
			out := make([]byte, hex.DecodedLen(len(run)))
			n, _ := hex.Decode(out, run[:len(run)/2*2])
			return out[:n]
		})
}

// runs finds runs of a set of characters, with line ends (and a folded line's spaces) between them, and inspects their
// decoded content. Where a run begins with letters of the text before it, such as a word on the line above, it is
// tried again from the next line.
func (s *scanner) runs(data []byte, is func(byte) bool, depth int, decode func([]byte) []byte) {
	run := make([]byte, 0, 4096)
	lines := make([]int, 0, 64) // where in run the first lines begin
	flush := func() {
		if len(run) >= minRun && s.parts > 0 {
			for _, at := range append([]int{0}, lines...) {
				if part := decode(run[at:]); formatOf(part) != nil && !isText(part) {
					s.part(part, depth)
					break
				}
			}
		}
		run, lines = run[:0], lines[:0]
	}
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case is(c):
			run = append(run, c)
		case c == '\r' || c == '\n' || c == ' ' && i > 0 && (data[i-1] == '\n' || data[i-1] == ' '):
			if c == '\n' && len(lines) < 4 && len(run) > 0 {
				lines = append(lines, len(run))
			}
		default:
			flush()
		}
	}
	flush()
}
