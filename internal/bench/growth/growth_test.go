package main

import (
	"encoding/xml"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

// grown has one verb that grows with the number of cases, one with its square, and one that does not grow.
func grown() []figure {
	var list []figure
	for _, n := range []int{1000, 100, 10_000} {
		x := float64(n)
		list = append(list, figure{"linear", n, x / 10, x / 5}, figure{"square", n, x * x / 1000, x}, figure{"one case & no more", n, 25, 30})
	}
	return list
}

func TestFiguresRoundTrip(t *testing.T) {
	text := marshal(grown())
	back, err := parse(text)
	if err != nil || marshal(back) != text {
		t.Fatalf("%v\n%s", err, text)
	}
	if want := "linear\t100\t10.0\t20.0\nlinear\t1000\t100.0\t200.0\n"; !strings.HasPrefix(text, heading+want) {
		t.Errorf("%s", text)
	}
	for _, wrong := range []string{"", "verb\n", heading + "list\t1\t2\n", heading + "list\tone\t2\t3\n"} {
		if _, err := parse(wrong); err == nil {
			t.Errorf("%q is read", wrong)
		}
	}
}

func TestSlope(t *testing.T) {
	var worse []string
	for i, r := range table(grown()) {
		if want := []float64{1, 2, 0}[i]; math.Abs(r.slope-want) > 1e-9 {
			t.Errorf("%s: %v, want %v", r.verb, r.slope, want)
		}
		if r.worse() {
			worse = append(worse, r.verb)
		}
	}
	if !slices.Equal(worse, []string{"square"}) {
		t.Errorf("worse than n log n: %v", worse)
	}
}

func TestTable(t *testing.T) {
	const want = `| processor time, ms | 100 | 1,000 | 10,000 | power |
|---|---|---|---|---|
| linear | 10 | 100 | 1,000 | 1.00 |
| square | 10 | 1,000 | 100,000 | 2.00 |
| one case & no more | 25 | 25 | 25 | 0.00 |
`
	if got := markdown(table(grown())); got != want {
		t.Errorf("\n%s", got)
	}
}

// The plot is XML, has a panel for each verb, and marks the one that grows too fast in red.
func TestPlot(t *testing.T) {
	svg := plot(grown())
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if strings.Count(svg, "<g ") != 3 || strings.Count(svg, "<circle ") != 9 {
		t.Errorf("%s", svg)
	}
	for _, panel := range strings.Split(svg, "<g ")[1:] {
		if red := strings.Contains(panel, "#c00"); red != strings.Contains(panel, "square: power 2.00") {
			t.Errorf("%s", panel)
		}
	}
}

// What is measured again takes the place of what was measured before, verb by verb and size by size.
func TestReplace(t *testing.T) {
	got := replace(grown(), []figure{{"linear", 1000, 1, 2}, {"new", 100, 3, 4}})
	if len(got) != 10 || slices.Contains(got, figure{"linear", 1000, 100, 200}) || !slices.Contains(got, figure{"linear", 1000, 1, 2}) || !slices.Contains(got, figure{"square", 1000, 1000, 1000}) {
		t.Errorf("%v", got)
	}
}
