package pdf

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"codeberg.org/go-fonts/dejavu/dejavusansbold"
	"codeberg.org/go-fonts/dejavu/dejavusansmono"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"golang.org/x/text/unicode/norm"
)

// A face is one of the embedded fonts, ready for shaping. A mutex makes it
// safe for concurrent use: the library's font writes to a cache of glyphs
// while it reads.
type face struct {
	name string // PostScript name
	ttf  []byte
	upem int
	own  [128]int // widths of the Latin letters, in thousandths of the font size; 0 for other characters

	mu     sync.Mutex // guards what follows
	font   *harfbuzz.Font
	cmap   *font.Face
	buffer harfbuzz.Buffer // always empty; its copies share the plans of scripts and directions that were shaped before
}

var faces struct {
	once             sync.Once
	sans, bold, mono *face
}

// loadFaces parses the embedded fonts. An error is a broken build.
func loadFaces() {
	faces.once.Do(func() {
		read := func(name string, ttf []byte) *face {
			f, err := font.ParseTTF(bytes.NewReader(ttf))
			if err != nil {
				panic("pdf: the embedded font " + name + ": " + err.Error())
			}
			made := &face{name: name, ttf: ttf, upem: int(f.Upem()), font: harfbuzz.NewFont(f), cmap: f, buffer: *harfbuzz.NewBuffer()}
			for r := range made.own {
				if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
					made.own[r] = made.shape(string(rune(r)), false).width
				}
			}
			return made
		}
		faces.sans = read("DejaVuSans", dejavusans.TTF)
		faces.bold = read("DejaVuSans-Bold", dejavusansbold.TTF)
		faces.mono = read("DejaVuSansMono", dejavusansmono.TTF)
	})
}

func sans() *face { loadFaces(); return faces.sans }
func bold() *face { loadFaces(); return faces.bold }
func mono() *face { loadFaces(); return faces.mono }

// text replaces what a face can't show by its code point, `[U+1F600]`: with a
// box instead, the picture and the text copied out of it would differ, and
// this is evidence. A joiner between letters of a joining script is kept: it
// changes their shapes.
func (f *face) text(s string) string {
	var b strings.Builder
	runes := []rune(norm.NFC.String(s))
	for i, r := range runes {
		switch {
		case r == '\n' || r == ' ':
			b.WriteRune(r)
		case r == '\t':
			b.WriteString("    ")
		case (r == 0x200c || r == 0x200d) && i > 0 && i+1 < len(runes) && joins(runes[i-1]) && joins(runes[i+1]):
			b.WriteRune(r)
		case r < 0x20 || r > 0xffff || unseen(r) || !f.has(r):
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (f *face) has(r rune) bool {
	_, ok := f.glyph(r)
	return ok
}

// glyph returns the glyph of a character alone.
func (f *face) glyph(r rune) (font.GID, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cmap.NominalGlyph(r)
}

// joins reports whether a character is of the Arabic script, whose letters
// join.
func joins(r rune) bool { return r >= 0x620 && r <= 0x6ff || r >= 0x750 && r <= 0x77f }

// unseen reports whether a character is invisible, or changes the direction of
// text, even if a font has it.
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
