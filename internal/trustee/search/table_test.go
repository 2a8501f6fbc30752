package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func number(n int64) *int64 { return &n }

func TestSelect(t *testing.T) {
	x := NewTable()
	x.Put(Row{"c1", map[string][]string{"state": {"received"}, "method": {"T1", "A1"}}, map[string]int64{"due": 20}})
	x.Put(Row{"c2", map[string][]string{"state": {"triaged"}, "method": {"T1"}, "owner": {"anna"}}, map[string]int64{"due": 10}})
	x.Put(Row{"c3", map[string][]string{"state": {"closed"}}, nil})
	x.Put(Row{"c4", map[string][]string{"state": {"received"}}, map[string]int64{"due": 10}})
	for _, tt := range []struct {
		name  string
		view  View
		want  string
		total int
	}{
		{"all, by key", View{}, "c1 c2 c3 c4", 4},
		{"descending", View{Descending: true}, "c4 c3 c2 c1", 4},
		{"any of a code", View{Where: []Condition{{Column: "state", AnyOf: []string{"received", "closed"}}}}, "c1 c3 c4", 3},
		{"not", View{Where: []Condition{{Column: "method", AnyOf: []string{"T1"}, Not: true}}}, "c3 c4", 2},
		{"empty", View{Where: []Condition{{Column: "owner", Empty: true}}}, "c1 c3 c4", 3},
		{"not empty", View{Where: []Condition{{Column: "due", Empty: true, Not: true}}}, "c1 c2 c4", 3},
		{"range", View{Where: []Condition{{Column: "due", From: number(11)}}}, "c1", 1},
		{"both ends", View{Where: []Condition{{Column: "due", From: number(10), To: number(10)}}}, "c2 c4", 2},
		{"and", View{Where: []Condition{{Column: "due", To: number(15)}, {Column: "state", AnyOf: []string{"received"}}}}, "c4", 1},
		{"unknown value", View{Where: []Condition{{Column: "state", AnyOf: []string{"lost"}}}}, "", 0},
		{"sorted by a number", View{Sort: "due"}, "c2 c4 c1 c3", 4},
		{"the same, descending: what has none stays last", View{Sort: "due", Descending: true}, "c1 c2 c4 c3", 4},
		{"sorted by a code", View{Sort: "state"}, "c3 c1 c4 c2", 4},
		{"a page", View{Sort: "due", Offset: 1, Limit: 2}, "c4 c1", 4},
		{"beyond the end", View{Offset: 9}, "", 4},
		{"among", View{Among: []string{"c9", "c3", "c1"}}, "c1 c3", 2},
		{"among none", View{Among: []string{}}, "", 0},
	} {
		keys, total := x.Select(tt.view)
		if got := strings.Join(keys, " "); got != tt.want || total != tt.total {
			t.Errorf("%s: %s of %d, want %s of %d", tt.name, got, total, tt.want, tt.total)
		}
	}
	if got := x.Counts("state", View{Where: []Condition{{Column: "due", To: number(100)}}}); fmt.Sprint(got) != "map[received:2 triaged:1]" {
		t.Errorf("counts %v", got)
	}
	x.Put(Row{"c2", map[string][]string{"state": {"closed"}}, nil})
	if got := x.Values("state"); !slices.Equal(got, []string{"closed", "received"}) || len(x.Values("owner")) != 0 {
		t.Errorf("values %v", got)
	}
	x.Put(Row{"c7", nil, nil})
	if keys, _ := x.Select(View{}); strings.Join(keys, " ") != "c1 c2 c3 c4 c7" {
		t.Errorf("%v", keys)
	}
}

// A table finds what a loop over the rows finds, after any rows were put and replaced.
func TestTableIsALoop(t *testing.T) {
	codes := []string{"a", "b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		x, rows := NewTable(), map[string]Row{}
		for range rapid.IntRange(0, 40).Draw(t, "acts") {
			key := fmt.Sprintf("c%02d", rapid.IntRange(0, 20).Draw(t, "key"))
			r := Row{key, map[string][]string{"m": rapid.SliceOfNDistinct(rapid.SampledFrom(codes), 0, 3, rapid.ID).Draw(t, "m")}, map[string]int64{}}
			if rapid.Bool().Draw(t, "numbered") {
				r.Numbers["n"] = rapid.Int64Range(0, 5).Draw(t, "n")
			}
			x.Put(r)
			rows[key] = r
		}
		c := Condition{Column: "m", AnyOf: rapid.SliceOfDistinct(rapid.SampledFrom(codes), rapid.ID).Draw(t, "any"), Not: rapid.Bool().Draw(t, "not")}
		low := rapid.Int64Range(0, 5).Draw(t, "low")
		var want []string
		for key, r := range rows {
			has := slices.ContainsFunc(r.Codes["m"], func(v string) bool { return slices.Contains(c.AnyOf, v) })
			if n, ok := r.Numbers["n"]; has != c.Not && ok && n >= low {
				want = append(want, key)
			}
		}
		slices.Sort(want)
		got, total := x.Select(View{Where: []Condition{c, {Column: "n", From: &low}}})
		if !slices.Equal(got, want) || total != len(want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// A table keeps nothing of a row's maps and slices: the next row may stand in them.
func TestRowIsUsedAgain(t *testing.T) {
	x := NewTable()
	r := Row{Codes: map[string][]string{"state": nil, "method": nil}, Numbers: map[string]int64{}}
	put := func(key, state string, due int64, methods ...string) {
		r.Key, r.Codes["state"], r.Codes["method"], r.Numbers["due"] = key, append(r.Codes["state"][:0], state), append(r.Codes["method"][:0], methods...), due
		x.Put(r)
	}
	put("c1", "received", 20, "T2", "T1")
	put("c2", "triaged", 10, "T1")
	put("c1", "closed", 5, "T3", "T1")
	put("c3", "open", 7)
	if got := x.Values("state"); !slices.Equal(got, []string{"closed", "open", "triaged"}) {
		t.Errorf("states %v", got)
	}
	if got := x.Values("method"); !slices.Equal(got, []string{"T1", "T3"}) {
		t.Errorf("methods %v", got)
	}
	for by, want := range map[string]string{"due": "c1 c3 c2", "method": "c2 c1 c3", "state": "c1 c3 c2"} { // by method: c1 by its first, T3
		if keys, _ := x.Select(View{Sort: by}); strings.Join(keys, " ") != want {
			t.Errorf("by %s %v, want %s", by, keys, want)
		}
	}
}
