package desk

import (
	"slices"
	"strings"
	"testing"

	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/media"
)

// Every field that trustees decide about has its place in the rail, and every code of the worker its sentence.
func TestNothingIsLeftOutOfTheRail(t *testing.T) {
	var placed []string
	for _, g := range groups {
		placed = append(placed, g.fields...)
	}
	for _, f := range deskstate.Fields() {
		if !slices.Contains(placed, f.Name) {
			t.Errorf("the rail has no place for %s", f.Name)
		}
	}
	if len(placed) != len(deskstate.Fields()) {
		t.Errorf("%d fields in the rail, %d in the table", len(placed), len(deskstate.Fields()))
	}
	for _, c := range []media.Code{media.NotShown, media.TooLarge, media.TooManyPixels, media.Damaged, media.Password, media.NoSuchPage, media.BadBoxes,
		media.NotProved, media.TimedOut, media.Crashed, media.NotIsolated, media.NoHEIC, media.BadAnswer, media.NotStarted, media.ClientClosed} {
		if got := refusalWords(&media.Error{Code: c}); got == "" || strings.Contains(got, string(c)) {
			t.Errorf("%s: %q", c, got)
		}
	}
}

func TestBoxesAreReadFromTheForm(t *testing.T) {
	form := func(rows ...[4]string) map[string][]string {
		f := map[string][]string{}
		for _, r := range rows {
			for i, name := range []string{"x", "y", "width", "height"} {
				f[name] = append(f[name], r[i])
			}
		}
		return f
	}
	got, err := boxesOf(form([4]string{"1", "2", "3", "4"}, [4]string{"", "", "", ""}))
	if err != nil || len(got) != 1 || got[0] != (media.Box{X: 1, Y: 2, Width: 3, Height: 4}) {
		t.Errorf("%v, %v", got, err)
	}
	for want, f := range map[string]map[string][]string{
		"Draw a box, or write its four numbers.":                                   form([4]string{}),
		"Box 1 needs four numbers: from the left, from the top, width and height.": form([4]string{"1", "2", "3", ""}),
		`Box 1: "x" is no number of pixels.`:                                       form([4]string{"x", "2", "3", "4"}),
		`Box 2: "-1" is no number of pixels.`:                                      form([4]string{"1", "2", "3", "4"}, [4]string{"-1", "2", "3", "4"}),
		`Box 1: "99999999999999999999" is no number of pixels.`:                    form([4]string{"1", "2", "3", "99999999999999999999"}),
		"A box has four numbers.":                                                  {"x": {"1"}},
	} {
		if _, err := boxesOf(f); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
