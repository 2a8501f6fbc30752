// Package search finds cases: by words (Index) and by codes and dates (Table).
//
// An Index is an inverted index over statements, replies, notes and names of files. All texts and queries are folded
// the same way (Fold): compatibility decomposition, lower case, no marks, no apostrophes, and variant letters of the
// Belarusian, Ukrainian and Latin alphabets as one. There is no stemmer for be, uk and lt; a word of a query finds
// every word with that prefix.
//
//	x := search.NewIndex()
//	x.Add("c00aa", "statement", "Аб’ява ў Вільні")
//	q := search.ParseQuery(`вильн "абява у"`)
//	x.Search(q)               // ["c00aa"]
//	x.Hits(q, "c00aa")        // the part "statement", words 0, 1 and 2
//	q.Find("Аб’ява ў Вільні") // the same as byte ranges, to highlight
//
// A Table holds codes and numbers of the same cases in columns, for filters, counts and sorting.
//
// Neither uses a disk, a network or a clock. An Index holds what people wrote as words and positions: the caller seals
// what WriteTo writes. Neither is safe for concurrent use: reading changes their caches.
package search
