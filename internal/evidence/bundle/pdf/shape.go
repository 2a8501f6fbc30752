package pdf

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-text/typesetting/bidi"
	ot "github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
)

// A glyph is one shape of a line. Lengths are in thousandths of the font size.
type glyph struct {
	id              uint16 // in the font
	text            string // its text; empty for the second and later glyphs of a cluster
	advance, dx, dy int
	span            int    // of the first of several overlapping glyphs: their number
	actual          string // and their text together
}

// A line is shaped text in the order in which it is drawn, from left to right.
type line struct {
	text   string // in reading order
	glyphs []glyph
	width  int  // thousandths of the font size
	right  bool // the paragraph is read from right to left
}

// plain disables ligatures of letters that can be drawn separately.
var plain = []harfbuzz.Feature{
	{Tag: ot.MustNewTag("liga"), Value: 0, Start: harfbuzz.FeatureGlobalStart, End: harfbuzz.FeatureGlobalEnd},
	{Tag: ot.MustNewTag("kern"), Value: 0, Start: harfbuzz.FeatureGlobalStart, End: harfbuzz.FeatureGlobalEnd},
}

// rightToLeft reports whether a paragraph is read from right to left: by its first letter (UAX #9, rules P2 and P3).
func rightToLeft(text string) bool {
	for _, r := range text {
		switch s := language.LookupScript(r); {
		case s == language.Arabic || s == language.Hebrew || s == language.Syriac || s == language.Thaana || s == language.Nko:
			return true
		case s.Strong() && s != language.Unknown:
			return false
		}
	}
	return false
}

// shape lays out one line of a paragraph. The text is a result of face.text.
func (f *face) shape(text string, right bool) line {
	l := line{text: text, right: right}
	runes := []rune(text)
	if len(runes) == 0 {
		return l
	}
	var p bidi.Paragraph
	base := bidi.LeftToRight
	if right {
		base = bidi.RightToLeft
	}
	runs := p.Segment(runes, base)
	var list []bidi.Run
	for i := range runs.NumRuns() {
		r := runs.Run(i)
		if n := number(runes[r.Start:r.End]); !right && r.Level == 2 && n < r.End-r.Start {
			list = append(list, bidi.Run{Start: r.Start, End: r.Start + n, Level: 2})
			r.Start, r.Level = r.Start+n, 0
		}
		list = append(list, r)
	}
	for _, r := range visual(list) {
		l.glyphs = append(l.glyphs, f.shapeRun(runes[r.Start:r.End], !r.IsLeftToRight())...)
	}
	for _, g := range l.glyphs {
		l.width += g.advance
	}
	return l
}

// number returns how many characters a number at the beginning has (UAX #9, rules W4 and W5). Package bidi puts
// characters of the levels 2 and 0 into one run, which in a left-to-right paragraph is a number after right-to-left
// letters and the text after it: they are drawn at different places.
func number(runes []rune) int {
	digit := func(i int) bool { return i < len(runes) && unicode.IsDigit(runes[i]) }
	n := 0
	for digit(n) || n > 0 && digit(n-1) && n < len(runes) && strings.ContainsRune("+-.,/:", runes[n]) && digit(n+1) {
		n++
	}
	for n > 0 && n < len(runes) && strings.ContainsRune("%#$€£°‰₴₽", runes[n]) {
		n++
	}
	return n
}

// visual orders runs from left to right (UAX #9, rule L2).
func visual(runs []bidi.Run) []bidi.Run {
	highest := bidi.Level(0)
	for _, r := range runs {
		highest = max(highest, r.Level)
	}
	for level := highest; level > 0; level-- {
		for i := 0; i < len(runs); {
			j := i
			for j < len(runs) && runs[j].Level >= level {
				j++
			}
			if j > i {
				slices.Reverse(runs[i:j])
			}
			i = j + 1
		}
	}
	return runs
}

// shapeRun shapes text of one direction, script by script.
func (f *face) shapeRun(runes []rune, right bool) (out []glyph) {
	type part struct{ from, to int }
	var parts []part
	script := language.Script(0)
	for i, r := range runes {
		s := language.LookupScript(r)
		strong := s.Strong() && s != language.Unknown
		if len(parts) == 0 || strong && script != 0 && s != script {
			parts = append(parts, part{i, i})
		}
		if strong {
			script = s
		}
		parts[len(parts)-1].to = i + 1
	}
	if right {
		slices.Reverse(parts)
	}
	for _, p := range parts {
		out = append(out, f.shapePart(runes[p.from:p.to], right)...)
	}
	return out
}

