package measure

import (
	"slices"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		list []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := Median(c.list); got != c.want {
			t.Errorf("%v: %v, want %v", c.list, got, c.want)
		}
	}
}

// Ratios are of one round each: the slow round of one way meets that of the other.
func TestRatios(t *testing.T) {
	over := []Taken{{Wall: 2 * time.Second}, {Wall: 20 * time.Second}}
	under := []Taken{{Wall: 4 * time.Second}, {Wall: 10 * time.Second}}
	if got := Ratios(over, under, Wall); !slices.Equal(got, []float64{0.5, 2}) {
		t.Error(got)
	}
}

func TestTurns(t *testing.T) {
	var order string
	took := Turns(2, Way{Name: "a", Do: func() { order += "a" }}, Way{Name: "b", Do: func() { order += "b" }, Before: func() { order += "-" }})
	if order != "a-ba-b" || len(took["a"]) != 2 || len(took["b"]) != 2 {
		t.Errorf("%q, %v", order, took)
	}
}
