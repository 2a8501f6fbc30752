package main

import (
	"slices"
	"strings"
	"testing"
)

// TestCompareConsent: what allows more, by the form's order, comes first; what allows the same stands together.
func TestCompareConsent(t *testing.T) {
	list := []string{"", "store,police", "store,lawyer,police", "store", "store,statistics", "store,lawyer"}
	slices.SortFunc(list, func(a, b string) int { return compareConsent(strings.Split(a, ","), strings.Split(b, ",")) })
	want := []string{"store,statistics", "store,lawyer,police", "store,lawyer", "store,police", "store", ""}
	if !slices.Equal(list, want) {
		t.Errorf("%q, want %q", list, want)
	}
}
