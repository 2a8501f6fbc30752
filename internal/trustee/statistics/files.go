package statistics

import (
	"fmt"
	"strings"
)

// Files are the names of what File makes.
var Files = []string{"numbers.csv", "map.svg", "map.png", "chart.svg", "chart.png"}

// File makes a file of what is published: all figures, the map of the newest half-year, or a chart of one table. releases
// are at least one, oldest first.
func File(releases []Release, name, table string, w *Words) ([]byte, error) {
	switch name {
	case "numbers.csv":
		return CSV(releases, w, Separator{BOM: true, Comma: ';'})
	case "map.svg":
		return newestMap(releases, w, SVG)
	case "map.png":
		return newestMap(releases, w, PNG)
	case "chart.svg":
		return Chart(releases, table, w, SVG)
	case "chart.png":
		return Chart(releases, table, w, PNG)
	}
	return nil, fmt.Errorf("there is no file %.40q of numbers, but %s", name, strings.Join(Files, ", "))
}

func newestMap(releases []Release, w *Words, form Picture) ([]byte, error) {
	last := releases[len(releases)-1]
	return Map(last.Counts[len(last.Counts)-1], last.Mode, w, form)
}
