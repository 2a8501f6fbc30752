package export

import (
	_ "embed"
	"strings"
)

//go:embed methods.tsv
var methodsTSV string

// category says where a method of ours stands in what others count by. A barrier of the host country, and what
// courts do at home, are in neither of the two lists, and are not made to fit.
type category struct {
	pace         string // paragraph of PACE Resolution 2509 (2023); empty where it names nothing like it
	freedomHouse string // Freedom House's method of transnational repression; also
	act          string // the act, in words that an Events Standard Formats thesaurus is looked up by
}

var categories = readCategories(methodsTSV)

func readCategories(tsv string) map[string]category {
	out := make(map[string]category)
	for _, line := range strings.Split(strings.TrimSuffix(tsv, "\n"), "\n")[1:] {
		cell := strings.Split(line, "\t")
		none := func(s string) string { return strings.TrimPrefix(s, "-") }
		out[cell[0]] = category{none(cell[1]), none(cell[2]), cell[3]}
	}
	return out
}
