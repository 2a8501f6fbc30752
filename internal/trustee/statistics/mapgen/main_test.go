package main

import (
	"strings"
	"testing"
)

const small = `{"transform":{"scale":[1,1],"translate":[-180,-90]},
"arcs":[[[180,90],[10,0],[0,10],[-10,0],[0,-10]],[[213,134],[3,0],[0,2],[-3,0],[0,-2]]],
"objects":{"countries":{"geometries":[
{"type":"Polygon","arcs":[[0]],"id":"616","properties":{"name":"Poland"}},
{"type":"MultiPolygon","arcs":[[[-1]],[[1]]],"id":"643","properties":{"name":"Russia"}},
{"type":"Polygon","arcs":[[0]],"properties":{"name":"Kosovo"}}]}}}`

func TestConvert(t *testing.T) {
	lines, err := convert([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(lines, "")
	want := "code\tpath\nPL\tM4000 1947l222 0 -1 -299 -221 0z\nRU\tM4000 1947l0 -299 221 0 1 299z\nUA\tM4633 700l58 0 -10 -49 -57 0z\nXK\tM4000 1947l222 0 -1 -299 -221 0z\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for text, want := range map[string]string{
		"{": "unexpected end of JSON input",
		strings.Replace(small, "Kosovo", "Atlantis", 1):   "Atlantis has no number",
		strings.Replace(small, "616", "9999", 1):          "Poland: language: subtag \"9999\" is well-formed but unknown",
		strings.Replace(small, "MultiPolygon", "Line", 1): "Russia is a Line",
		strings.Replace(small, "[[-1]]", "[[-9]]", 1):     "there is no arc 8",
	} {
		if _, err := convert([]byte(text)); err == nil || (err.Error() != want && !strings.HasPrefix(err.Error(), "Poland: ")) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A ring over the 180th meridian is drawn on both edges, and nowhere in between.
func TestCut(t *testing.T) {
	parts := cut([][2]float64{{170, 60}, {-170, 60}, {-170, 70}, {170, 70}, {170, 60}})
	if len(parts) != 2 {
		t.Fatalf("%v", parts)
	}
	for i, box := range [][2]float64{{-180, -170}, {170, 180}} {
		if !within(parts[i], box[0], 60, box[1], 70) || len(parts[i]) < 5 {
			t.Errorf("part %d: %v", i, parts[i])
		}
	}
	if parts := cut([][2]float64{{-170, 0}, {0, 0}, {170, 0}, {0, 1}, {-170, 0}}); len(parts) != 1 || len(parts[0]) != 5 {
		t.Errorf("%v", parts)
	}
}
