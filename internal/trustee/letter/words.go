package letter

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"zapis/internal/escape"
)

// languages are the languages of letters, as the columns of words.tsv.
var languages = []string{"en", "de", "pl", "lt"}

//go:embed words.tsv
var wordsTSV string

// vocabulary maps codes to words, by field and code.
type vocabulary map[string]string

var words = sync.OnceValue(func() map[string]vocabulary { return readWords(wordsTSV) })

// of returns the words for a code; the code itself, escaped, where there are none.
func (v vocabulary) of(field, code string) string {
	if text, ok := v[field+"."+code]; ok || code == "" {
		return text
	}
	return escape.Text(code)
}

// readWords panics on a malformed table: it is embedded, and no input can cause it.
func readWords(tsv string) map[string]vocabulary {
	rows := strings.Split(strings.TrimSuffix(tsv, "\n"), "\n")
	if rows[0] != "key\t"+strings.Join(languages, "\t") {
		panic(fmt.Sprintf("letter: words.tsv starts with %q", rows[0]))
	}
	out := make(map[string]vocabulary)
	for _, l := range languages {
		out[l] = make(vocabulary)
	}
	for n, row := range rows[1:] {
		cells := strings.Split(row, "\t")
		if len(cells) != len(languages)+1 {
			panic(fmt.Sprintf("letter: words.tsv, line %d", n+2))
		}
		for i, l := range languages {
			if cells[i+1] != "" {
				out[l][cells[0]] = cells[i+1]
			}
		}
	}
	return out
}