func (f *face) shapePart(runes []rune, right bool) []glyph {
	empty := f.buffer
	b := &empty
	b.AddRunes(runes, 0, len(runes))
	features := plain
	b.Props.Direction = harfbuzz.LeftToRight
	if right {
		b.Props.Direction, features = harfbuzz.RightToLeft, nil
	}
	b.GuessSegmentProperties()
	f.mu.Lock()
	b.Shape(f.font, features)
	f.mu.Unlock()
	out := make([]glyph, len(b.Info))
	for i, info := range b.Info {
		pos := b.Pos[i]
		out[i] = glyph{id: uint16(info.Glyph), advance: f.thousandths(pos.XAdvance), dx: f.thousandths(pos.XOffset), dy: f.thousandths(pos.YOffset)}
	}
	f.assign(b, runes, out)
	return out
}

// assign sets the text of each glyph. In a cluster of as many glyphs as characters each glyph has one: its own where
// the font says so, and of the others the next. A reader that copies the text orders it by direction itself.
func (f *face) assign(b *harfbuzz.Buffer, runes []rune, out []glyph) {
	for i := 0; i < len(out); {
		j := i
		for j < len(out) && b.Info[j].Cluster == b.Info[i].Cluster {
			j++
		}
		// Clusters ascend from left to right, and descend where the text is read from right to left.
		from, to := b.Info[i].Cluster, len(runes)
		if ascend := b.Props.Direction == harfbuzz.LeftToRight; ascend && j < len(out) {
			to = b.Info[j].Cluster
		} else if !ascend && i > 0 {
			to = b.Info[i-1].Cluster
		}
		cluster := runes[from:to]
		if j-i > 1 && (b.Props.Direction == harfbuzz.LeftToRight || j-i != len(cluster)) {
			out[i].span, out[i].actual = j-i, string(cluster)
		}
		if j-i == len(cluster) {
			f.pair(cluster, out[i:j])
		} else {
			out[i].text = string(cluster)
		}
		i = j
	}
}

// pair assigns one character of a cluster to each of its glyphs.
func (f *face) pair(cluster []rune, glyphs []glyph) {
	left := slices.Clone(cluster)
	for i := range glyphs {
		own := slices.IndexFunc(left, func(r rune) bool { id, ok := f.glyph(r); return ok && uint16(id) == glyphs[i].id })
		if own >= 0 {
			glyphs[i].text = string(left[own])
			left = slices.Delete(left, own, own+1)
		}
	}
	for i := range glyphs {
		if glyphs[i].text == "" {
			glyphs[i].text = string(left[0])
			left = left[1:]
		}
	}
}

// thousandths converts font units to thousandths of the font size, rounded.
func (f *face) thousandths(units int32) int {
	n := int(units) * 1000
	if n < 0 {
		return -((-n + f.upem/2) / f.upem)
	}
	return (n + f.upem/2) / f.upem
}

// lines breaks text into lines of at most width thousandths of the font size. Lines are broken after spaces; a longer
// word is broken inside.
func (f *face) lines(text string, width int) (out []line) {
	for _, paragraph := range strings.Split(text, "\n") {
		right := rightToLeft(paragraph)
		rest := paragraph
		for {
			var whole line
			fits := f.atLeast(rest) <= width
			if fits {
				whole = f.shape(rest, right)
				fits = whole.width <= width
			}
			if fits && !strings.HasSuffix(rest, " ") {
				out = append(out, whole)
				break
			}
			n := len(rest)
			if !fits {
				n = f.fitting(rest, right, width)
			}
			out = append(out, f.shape(strings.TrimRight(rest[:n], " "), right))
			rest = strings.TrimLeft(rest[n:], " ")
			if rest == "" {
				break
			}
		}
	}
	return out
}

// atLeast returns a width that a text has at least: that of its Latin letters, which are always drawn from left to right,
// and there neither kerned nor joined (plain).
func (f *face) atLeast(text string) (sum int) {
	for i := range len(text) {
		if c := text[i]; c < utf8.RuneSelf {
			sum += f.own[c]
		}
	}
	return sum
}

// fitting returns how many bytes, at least one character, fit into a line of a text that is too long for it.
func (f *face) fitting(text string, right bool, width int) int {
	taken, sum := 0, 0
	for taken < len(text) {
		end := taken
		for end < len(text) && text[end] == ' ' {
			end++
		}
		for end < len(text) && text[end] != ' ' {
			end++
		}
		w := f.shape(text[taken:end], right).width
		if sum+w > width {
			break
		}
		sum += w
		taken = end
	}
	if taken > 0 {
		return taken
	}
	// One word is longer than the line: it is broken between independent characters.
	_, size := utf8.DecodeRuneInString(text)
	best := size
	for i := size; i < len(text); {
		_, n := utf8.DecodeRuneInString(text[i:])
		if f.shape(text[:i+n], right).width > width {
			break
		}
		i += n
		if r, _ := utf8.DecodeRuneInString(text[i:]); !mark(r) {
			best = i
		}
	}
	return best
}

// mark reports whether a character is combined with the one before it.
func mark(r rune) bool { return language.LookupScript(r) == language.Inherited }
