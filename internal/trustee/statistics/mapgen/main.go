// Command mapgen writes world.tsv, the outlines of countries for the maps of internal/trustee/statistics, from
// countries-110m.json of the npm package world-atlas 2.0.2 (ISC licence; the data are Natural Earth's, in the public
// domain):
//
//	npm pack world-atlas@2.0.2 && tar -xzf world-atlas-2.0.2.tgz
//	go run ./internal/trustee/statistics/mapgen package/countries-110m.json > internal/trustee/statistics/world.tsv
//
// Each line has a country's code and an SVG path in the Equal Earth projection (Šavrič, Patterson, Jenny 2018),
// which keeps areas in proportion, on a canvas of Width points.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

// Width of the canvas in points, from 180° W to 180° E on the equator.
const width = 8000

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mapgen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("say where countries-110m.json is")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	lines, err := convert(text)
	if err != nil {
		return err
	}
	_, err = os.Stdout.WriteString(strings.Join(lines, ""))
	return err
}

// topology is the part of TopoJSON that the file uses.
type topology struct {
	Transform struct{ Scale, Translate [2]float64 }
	Arcs      [][][2]float64
	Objects   struct {
		Countries struct{ Geometries []geometry }
	}
}

type geometry struct {
	Type       string
	ID         string
	Arcs       json.RawMessage
	Properties struct{ Name string }
}

// unnumbered are the areas without an ISO 3166-1 number in the file, by name. Those that are not in the standard
// belong to the country that it counts them to.
var unnumbered = map[string]string{"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}

// convert returns the lines of world.tsv.
func convert(text []byte) ([]string, error) {
	var t topology
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, err
	}
	arcs := t.absolute()
	paths := map[string][]string{}
	for _, g := range t.Objects.Countries.Geometries {
		code, err := codeOf(g)
		if err != nil {
			return nil, err
		}
		rings, err := g.rings()
		if err != nil {
			return nil, err
		}
		for _, r := range rings {
			points, err := join(r, arcs)
			if err != nil {
				return nil, err
			}
			owner := code
			// The file has Crimea with Russia. The General Assembly's resolution 68/262 counts it to Ukraine.
			if code == "RU" && within(points, 32, 44, 37, 46.5) {
				owner = "UA"
			}
			for _, part := range cut(points) {
				paths[owner] = append(paths[owner], path(part))
			}
		}
	}
	out := []string{"code\tpath\n"}
	var codes []string
	for code := range paths {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		if code != "AQ" { // Antarctica has no host authorities, and takes a fifth of the picture
			out = append(out, code+"\t"+strings.Join(paths[code], "")+"\n")
		}
	}
	return out, nil
}

func codeOf(g geometry) (string, error) {
	if g.ID == "" {
		if code := unnumbered[g.Properties.Name]; code != "" {
			return code, nil
		}
		return "", fmt.Errorf("%s has no number", g.Properties.Name)
	}
	n, err := strconv.Atoi(g.ID)
	if err != nil {
		return "", err
	}
	region, err := language.EncodeM49(n)
	if err != nil {
		return "", fmt.Errorf("%s: %w", g.Properties.Name, err)
	}
	return region.String(), nil
}

// absolute decodes the file's deltas and scaling: degrees of longitude and latitude.
func (t topology) absolute() [][][2]float64 {
	out := make([][][2]float64, len(t.Arcs))
	for i, arc := range t.Arcs {
		var x, y float64
		for _, d := range arc {
			x, y = x+d[0], y+d[1]
			out[i] = append(out[i], [2]float64{x*t.Transform.Scale[0] + t.Transform.Translate[0], y*t.Transform.Scale[1] + t.Transform.Translate[1]})
		}
	}
	return out
}

// rings returns a geometry's rings as lists of arcs.
func (g geometry) rings() ([][]int, error) {
	switch g.Type {
	case "Polygon":
		var rings [][]int
		return rings, json.Unmarshal(g.Arcs, &rings)
	case "MultiPolygon":
		var polygons [][][]int
		err := json.Unmarshal(g.Arcs, &polygons)
		return slices.Concat(polygons...), err
	}
	return nil, fmt.Errorf("%s is a %s", g.Properties.Name, g.Type)
}

