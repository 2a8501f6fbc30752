package links

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"

	"zapis/internal/trustee/search"
)

const (
	shingle = 6 // words that are hashed together
	window  = 7 // of this many shingles in a row, one at least is kept

	// MinPhrase is how many consecutive words two texts must share for the phrase to be found for certain.
	MinPhrase = shingle + window - 1
)

// print is a selected shingle.
type print struct {
	hash   uint64
	of, at uint32 // the case, and the shingle's first word
}

// phrases pairs texts by winnowing (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD 2003): of each window of shingles
// the one with the lowest hash is selected, so that two texts which share MinPhrase words share a selected shingle.
func (f *finder) phrases() {
	var prints []print
	for n, c := range f.cases {
		prints = winnow(prints, uint32(n), c.Text)
	}
	slices.SortFunc(prints, func(a, b print) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.of, b.of), cmp.Compare(a.at, b.at))
	})
	told := map[string]bool{}
	for len(prints) > 0 {
		n := 1
		for n < len(prints) && prints[n].hash == prints[0].hash {
			n++
		}
		f.shared(prints[:n], told)
		prints = prints[n:]
	}
}

// shared pairs the cases that have one shingle.
func (f *finder) shared(prints []print, told map[string]bool) {
	first := slices.CompactFunc(slices.Clone(prints), func(a, b print) bool { return a.of == b.of })
	if len(first) < 2 {
		return
	}
	if len(first) > Limit {
		words := search.Words(f.cases[first[0].of].Text)
		at := int(first[0].at)
		phrase := quote(f.cases[first[0].of].Text, words, at, at+shingle)
		if !told[phrase] {
			told[phrase] = true
			f.common = append(f.common, Common{SamePhrase, phrase, len(first)})
		}
		return
	}
	step := len(first)
	if step > few {
		step = 1
	}
	for i, a := range first {
		for _, b := range first[i+1 : min(len(first), i+1+step)] {
			f.phrase(a, b)
		}
	}
}

// phrase records the words that two texts share around a shingle. Only the first phrase of two cases is recorded.
func (f *finder) phrase(a, b print) {
	at := [2]int{int(a.of), int(b.of)}
	for r := range f.reasons[at] {
		if r.Kind == SamePhrase {
			return
		}
	}
	textA, textB := f.cases[a.of].Text, f.cases[b.of].Text
	wa, wb := search.Words(textA), search.Words(textB)
	i, j := int(a.at), int(b.at)
	for i > 0 && j > 0 && wa[i-1].Folded == wb[j-1].Folded {
		i, j = i-1, j-1
	}
	n := 0
	for i+n < len(wa) && j+n < len(wb) && wa[i+n].Folded == wb[j+n].Folded {
		n++
	}
	if n >= MinPhrase {
		f.pair(int(a.of), int(b.of), Reason{SamePhrase, quote(textA, wa, i, i+min(n, 2*MinPhrase))})
	}
}

// quote returns words of a text as they were written, with single spaces between them.
func quote(text string, words []search.Word, from, to int) string {
	return strings.Join(strings.Fields(text[words[from].Start:words[to-1].End]), " ")
}

func winnow(out []print, of uint32, text string) []print {
	words := search.Words(text)
	if len(words) < MinPhrase {
		return out
	}
	hashes := make([]uint64, len(words)-shingle+1)
	for i := range hashes {
		h := fnv.New64a()
		for _, w := range words[i : i+shingle] {
			h.Write([]byte(w.Folded))
			h.Write([]byte{0})
		}
		hashes[i] = h.Sum64()
	}
	kept := -1
	for i := 0; i+window <= len(hashes); i++ {
		lowest := i
		for k := i; k < i+window; k++ {
			if hashes[k] <= hashes[lowest] {
				lowest = k
			}
		}
		if lowest != kept {
			kept = lowest
			out = append(out, print{hashes[kept], of, uint32(kept)})
		}
	}
	return out
}

func actors(c Case) []string {
	var out []string
	for _, a := range c.Actors {
		if folded := search.Fold(a); len(folded) >= 3 {
			out = append(out, folded)
		}
	}
	return out
}

func monthPlace(c Case) []string {
	place := search.Fold(c.Place)
	if len(c.When) < len("2006-01") || place == "" {
		return nil
	}
	return []string{c.When[:len("2006-01")] + " " + c.Place}
}
