package statistics

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"slices"
	"strings"
	"sync"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// worldText is the map: a line for each row of squares, two characters for each column, ".." for none. Every country has one
// square of the same size, near its neighbours: no outline is drawn.
//
//go:embed world.txt
var worldText string

// place is a country's square: its column from the left and its row from the top, from 0.
type place struct {
	code        string
	column, row int
}

// places returns the countries' squares in the order of world.txt.
var places = sync.OnceValue(func() []place {
	var out []place
	for row, line := range strings.Split(strings.TrimSpace(worldText), "\n") {
		for column, code := range strings.Fields(line) {
			if code != ".." {
				out = append(out, place{code, column, row})
			}
		}
	}
	return out
})

// steps are the classes of the map: the least count, the colour of the square and that of what is written on it, which
// contrast by 4.5 to 1 at least. Darker is more.
var steps = []struct {
	from      int
	fill, ink string
}{{5, "#deebf7", black}, {10, "#9ecae1", black}, {20, "#6baed6", black}, {50, "#2171b5", white}, {100, "#08306b", white}}

const (
	black, white = "#000000", "#ffffff"
	blank, faint = "#f2f2f2", "#5f5f5f" // of a country that the release does not name
)

// Measures of the map in units of its canvas; the squares stand at a distance of step.
const (
	mapWidth  = 2070
	mapMargin = 20
	mapTop    = 80
	tile      = 56
	tileStep  = 58
)

// rectangle is a square of the map or of its legend.
type rectangle struct {
	x, y, width, height float64
	fill                string
	dashed              bool   // its figure is hidden
	code, title         string // of a country; empty in the legend
}

// label is a line of text. y is that of its base line.
type label struct {
	x, y, size float64
	middle     bool // x is its middle, not its beginning
	ink, text  string
}

// drawing is a map before it is written in one of the forms.
type drawing struct {
	title      string
	height     float64
	rectangles []rectangle
	labels     []label
}

// Map draws the host countries of one half-year in equal squares, each with its code and its figure. A hidden figure is a
// colon in a dashed frame. What is counted without a country is listed below the map.
func Map(c Counts, m Mode, w *Words, form Picture) ([]byte, error) {
	d := drawMap(c, m, w)
	switch form {
	case SVG:
		return d.svg(), nil
	case PNG:
		return d.png()
	}
	return nil, errors.New("a map is svg or png")
}

func drawMap(c Counts, m Mode, w *Words) *drawing {
	cells := map[string]Cell{}
	for _, cell := range c.Cells {
		if cell.Table == TableHost {
			cells[cell.Row] = cell
		}
	}
	d := &drawing{title: w.Table(TableHost) + ", " + w.Period(c.Period)}
	d.labels = append(d.labels, label{mapMargin, 50, 36, false, black, d.title})
	bottom := 0
	for _, p := range places() {
		cell, named := cells[p.code]
		d.country(p, cell, named, w)
		bottom = max(bottom, p.row)
		delete(cells, p.code)
	}
	y := float64(mapTop + (bottom+1)*tileStep + 30)
	d.legend(y, m, w)
	lines := w.Notes(m)
	if list := elsewhere(cells, w); list != "" {
		lines = append([]string{w.Sentence("map.elsewhere", "list", list)}, lines...)
	}
	for i, line := range lines {
		d.labels = append(d.labels, label{mapMargin, y + 80 + 34*float64(i), 24, false, black, line})
	}
	d.height = y + 80 + 34*float64(len(lines))
	return d
}

// country draws the square of one country.
func (d *drawing) country(p place, cell Cell, named bool, w *Words) {
	x, y := float64(mapMargin+p.column*tileStep), float64(mapTop+p.row*tileStep)
	square := rectangle{x, y, tile, tile, blank, false, p.code, w.Country(p.code)}
	ink, figure := faint, ""
	if named {
		square.fill, ink = colours(cell.Count)
		figure, square.dashed = fmt.Sprint(cell.Count), cell.Hidden
		if cell.Hidden {
			square.fill, ink, figure = white, black, hiddenMark
		}
		square.title += ": " + figure
	}
	d.rectangles = append(d.rectangles, square)
	d.labels = append(d.labels, label{x + tile/2, y + 24, 20, true, ink, p.code})
	if named {
		d.labels = append(d.labels, label{x + tile/2, y + 48, 20, true, ink, figure})
	}
}

// colours returns those of a count; of a smaller one than any class has, which only rounding shows, the lowest.
func colours(n int) (fill, ink string) {
	fill, ink = steps[0].fill, steps[0].ink
	for _, s := range steps {
		if n >= s.from {
			fill, ink = s.fill, s.ink
		}
	}
	return fill, ink
}