// join joins a ring's arcs; a negative number means the arc ^n, reversed.
func join(ring []int, arcs [][][2]float64) ([][2]float64, error) {
	var out [][2]float64
	for _, n := range ring {
		at := max(n, ^n)
		if at >= len(arcs) {
			return nil, fmt.Errorf("there is no arc %d", at)
		}
		arc := slices.Clone(arcs[at])
		if n < 0 {
			slices.Reverse(arc)
		}
		if len(out) > 0 {
			arc = arc[1:]
		}
		out = append(out, arc...)
	}
	return out, nil
}

func within(points [][2]float64, west, south, east, north float64) bool {
	return !slices.ContainsFunc(points, func(p [2]float64) bool {
		return p[0] < west || p[0] > east || p[1] < south || p[1] > north
	})
}

// cut returns the parts of a ring that crosses the 180th meridian, on either side of it; any other ring as it is. A
// step of more than half the globe is a crossing.
func cut(points [][2]float64) [][][2]float64 {
	var turn float64
	unrolled := slices.Clone(points)
	crosses := false
	for i := 1; i < len(points); i++ {
		switch step := points[i][0] - points[i-1][0]; {
		case step > 180:
			turn, crosses = turn-360, true
		case step < -180:
			turn, crosses = turn+360, true
		}
		unrolled[i][0] += turn
	}
	if !crosses {
		return [][][2]float64{points}
	}
	var out [][][2]float64
	for _, shift := range []float64{-360, 0, 360} {
		moved := slices.Clone(unrolled)
		for i := range moved {
			moved[i][0] += shift
		}
		if part := clip(clip(moved, -180, 1), 180, -1); len(part) > 2 {
			out = append(out, append(part, part[0]))
		}
	}
	return out
}

// clip keeps the part of a ring on one side of a meridian: sign is 1 to keep what is east of it, -1 for the west
// (Sutherland and Hodgman).
func clip(points [][2]float64, meridian, sign float64) [][2]float64 {
	var out [][2]float64
	inside := func(p [2]float64) bool { return (p[0]-meridian)*sign >= 0 }
	for i, p := range points {
		before := points[(i+len(points)-1)%len(points)]
		if inside(p) != inside(before) {
			share := (meridian - before[0]) / (p[0] - before[0])
			out = append(out, [2]float64{meridian, before[1] + share*(p[1]-before[1])})
		}
		if inside(p) {
			out = append(out, p)
		}
	}
	return out
}

// path writes a ring in whole points, relative to each other. It is empty for a ring that is smaller than a point.
func path(points [][2]float64) string {
	var b strings.Builder
	var x, y int
	for i, p := range points {
		nx, ny := project(p[0], p[1])
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%d %dl", nx, ny)
		case nx == x && ny == y, i == len(points)-1: // z closes the ring
			continue
		default:
			fmt.Fprintf(&b, "%d %d ", nx-x, ny-y)
		}
		x, y = nx, ny
	}
	if strings.HasSuffix(b.String(), "l") {
		return ""
	}
	return strings.TrimSuffix(b.String(), " ") + "z"
}

// project returns the point of a place: x to the right from 180° W, y downwards from the pole.
func project(longitude, latitude float64) (x, y int) {
	const a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
	half := math.Sqrt(3) / 2
	theta := math.Asin(half * math.Sin(latitude*math.Pi/180))
	t2 := theta * theta
	t6 := t2 * t2 * t2
	px := longitude * math.Pi / 180 * math.Cos(theta) / (half * (a1 + 3*a2*t2 + t6*(7*a3+9*a4*t2)))
	py := theta * (a1 + a2*t2 + t6*(a3+a4*t2))
	const edgeX, edgeY = 2.7066299836, 1.3173627591 // of the whole globe
	scale := width / (2 * edgeX)
	return int(math.Round((px + edgeX) * scale)), int(math.Round((edgeY - py) * scale))
}
