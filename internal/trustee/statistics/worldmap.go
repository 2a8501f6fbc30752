package statistics

import (
	_ "embed"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:generate sh -c "go run ./mapgen $WORLD_ATLAS/countries-110m.json > world.tsv"

//go:embed world.tsv
var worldTSV string

// outlines returns the countries' paths by code, in ascending order of the codes.
var outlines = sync.OnceValue(func() [][2]string {
	var out [][2]string
	for _, line := range strings.Split(strings.TrimSpace(worldTSV), "\n")[1:] {
		code, path, _ := strings.Cut(line, "\t")
		out = append(out, [2]string{code, path})
	}
	return out
})

// steps are the classes of the map: the least count, and its colour. Darker is more.
var steps = []struct {
	from   int
	colour string
}{{5, "#c6dbef"}, {10, "#9ecae1"}, {20, "#6baed6"}, {50, "#3182bd"}, {100, "#08519c"}}

const blankColour = "#e8e8e8"

// Region is the part of the world that a map shows.
type Region string

const (
	World  Region = "world"
	Europe Region = "europe" // to the Caucasus, where most host countries are
)

// frames are the regions' parts of the canvas of world.tsv: x, y, width, height.
var frames = map[Region]string{World: "0 0 8000 3560", Europe: "3740 130 1320 840"}

// Map draws the host countries of one half-year as an SVG picture, in steps of colour. Countries without an outline in
// world.tsv, and what is counted without a country, are listed below it.
func Map(c Counts, m Mode, w *Words, region Region) []byte {
	figures := map[string]int{}
	for _, cell := range c.Cells {
		if cell.Table == TableHost && !cell.Hidden && cell.Count > 0 {
			figures[cell.Row] = cell.Count
		}
	}
	var b strings.Builder
	title := escape(w.Table(TableHost) + ", " + w.Period(c.Period))
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2000 1180" role="img" font-family="DejaVu Sans, sans-serif">
<title>%s</title>
<rect width="2000" height="1180" fill="#ffffff"/>
<text x="20" y="50" font-size="36">%s</text>
<svg x="0" y="80" width="2000" height="890" viewBox="%s" stroke="#ffffff">
`, title, title, frames[region])
	for _, o := range outlines() {
		fmt.Fprintf(&b, "<path data-code=\"%s\" fill=\"%s\" vector-effect=\"non-scaling-stroke\" d=\"%s\"><title>%s</title></path>\n",
			o[0], colour(figures[o[0]]), o[1], escape(w.Country(o[0])+": "+figure(figures, o[0])))
	}
	b.WriteString("</svg>\n")
	legend(&b, w)
	lines := w.Notes(m)
	if list := elsewhere(figures, w); list != "" {
		lines = append([]string{w.Sentence("map.elsewhere", "list", list)}, lines...)
	}
	for i, line := range lines {
		fmt.Fprintf(&b, "<text x=\"20\" y=\"%d\" font-size=\"24\">%s</text>\n", 1030+34*i, escape(line))
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// elsewhere lists the figures of rows that the map has no outline for.
func elsewhere(figures map[string]int, w *Words) string {
	var list []string
	for row := range figures {
		if !slices.ContainsFunc(outlines(), func(o [2]string) bool { return o[0] == row }) {
			list = append(list, fmt.Sprintf("%s %d", w.Row(TableHost, row), figures[row]))
		}
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

func figure(figures map[string]int, code string) string {
	if n := figures[code]; n > 0 {
		return fmt.Sprint(n)
	}
	return hiddenMark
}

func colour(n int) string {
	out := blankColour
	for _, s := range steps {
		if n >= s.from {
			out = s.colour
		}
	}
	return out
}

func legend(b *strings.Builder, w *Words) {
	box := func(i int, fill, text string) {
		y := 700 + 36*i
		fmt.Fprintf(b, "<rect x=\"20\" y=\"%d\" width=\"28\" height=\"24\" fill=\"%s\" stroke=\"#888888\"/><text x=\"58\" y=\"%d\" font-size=\"22\">%s</text>\n", y, fill, y+20, escape(text))
	}
	for i, s := range steps {
		text := fmt.Sprintf("%d–%d", s.from, steps[min(i+1, len(steps)-1)].from-1)
		if i == len(steps)-1 {
			text = fmt.Sprintf("%d +", s.from)
		}
		box(i, s.colour, text)
	}
	box(len(steps), blankColour, w.text["map.hidden"])
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder returns no error
	return b.String()
}
