package export

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed methods.tsv
var methodsTSV string

// category maps a method to other classifications. A barrier of the host country, and acts of courts at home, are in
// neither of the two lists, and have no category.
type category struct {
	pace         string // paragraph of PACE Resolution 2509 (2023); empty where it has none
	freedomHouse string // Freedom House's method of transnational repression; also
	act          string // the act, as a term for an Events Standard Formats thesaurus
}

var categories = sync.OnceValue(func() map[string]category { return readCategories(methodsTSV) })

func readCategories(tsv string) map[string]category {
	out := make(map[string]category)
	for _, line := range strings.Split(strings.TrimSuffix(tsv, "\n"), "\n")[1:] {
		cell := strings.Split(line, "\t")
		none := func(s string) string { return strings.TrimPrefix(s, "-") }
		out[cell[0]] = category{none(cell[1]), none(cell[2]), cell[3]}
	}
	return out
}
