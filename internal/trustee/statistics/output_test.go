package statistics

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"image/color"
	"image/png"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

// two is two releases of invented cases, made once for all tests of the output.
var two = sync.OnceValue(func() []Release {
	first, err := Draft(fixed(), nil, october(), Suppress)
	if err != nil {
		panic(err)
	}
	cases := append(fixed(), random(rand.New(rand.NewPCG(8, 7)), "2026-H2", shape{200, 1, someHosts[:6]})...)
	second, err := Draft(cases, []Release{first}, october().AddDate(1, 0, 0), Suppress)
	if err != nil {
		panic(err)
	}
	return []Release{first, second}
})

func words(t *testing.T, code string) *Words {
	t.Helper()
	w, err := NewWords(code)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Every language has the same keys and placeholders, a label for every row and column, and says in its head that no
// native speaker has read it.
func TestLanguages(t *testing.T) {
	holes := regexp.MustCompile(`\{\w+\}`)
	en := words(t, "en")
	for _, code := range Languages() {
		raw, err := localeFiles.ReadFile("locales/" + code + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if head, _, _ := strings.Cut(string(raw), "\n"); !strings.HasSuffix(head, "Not reviewed by a native speaker yet.") {
			t.Errorf("%s starts with %q", code, head)
		}
		w := words(t, code)
		if !slices.Equal(slices.Sorted(maps.Keys(w.text)), slices.Sorted(maps.Keys(en.text))) {
			t.Errorf("%s and en have other keys", code)
		}
		for key, s := range en.text {
			if !slices.Equal(holes.FindAllString(w.text[key], -1), holes.FindAllString(s, -1)) {
				t.Errorf("%s: %s has other placeholders", code, key)
			}
		}
		if code != "en" && w.text["caption"] == en.text["caption"] {
			t.Errorf("%s: the caption is English", code)
		}
		l := newLattice([]string{"PL", "unknown", "XK"}, []string{"bank.other.granted", "police.asylum_law.partly"})
		for _, k := range l.keys {
			if w.Table(k.Table) == "" || w.Row(k.Table, k.Row) == "" || k.Column != "" && w.Column(k.Table, k.Column) == "" {
				t.Errorf("%s: no label for %v", code, k)
			}
		}
		for kind, codes := range map[string][]string{"office": offices, "rule": rules} {
			for _, c := range codes {
				if w.text[kind+"."+c] == "" {
					t.Errorf("%s: no label for %s %s", code, kind, c)
				}
			}
		}
	}
	if _, err := NewWords("fr"); err == nil || err.Error() != `the tables do not speak "fr", only `+strings.Join(Languages(), ", ") {
		t.Error(err)
	}
	if got := words(t, "be").Period("2026-H2") + "; " + words(t, "be").Row(TableHost, "MK"); got != "ліпень–снежань 2026; Паўночная Македонія" {
		t.Error(got)
	}
}

// Each name that is listed is made, and is what its ending says.
func TestFiles(t *testing.T) {
	shorttest.Skip(t, "no files of numbers are drawn")
	for name, begin := range map[string]string{"numbers.csv": "\ufeff", "map.svg": "<svg", "map.png": "\x89PNG", "chart.svg": "<?xml", "chart.png": "\x89PNG"} {
		if !slices.Contains(Files, name) {
			t.Errorf("%s is not listed", name)
		}
		content, err := File(two(), name, TableMethod, words(t, "be"))
		if err != nil || !strings.HasPrefix(string(content), begin) {
			t.Errorf("%s: %v, %.20q", name, err, content)
		}
	}
	if _, err := File(two(), "all.zip", TableMethod, words(t, "be")); err == nil || err.Error() != `there is no file "all.zip" of numbers, but numbers.csv, map.svg, map.png, chart.svg, chart.png` {
		t.Errorf("another file: %v", err)
	}
}

func TestCSV(t *testing.T) {
	text, err := CSV(two(), words(t, "de"), Separator{BOM: true, Comma: ';'})
	if err != nil {
		t.Fatal(err)
	}
	rest, found := bytes.CutPrefix(text, []byte("\xef\xbb\xbf"))
	if !found {
		t.Error("no byte order mark")
	}
	r := csv.NewReader(bytes.NewReader(rest))
	r.Comma = ';'
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := 1
	for _, release := range two() {
		for _, c := range release.Counts {
			for _, cell := range c.Cells {
				want := strconv.Itoa(cell.Count)
				if cell.Hidden {
					want = ":"
				}
				if l := lines[n]; l[0] != string(c.Period) || l[4] != want || l[5] != cell.Table || l[6] != cell.Row || l[7] != cell.Column || l[8] != "Eingegangene Meldungen, nicht die Verbreitung" {
					t.Fatalf("line %d: %q", n+1, l)
				}
				n++
			}
		}
	}
	if n != len(lines) {
		t.Errorf("%d lines, want %d", len(lines), n)
	}
	plain, err := CSV(two(), words(t, "en"), Separator{})
	if err != nil || !bytes.HasPrefix(plain, []byte("half-year,table,row,column,count,table_code,row_code,column_code,\"Reports received, not prevalence\"\n")) {
		t.Errorf("%v: %.200s", err, plain)
	}
}

// texts returns the character data of an SVG picture, which must be well-formed and load nothing.
func texts(t *testing.T, svg []byte) string {
	t.Helper()
	var b strings.Builder
	for dec := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := dec.Token()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.CharData:
			b.Write(x)
		case xml.StartElement:
			for _, a := range x.Attr {
				if a.Name.Local == "href" || strings.HasPrefix(a.Name.Local, "on") || x.Name.Local == "script" {
					t.Errorf("%s has %s=%q", x.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
}

func TestCharts(t *testing.T) {
	shorttest.Skip(t, "no charts are drawn")
	for _, code := range []string{"be", "lt"} {
		w := words(t, code)
		for _, table := range Tables() {
			svg, err := Chart(two(), table, w, SVG)
			if err != nil {
				t.Fatal(err)
			}
			text := texts(t, svg)
			for _, want := range []string{w.Table(table), w.text["caption"], w.text["note.suppress"], ":"} {
				if table == TableTotal && want == ":" {
					continue
				}
				if !strings.Contains(text, want) {
					t.Errorf("%s, %s: %q is not said", code, table, want)
				}
			}
			if again, err := Chart(two(), table, w, SVG); err != nil || !bytes.Equal(again, svg) {
				t.Errorf("%s: the same figures give two pictures", table)
			}
		}
	}
	picture, err := Chart(two(), TableMethod, words(t, "uk"), PNG)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil || img.Bounds().Dx() != 1520 {
		t.Errorf("%v %v", img.Bounds(), err)
	}
	if _, err := Chart(nil, TableMethod, words(t, "en"), SVG); err == nil || err.Error() != `no release has a table "method"` {
		t.Error(err)
	}
	if _, err := Chart(two(), TableMethod, words(t, "en"), "gif"); err == nil || err.Error() != "a chart is svg or png" {
		t.Error(err)
	}
}

// A chart and a map show no figure that the release hides.
func TestPicturesShowWhatIsReleased(t *testing.T) {
	c := two()[0].Counts[0]
	w := words(t, "en")
	allowed := map[string]bool{}
	for _, cell := range c.Cells {
		if cell.Table == TableHost && !cell.Hidden {
			allowed[w.Row(TableHost, cell.Row)+": "+strconv.Itoa(cell.Count)] = true
		}
	}
	// A country that the release names, with its figure hidden.
	hidden := slices.Clone(c.Cells)
	hidden = append(hidden, Cell{Key{TableHost, "LT", ""}, 7, true}, Cell{Key{TableHost, "MT", ""}, 12, false})
	c.Cells = hidden
	allowed["Malta: 12"] = true
	picture, err := Map(c, Suppress, w, SVG)
	if err != nil {
		t.Fatal(err)
	}
	text := texts(t, picture)
	shown := 0
	for _, line := range regexp.MustCompile(`(?m)^[^\n:]+: \d+$`).FindAllString(text, -1) {
		shown++
		if !allowed[line] {
			t.Errorf("the map shows %q", line)
		}
	}
	if shown < 4 || shown > len(allowed) {
		t.Errorf("%d figures shown, %d released", shown, len(allowed))
	}
	for _, want := range []string{"Reports received, not prevalence", "Not on the map: Other countries together 7", "Lithuania: :", "\nBelarus\n", "hidden", "not named"} {
		if !strings.Contains(text, want) {
			t.Errorf("the map does not say %q", want)
		}
	}
	if n := strings.Count(string(picture), "stroke-dasharray"); n != 2 { // Lithuania and the legend
		t.Errorf("%d dashed frames", n)
	}
	if _, err := Map(c, Suppress, w, "gif"); err == nil || err.Error() != "a map is svg or png" {
		t.Error(err)
	}
}

// The map has one square for each country that a reporter can choose, and no two at one place.
func TestEveryCountryHasASquare(t *testing.T) {
	at, of := map[[2]int]string{}, map[string]bool{}
	for _, p := range places() {
		if other := at[[2]int{p.column, p.row}]; other != "" || of[p.code] || incident.CountryName(p.code) == "" {
			t.Errorf("%s at %d, %d, where %q is", p.code, p.column, p.row, other)
		}
		at[[2]int{p.column, p.row}], of[p.code] = p.code, true
		if right := mapMargin + p.column*tileStep + tile; right > mapWidth-mapMargin {
			t.Errorf("%s ends at %d", p.code, right)
		}
	}
	c := Counts{Period: "2026-H1"}
	for _, country := range incident.Countries() {
		if !of[country.Code] {
			t.Errorf("%s has no square", country.Code)
		}
		c.Cells = append(c.Cells, Cell{Key{TableHost, country.Code, ""}, 5 + len(c.Cells), false})
	}
	for _, code := range Languages() {
		w := words(t, code)
		picture, err := Map(c, Suppress, w, SVG)
		if err != nil {
			t.Fatal(err)
		}
		text := texts(t, picture)
		for i, country := range incident.Countries() {
			for _, want := range []string{"\n" + country.Code + "\n", w.Country(country.Code) + ": " + strconv.Itoa(5+i) + "\n"} {
				if !strings.Contains(text, want) {
					t.Errorf("%s: the map does not say %q", code, want)
				}
			}
		}
	}
}

// What is written on a square contrasts with it by 4.5 to 1 at least (WCAG 2.2, 1.4.3), and the PNG has the squares of the SVG.
func TestTheMapIsReadable(t *testing.T) {
	shorttest.Skip(t, "no map is drawn")
	light := func(hex string) float64 {
		c := rgb(hex)
		var sum float64
		for i, v := range []uint8{c.R, c.G, c.B} {
			f := float64(v) / 255
			if f <= 0.04045 {
				f /= 12.92
			} else {
				f = math.Pow((f+0.055)/1.055, 2.4)
			}
			sum += f * []float64{0.2126, 0.7152, 0.0722}[i]
		}
		return sum
	}
	pairs := [][2]string{{blank, faint}, {white, black}}
	for _, s := range steps {
		pairs = append(pairs, [2]string{s.fill, s.ink})
	}
	for _, p := range pairs {
		a, b := light(p[0]), light(p[1])
		if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
			t.Errorf("%s on %s: %.1f to 1", p[1], p[0], ratio)
		}
	}
	picture, err := Map(Counts{Period: "2026-H1", Cells: []Cell{{Key{TableHost, "PL", ""}, 120, false}}}, Suppress, words(t, "be"), PNG)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil || img.Bounds().Dx() != mapWidth {
		t.Fatalf("%v %v", img.Bounds(), err)
	}
	for _, p := range places() {
		want := rgb(blank)
		if p.code == "PL" {
			want = rgb(steps[4].fill)
		}
		if got := img.At(mapMargin+p.column*tileStep+4, mapTop+p.row*tileStep+4); got != color.Color(want) {
			t.Errorf("%s is %v, want %v", p.code, got, want)
		}
	}
}

func TestRounding(t *testing.T) {
	for n, want := range map[int]int{0: 0, 2: 0, 3: 5, 7: 5, 8: 10, 12: 10, 13: 15} {
		if got := round(n, 5); got != want {
			t.Errorf("%d is rounded to %d, want %d", n, got, want)
		}
		if low, high := bounds(want, 5); float64(n) < low || float64(n) > high {
			t.Errorf("%d is not between %v and %v", n, low, high)
		}
	}
	for n, want := range map[int]int{0: 0, 4: 0, 5: 10, 14: 10, 15: 20} {
		low, high := bounds(want, 10)
		if got := round(n, 10); got != want || float64(n) < low || float64(n) > high {
			t.Errorf("%d is rounded to %d, want %d", n, got, want)
		}
	}
	r, err := Draft(fixed(), nil, october(), Round5)
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range r.Counts[0].Cells {
		if cell.Hidden || cell.Count%5 != 0 {
			t.Errorf("%v", cell)
		}
	}
	if got := words(t, "en").Notes(Round5)[2]; got != "Each number is rounded to the nearest multiple of 5 apart from the others, so sums may differ." {
		t.Error(got)
	}
}

func TestParseRefusals(t *testing.T) {
	text := string(two()[0].Marshal())
	if r, err := Parse([]byte(text)); err != nil || string(r.Marshal()) != text {
		t.Fatal(err)
	}
	for _, tt := range []struct{ from, to, want string }{
		{"statistics/v1", "statistics/v2", `statistics: line 1: it must be "zapis/statistics/v1"`},
		{"previous -", "previous " + strings.Repeat("0", 64), "statistics: the first release, and no other, has the number 1 and none before it"},
		{"previous -", "previous x", "statistics: line 3: not 64 lower-case hexadecimal digits"},
		{"day 2026-10-01", "day 2026-09-30", "statistics: 2026-H1 is not released before 2026-10-01"},
		{"day 2026-10-01", "day 2026-13-01", "statistics: line 4: not a day, as in 2026-10-01"},
		{"mode suppress", "mode none", "statistics: line 5: there is no such mode"},
		{"mode suppress", "mode round-5", "statistics: 2026-H1: the cell method D - is not rounded"},
		{"period 2026-H1", "period 2026-H3", "statistics: 2026-H3 is no half-year"},
		{"cell method X - :", "cell method X - 4", "statistics: 2026-H1: the cell method X - shows a count below 5"},
		{"cell host_method DE D :", "cell host_method DE D 9", "statistics: 2026-H1: the cell host_method DE D shows a count below 10"},
		{"cell method X - :\n", "", "statistics: 2026-H1: it has 106 cells, and 107 belong there"},
		{"cell host DE", "cell host ZZ", "statistics: 2026-H1: hosts or solutions are out of order"},
		{"cell method X", "cell method Y", "statistics: 2026-H1: the cell method Y - is not in its place"},
		{"cell total reports - 275", "cell total reports - 0275", "statistics: line 7: not a decimal number without leading zeros"},
		{"cell total reports - 275", "cell total reports 275", "statistics: line 7: 4 values must follow \"cell\""},
	} {
		if !strings.Contains(text, tt.from) {
			t.Fatalf("the sample has no %q", tt.from)
		}
		_, err := Parse([]byte(strings.Replace(text, tt.from, tt.to, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s:\n got %v\nwant %s", tt.to, err, tt.want)
		}
	}
}

func TestVerifyRefusals(t *testing.T) {
	var good []Record
	for _, r := range two() {
		rec, err := Sign(r, sign)
		if err != nil {
			t.Fatal(err)
		}
		good = append(good, rec)
	}
	if got, err := Verify(good, check); err != nil || len(got) != 2 {
		t.Fatal(err)
	}
	change := func(edit func(*Release)) []Record {
		r := two()[1]
		edit(&r)
		rec, err := Sign(r, sign)
		if err != nil {
			t.Fatal(err)
		}
		return []Record{good[0], rec}
	}
	for want, records := range map[string][]Record{
		"release 2: the signature does not fit":                 {good[0], {good[1].Text, []byte("x")}},
		"release 1: it has the number 2":                        good[1:],
		"release 2: it has the number 3":                        change(func(r *Release) { r.Number = 3 }),
		"release 2: it does not follow the release before it":   change(func(r *Release) { r.Previous = strings.Repeat("0", 64) }),
		"release 2: it is older than the release before it":     olderSecond(t),
		"release 2: 2026-H1 was released with number 1 already": change(func(r *Release) { r.Counts = two()[0].Counts }),
		"release 2: suppression and rounding are mixed":         change(rounded),
	} {
		if _, err := Verify(records, check); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := Sign(Release{}, sign); err == nil {
		t.Error("an empty release is signed")
	}
	broken := errors.New("no card")
	if _, err := Sign(two()[0], func([]byte) ([]byte, error) { return nil, broken }); err != broken {
		t.Error(err)
	}
}

func rounded(r *Release) {
	r.Mode = Round5
	r.Counts = slices.Clone(r.Counts)
	for i := range r.Counts {
		r.Counts[i].Cells = slices.Clone(r.Counts[i].Cells)
		for n := range r.Counts[i].Cells {
			r.Counts[i].Cells[n].Hidden, r.Counts[i].Cells[n].Count = false, 5
		}
	}
}

// olderSecond is a ledger whose second release is of a day before the first one's.
func olderSecond(t *testing.T) []Record {
	first := two()[0]
	first.Day = october().AddDate(3, 0, 0)
	second := two()[1]
	second.Previous = first.Hash()
	var out []Record
	for _, r := range []Release{first, second} {
		rec, err := Sign(r, sign)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rec)
	}
	return out
}

// The page that specifies a release shows a real one's head, and names every table, row and column.
func TestSpecification(t *testing.T) {
	page, err := os.ReadFile("../../../docs/spec/statistics.md")
	if err != nil {
		t.Fatal(err)
	}
	l := newLattice([]string{"PL"}, nil)
	named := map[string]bool{}
	for _, k := range l.keys {
		named[k.Table], named[k.Row] = true, true
		if k.Column != "" {
			named[k.Column] = true
		}
	}
	delete(named, "PL")
	named[TableWorked] = true
	for _, list := range [][]string{offices, rules} {
		for _, code := range list {
			named[code] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/spec/statistics.md does not name `%s`", name)
		}
	}
	sample := strings.Join(strings.SplitAfter(string(two()[0].Marshal()), "\n")[:9], "")
	if !strings.Contains(string(page), "    "+strings.ReplaceAll(strings.TrimSpace(sample), "\n", "\n    ")) {
		t.Errorf("docs/spec/statistics.md does not show\n%s", sample)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(two()[0].Marshal())
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := Parse(text); err == nil && !bytes.Equal(r.Marshal(), text) {
			t.Fatalf("%q is written as %q", text, r.Marshal())
		}
	})
}
