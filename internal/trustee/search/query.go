package search

import (
	"strings"
)

// Query is a search: all of its terms must match.
type Query struct{ terms []term }

// term is a prefix of a word, or the whole words of a phrase.
type term struct {
	words  []string // folded
	phrase bool
}

// ParseQuery parses a query: words, and phrases in double quotes (or in « », “ ”, „ “). An unclosed quote ends with
// the text.
func ParseQuery(s string) Query {
	s = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`).Replace(s)
	var q Query
	for i, piece := range strings.Split(s, `"`) {
		words := strings.Fields(Fold(piece))
		switch {
		case len(words) == 0:
		case i%2 == 1:
			q.terms = append(q.terms, term{words, true})
		default:
			for _, w := range words {
				q.terms = append(q.terms, term{[]string{w}, false})
			}
		}
	}
	return q
}

// Empty reports whether the query has no term: it finds nothing.
func (q Query) Empty() bool { return len(q.terms) == 0 }

// Span is a range of bytes of a text.
type Span struct{ Start, End int }

// Find returns the matches of the terms in a text, in order and without overlap. It does not require that all terms
// match.
func (q Query) Find(text string) []Span {
	words := Words(text)
	var out []Span
	for i, w := range words {
		longest := 0
		for _, t := range q.terms {
			if n := t.at(words, i); n > longest {
				longest = n
			}
		}
		if longest == 0 {
			continue
		}
		s := Span{w.Start, words[i+longest-1].End}
		if n := len(out); n > 0 && s.Start < out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// at returns how many words the term covers from the i-th on; 0 where it does not match.
func (t term) at(words []Word, i int) int {
	if !t.phrase {
		if strings.HasPrefix(words[i].Folded, t.words[0]) {
			return 1
		}
		return 0
	}
	if i+len(t.words) > len(words) {
		return 0
	}
	for k, w := range t.words {
		if words[i+k].Folded != w {
			return 0
		}
	}
	return len(t.words)
}
