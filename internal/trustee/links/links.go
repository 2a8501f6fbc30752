package links

import (
	"cmp"
	"maps"
	"slices"
)

// Case is the input of suggestions.
type Case struct {
	Key     string
	Person  string   // the person concerned, as a key that the caller chooses; empty where it is unknown
	Text    string   // what the reporter wrote
	Files   []File   //
	Actors  []string // as trustees wrote them
	When    string   // YYYY-MM-DD, YYYY-MM or YYYY; empty where it is not known
	Place   string   // a country's code or a town, as the caller has it
	Methods []string
}

// File is one attachment.
type File struct {
	SHA256  string
	Picture uint64 // difference hash of a picture (docs/media.md); 0 for anything else
}

// Kind is a reason for a suggestion.
type Kind string

const (
	SameFile       Kind = "file"
	NearPicture    Kind = "picture"
	SamePhrase     Kind = "phrase"
	SameActor      Kind = "actor"
	SameMonthPlace Kind = "month_place"
)

// kinds maps each reason to its weight: suggestions with a higher sum come first.
var kinds = map[Kind]int{SameFile: 16, NearPicture: 8, SamePhrase: 8, SameActor: 4, SameMonthPlace: 1}

// Limit is the most cases that may share a value before it is common.
const Limit = 50

// Pair is two cases, in ascending order.
type Pair struct{ A, B string }

// NewPair puts two cases in order.
func NewPair(a, b string) Pair { return Pair{min(a, b), max(a, b)} }

// Refusal is a suggestion that a trustee refused: this pair for this reason.
type Refusal struct {
	Pair
	Kind Kind
}

// Known is what is not suggested: linked pairs, and refused reasons.
type Known struct {
	Linked  map[Pair]bool
	Refused map[Refusal]bool
}

// Reason is why two cases may belong together, with what they share: a file's hash, the words of a phrase, an actor,
// "2026-03 PL"; for pictures, the number of bits in which they differ.
type Reason struct {
	Kind   Kind
	Detail string
}

// Suggestion is two cases that may belong together.
type Suggestion struct {
	Pair
	Reasons []Reason // by weight, then detail
	Weight  int
}

// Common is something that more than Limit cases share.
type Common struct {
	Kind   Kind
	Detail string
	Cases  int
}

// Suggest returns the suggestions for all cases, by descending weight, and what too many cases share. The result does
// not depend on the order of the cases.
func Suggest(cases []Case, known Known) ([]Suggestion, []Common) {
	sorted := slices.SortedFunc(slices.Values(cases), func(a, b Case) int { return cmp.Compare(a.Key, b.Key) })
	f := &finder{cases: sorted, known: known, reasons: map[[2]int]map[Reason]bool{}}
	f.same(SameFile, func(c Case) (out []string) {
		for _, file := range c.Files {
			out = append(out, file.SHA256)
		}
		return out
	})
	f.same(SameActor, actors)
	f.same(SameMonthPlace, monthPlace)
	f.pictures()
	f.phrases()
	return f.suggestions(), f.common
}

type finder struct {
	cases   []Case // by key
	known   Known
	reasons map[[2]int]map[Reason]bool
	common  []Common
}

// pair records a reason for two cases, by their numbers.
func (f *finder) pair(a, b int, r Reason) {
	p := NewPair(f.cases[a].Key, f.cases[b].Key)
	if a == b || p.A == p.B || f.known.Linked[p] || f.known.Refused[Refusal{p, r.Kind}] {
		return
	}
	at := [2]int{min(a, b), max(a, b)}
	if f.reasons[at] == nil {
		f.reasons[at] = map[Reason]bool{}
	}
	f.reasons[at][r] = true
}

// few is the size of a group up to which every pair is compared. In a larger group each case is paired with the next
// one only, so that the cost stays linear and the group stays connected.
const few = 12

// group pairs the cases that share a value. who is in ascending order.
func (f *finder) group(who []int, r Reason) {
	switch {
	case len(who) > Limit:
		f.common = append(f.common, Common{r.Kind, r.Detail, len(who)})
	case len(who) > few:
		for i := 1; i < len(who); i++ {
			f.pair(who[i-1], who[i], r)
		}
	default:
		for i := range who {
			for _, b := range who[i+1:] {
				f.pair(who[i], b, r)
			}
		}
	}
}

// same groups the cases by the values that of returns.
func (f *finder) same(kind Kind, of func(Case) []string) {
	who := map[string][]int{}
	for n, c := range f.cases {
		values := of(c)
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			if v != "" {
				who[v] = append(who[v], n)
			}
		}
	}
	for _, v := range slices.Sorted(maps.Keys(who)) {
		f.group(who[v], Reason{kind, v})
	}
}

func hasKind(reasons map[Reason]bool, kind Kind) bool {
	for r := range reasons {
		if r.Kind == kind {
			return true
		}
	}
	return false
}

func (f *finder) suggestions() []Suggestion {
	out := make([]Suggestion, 0, len(f.reasons))
	for at, reasons := range f.reasons {
		if hasKind(reasons, SameFile) {
			delete(reasons, Reason{NearPicture, "0"}) // one and the same file is no second reason
		}
		s := Suggestion{Pair: NewPair(f.cases[at[0]].Key, f.cases[at[1]].Key), Reasons: slices.Collect(maps.Keys(reasons))}
		slices.SortFunc(s.Reasons, func(a, b Reason) int {
			return cmp.Or(cmp.Compare(kinds[b.Kind], kinds[a.Kind]), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Detail, b.Detail))
		})
		for i, r := range s.Reasons {
			if i == 0 || r.Kind != s.Reasons[i-1].Kind { // two files in common are not twice the reason
				s.Weight += kinds[r.Kind]
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B))
	})
	return out
}