// legend draws the classes in a line, then what a colon and a grey square mean.
func (d *drawing) legend(y float64, m Mode, w *Words) {
	x := float64(mapMargin)
	entry := func(r rectangle, inside, text string, width float64) {
		r.x, r.y, r.width, r.height = x, y, 36, 28
		d.rectangles = append(d.rectangles, r)
		if inside != "" {
			d.labels = append(d.labels, label{x + 18, y + 21, 20, true, black, inside})
		}
		d.labels = append(d.labels, label{x + 46, y + 21, 22, false, black, text})
		x += width
	}
	for i, s := range steps {
		text := fmt.Sprintf("%d +", s.from)
		if i+1 < len(steps) {
			text = fmt.Sprintf("%d–%d", s.from, steps[i+1].from-1)
		}
		entry(rectangle{fill: s.fill}, "", text, 160)
	}
	if m == Suppress {
		entry(rectangle{fill: white, dashed: true}, hiddenMark, w.text["map.hidden"], 200)
	}
	entry(rectangle{fill: blank}, "", w.text["map.unnamed"], 0)
}

// elsewhere lists the figures of rows that are no country's.
func elsewhere(cells map[string]Cell, w *Words) string {
	var list []string
	for row, cell := range cells {
		if !cell.Hidden && cell.Count > 0 {
			list = append(list, fmt.Sprintf("%s %d", w.Row(TableHost, row), cell.Count))
		}
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

func (d *drawing) svg() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %g" role="img" font-family="DejaVu Sans, sans-serif">
<title>%s</title>
<rect width="%d" height="%g" fill="%s"/>
`, mapWidth, d.height, escape(d.title), mapWidth, d.height, white)
	for _, r := range d.rectangles {
		dashes := ""
		if r.dashed {
			dashes = ` stroke-dasharray="6 4"`
		}
		fmt.Fprintf(&b, `<rect x="%g" y="%g" width="%g" height="%g" fill="%s" stroke="%s"%s`, r.x, r.y, r.width, r.height, r.fill, faint, dashes)
		if r.code == "" {
			b.WriteString("/>\n")
			continue
		}
		fmt.Fprintf(&b, " data-code=\"%s\"><title>%s</title></rect>\n", r.code, escape(r.title))
	}
	for _, l := range d.labels {
		anchor := ""
		if l.middle {
			anchor = ` text-anchor="middle"`
		}
		fmt.Fprintf(&b, "<text x=\"%g\" y=\"%g\" font-size=\"%g\" fill=\"%s\"%s>%s</text>\n", l.x, l.y, l.size, l.ink, anchor, escape(l.text))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// png draws at two units a point and two pixels a point: one pixel for each unit.
func (d *drawing) png() ([]byte, error) {
	fonts, err := dejavu()
	if err != nil {
		return nil, err
	}
	unit := func(n float64) vg.Length { return vg.Length(n / 2) }
	canvas := vgimg.NewWith(vgimg.UseWH(unit(mapWidth), unit(d.height)), vgimg.UseDPI(144))
	c := draw.New(canvas)
	// The origin of vg is at the bottom.
	corner := func(x, y float64) vg.Point { return vg.Point{X: unit(x), Y: unit(d.height - y)} }
	c.SetLineWidth(0.5)
	for _, r := range d.rectangles {
		path := vg.Rectangle{Min: corner(r.x, r.y+r.height), Max: corner(r.x+r.width, r.y)}.Path()
		c.SetColor(rgb(r.fill))
		c.Fill(path)
		c.SetColor(rgb(faint))
		c.SetLineDash(nil, 0)
		if r.dashed {
			c.SetLineDash([]vg.Length{3, 2}, 0)
		}
		c.Stroke(path)
	}
	for _, l := range d.labels {
		style := text.Style{Color: rgb(l.ink), Font: typeface(unit(l.size)), Handler: text.Plain{Fonts: fonts}}
		if l.middle {
			style.XAlign = draw.XCenter
		}
		c.FillText(style, corner(l.x, l.y), l.text)
	}
	var b bytes.Buffer
	_, err = vgimg.PngCanvas{Canvas: canvas}.WriteTo(&b)
	return b.Bytes(), err
}

// rgb reads a colour of the form #rrggbb.
func rgb(hex string) color.RGBA {
	c := color.RGBA{A: 255}
	_, _ = fmt.Sscanf(hex, "#%02x%02x%02x", &c.R, &c.G, &c.B) // the colours of this file; a test reads each
	return c
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder returns no error
	return b.String()
}
