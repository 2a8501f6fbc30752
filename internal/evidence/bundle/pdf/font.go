package pdf

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"codeberg.org/go-fonts/dejavu/dejavusansbold"
	"codeberg.org/go-fonts/dejavu/dejavusansmono"
	"golang.org/x/text/unicode/norm"
)

// A face is one of the fonts, and which characters it has.
type face struct {
	style string // fpdf's: "", "B"; the mono face is a family of its own
	ttf   []byte
	has   map[rune]bool
}

// faces are made at first use, and from nowhere but functions: a program that
// only checks bundles then links no font.
var faces struct {
	once             sync.Once
	sans, bold, mono *face
}

func loadFaces() {
	faces.once.Do(func() {
		faces.sans = &face{"", dejavusans.TTF, coverage(dejavusans.TTF)}
		faces.bold = &face{"B", dejavusansbold.TTF, coverage(dejavusansbold.TTF)}
		faces.mono = &face{"", dejavusansmono.TTF, coverage(dejavusansmono.TTF)}
	})
}

func sans() *face { loadFaces(); return faces.sans }
func bold() *face { loadFaces(); return faces.bold }
func mono() *face { loadFaces(); return faces.mono }

// text writes what a face can't show as its code point, `[U+1F600]`: a box in
// place of a character would make the picture and the text that can be copied
// out of it two different things, and this is evidence. Letters and their
// marks are put together (NFC), because marks are not placed here.
func (f *face) text(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(s) {
		switch {
		case r == '\n' || r == ' ':
			b.WriteRune(r)
		case r == '\t':
			b.WriteString("    ")
		case r < 0x20 || r > 0xffff || unseen(r) || !f.has[r]:
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unseen are characters that a font may well have and nobody can see, or that
// turn the direction of reading.
func unseen(r rune) bool {
	switch {
	case r >= 0x7f && r < 0xa0, r == 0xad, r == 0x34f, r == 0x61c, r == 0x180e:
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
	case r >= 0xe000 && r <= 0xf8ff, r >= 0xfe00 && r <= 0xfe0f, r >= 0xfff0, r == 0xfeff:
	default:
		return false
	}
	return true
}

// coverage reads the characters of the basic plane for which a TrueType font
// has a glyph, out of its cmap table (format 4). The fonts are embedded: one
// that can't be read has none, and everything is printed as code points.
func coverage(ttf []byte) map[rune]bool {
	has := make(map[rune]bool)
	be := binary.BigEndian
	tables := int(be.Uint16(ttf[4:]))
	for i := range tables {
		record := ttf[12+16*i:]
		if string(record[:4]) != "cmap" {
			continue
		}
		cmap := ttf[be.Uint32(record[8:]):]
		for j := range int(be.Uint16(cmap[2:])) {
			sub := cmap[be.Uint32(cmap[4+8*j+4:]):]
			if be.Uint16(sub) == 4 {
				readFormat4(sub, has)
			}
		}
	}
	return has
}

func readFormat4(sub []byte, has map[rune]bool) {
	be := binary.BigEndian
	double := int(be.Uint16(sub[6:]))
	ends := sub[14:]
	starts := ends[double+2:]
	deltas := starts[double:]
	offsets := deltas[double:]
	for i := 0; i < double; i += 2 {
		start, end := int(be.Uint16(starts[i:])), int(be.Uint16(ends[i:]))
		delta, offset := be.Uint16(deltas[i:]), int(be.Uint16(offsets[i:]))
		for c := start; c <= end && c < 0xffff; c++ {
			glyph := uint16(c) + delta
			if offset != 0 {
				if glyph = be.Uint16(offsets[i+offset+2*(c-start):]); glyph != 0 {
					glyph += delta
				}
			}
			if glyph != 0 {
				has[rune(c)] = true
			}
		}
	}
}
