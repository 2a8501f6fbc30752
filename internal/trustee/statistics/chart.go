package statistics

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"sync"

	"codeberg.org/go-fonts/dejavu/dejavusans"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Picture is the form of a chart.
type Picture string

const (
	SVG Picture = "svg"
	PNG Picture = "png"
)

// maxSeries is how many half-years a chart shows side by side: the newest ones.
const maxSeries = 4

// palette is the one of Okabe and Ito, which colour-blind readers can distinguish.
var palette = []color.Color{
	color.RGBA{0, 114, 178, 255}, color.RGBA{230, 159, 0, 255}, color.RGBA{0, 158, 115, 255}, color.RGBA{204, 121, 167, 255},
	color.RGBA{86, 180, 233, 255}, color.RGBA{213, 94, 0, 255}, color.RGBA{240, 228, 66, 255}, color.RGBA{0, 0, 0, 255}, color.RGBA{150, 150, 150, 255},
}

// dejavu is one face for all seven languages; plot's own has no Cyrillic in bold.
var dejavu = sync.OnceValues(func() (*font.Cache, error) {
	face, err := opentype.Parse(dejavusans.TTF)
	if err != nil {
		return nil, err
	}
	return font.NewCache(font.Collection{{Font: typeface(0), Face: face}}), nil
})

func typeface(size vg.Length) font.Font {
	return font.Font{Typeface: "DejaVu", Variant: "Sans", Size: size}
}

// series is one colour of a chart: a figure for each category, and which of them are hidden.
type series struct {
	name    string
	figures []int
	hidden  []bool
}

// Chart draws one table as bars: of one dimension, a colour for each of the newest half-years; of two, a colour for
// each column, of the newest half-year. A hidden figure is a colon in place of a bar. It fails where no release has
// the table.
func Chart(releases []Release, table string, w *Words, form Picture) ([]byte, error) {
	var all []Counts
	mode := Suppress
	for _, r := range releases {
		mode = r.Mode
		for _, c := range r.Counts {
			if slices.ContainsFunc(c.Cells, func(cell Cell) bool { return cell.Table == table }) {
				all = append(all, c)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no release has a table %.40q", table)
	}
	slices.SortFunc(all, func(a, b Counts) int { return compare(a.Period, b.Period) })
	all = all[max(0, len(all)-maxSeries):]
	rows, list := seriesOf(all, table, w)
	title := w.Table(table)
	if table == TableCross || table == TableOutcome {
		title += ", " + w.Period(all[len(all)-1].Period)
	}
	notes := w.Notes(mode)
	if table == TableMethod || table == TableCross {
		notes = append(notes, w.text["note.several"])
	}
	return drawBars(title, notes, rows, list, w, form)
}

func compare(a, b Period) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// seriesOf returns the labels of a table's rows, the first one on top, and its series.
func seriesOf(all []Counts, table string, w *Words) (rows []string, list []series) {
	var codes, columns []string
	for _, c := range all {
		for _, cell := range c.Cells {
			if cell.Table == table && !slices.Contains(codes, cell.Row) {
				codes = append(codes, cell.Row)
			}
			if cell.Table == table && cell.Column != "" && !slices.Contains(columns, cell.Column) {
				columns = append(columns, cell.Column)
			}
		}
	}
	if i := slices.Index(codes, Other); i >= 0 && (table == TableHost || table == TableCross) {
		codes = append(slices.Delete(codes, i, i+1), Other) // a later half-year may list hosts behind it
	}
	slices.Reverse(codes) // plot counts from below
	for _, code := range codes {
		rows = append(rows, w.Row(table, code))
	}
	fill := func(name string, c Counts, column string) {
		s := series{name: name}
		for _, code := range codes {
			n, shown := c.Of(Key{table, code, column})
			s.figures, s.hidden = append(s.figures, n), append(s.hidden, !shown)
		}
		list = append(list, s)
	}
	if len(columns) > 0 {
		for _, column := range columns {
			fill(w.Column(table, column), all[len(all)-1], column)
		}
		return rows, list
	}
	for _, c := range all {
		fill(w.Period(c.Period), c, "")
	}
	return rows, list
}

const (
	barWidth  = vg.Length(9)
	pageWidth = vg.Length(760)
)

func drawBars(title string, notes, rows []string, list []series, w *Words, form Picture) ([]byte, error) {
	fonts, err := dejavu()
	if err != nil {
		return nil, err
	}
	p := plot.New()
	p.TextHandler = text.Plain{Fonts: fonts}
	for style, size := range map[*text.Style]vg.Length{
		&p.Title.TextStyle: 14, &p.X.Label.TextStyle: 9, &p.Y.Label.TextStyle: 9, &p.X.Tick.Label: 9, &p.Y.Tick.Label: 9, &p.Legend.TextStyle: 9,
	} {
		style.Font, style.Handler = typeface(size), p.TextHandler
	}
	p.Title.Text = title
	p.X.Label.Text = w.text["axis.count"]
	for _, note := range notes {
		p.X.Label.Text += "\n" + note
	}
	p.X.Min, p.Legend.Top = 0, false
	p.NominalY(rows...)
	top := 1
	for i, s := range list {
		offset := barWidth * vg.Length(float64(len(list)-1)/2-float64(i))
		if err := addSeries(p, s, offset, palette[i%len(palette)]); err != nil {
			return nil, err
		}
		top = max(top, slices.Max(s.figures))
	}
	p.X.Max = float64(top) * 1.08
	height := vg.Length(len(rows))*(barWidth*vg.Length(len(list))+8) + vg.Length(len(notes))*12 + 110
	return render(p, list, height, form)
}

func addSeries(p *plot.Plot, s series, offset vg.Length, c color.Color) error {
	values := make(plotter.Values, len(s.figures))
	names := plotter.XYLabels{}
	for i, n := range s.figures {
		values[i] = float64(n)
		label := strconv.Itoa(n)
		if s.hidden[i] {
			label = hiddenMark
		}
		names.XYs, names.Labels = append(names.XYs, plotter.XY{X: float64(n), Y: float64(i)}), append(names.Labels, label)
	}
	bars, err := plotter.NewBarChart(values, barWidth)
	if err != nil {
		return err
	}
	bars.Horizontal, bars.Offset, bars.Color, bars.LineStyle.Width = true, offset, c, 0
	figures, err := plotter.NewLabels(names)
	if err != nil {
		return err
	}
	figures.Offset = vg.Point{X: 3, Y: offset - 3}
	for i := range figures.TextStyle {
		figures.TextStyle[i].Font, figures.TextStyle[i].Handler = typeface(7), p.TextHandler
	}
	p.Add(bars, figures)
	return nil
}

// render draws the plot, with its legend in a row of its own above it where there are several series.
func render(p *plot.Plot, list []series, height vg.Length, form Picture) ([]byte, error) {
	legend := vg.Length(0)
	if len(list) > 1 {
		legend = vg.Length((len(list)+2)/3)*14 + 6
	}
	height += legend
	var b bytes.Buffer
	page := func(c vg.CanvasSizer) {
		all := draw.New(c)
		all.SetColor(color.White)
		all.Fill(all.Rectangle.Path())
		p.Draw(draw.Crop(all, 8, -16, legend+8, -8))
		if legend > 0 {
			drawLegend(p, list, draw.Crop(all, 12, -12, 6, -(height-legend)))
		}
	}
	switch form {
	case SVG:
		c := vgsvg.NewWith(vgsvg.UseWH(pageWidth, height), vgsvg.EmbedFonts(false))
		page(c)
		if _, err := c.WriteTo(&b); err != nil {
			return nil, err
		}
	case PNG:
		c := vgimg.NewWith(vgimg.UseWH(pageWidth, height), vgimg.UseDPI(144))
		page(c)
		if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(&b); err != nil {
			return nil, err
		}
	default:
		return nil, errors.New("a chart is svg or png")
	}
	return b.Bytes(), nil
}

// drawLegend writes three names per line, each after its colour.
func drawLegend(p *plot.Plot, list []series, c draw.Canvas) {
	style := p.Legend.TextStyle
	width := (c.Max.X - c.Min.X) / 3
	for i, s := range list {
		at := vg.Point{X: c.Min.X + width*vg.Length(i%3), Y: c.Max.Y - 12 - 14*vg.Length(i/3)}
		c.SetColor(palette[i%len(palette)])
		box := vg.Rectangle{Min: at, Max: vg.Point{X: at.X + 10, Y: at.Y + 8}}
		c.Fill(box.Path())
		c.FillText(style, vg.Point{X: at.X + 14, Y: at.Y}, s.name)
	}
}
