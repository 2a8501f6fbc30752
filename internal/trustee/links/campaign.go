package links

import (
	"cmp"
	"maps"
	"slices"
)

// MinPersons is how many persons make a campaign.
const MinPersons = 3

// Link is a link between two cases that trustees made.
type Link struct{ From, Type, To string }

// Campaign is a group of linked cases that concern at least MinPersons persons.
type Campaign struct {
	Cases    []string // ascending
	Persons  int
	Timeline []Moment
}

// Moment is a case's place on a campaign's timeline.
type Moment struct {
	When    string // as the case has it; empty where it is not known
	Case    string
	Person  int // from 0, in the order of the timeline: the same number is the same person
	Place   string
	Methods []string
}

// Campaigns returns the groups of cases that links of any type connect, those with the most persons first. Persons are
// counted, not reports: cases with the same Person, and cases linked as duplicate-of, are of one person. A case whose
// person is not known counts as one more.
func Campaigns(cases []Case, links []Link) []Campaign {
	byKey := map[string]Case{}
	for _, c := range cases {
		byKey[c.Key] = c
	}
	groups, persons := newUnion(), newUnion()
	for _, c := range cases {
		groups.find("case " + c.Key)
		if c.Person != "" {
			persons.join("case "+c.Key, "person "+c.Person)
		}
	}
	for _, l := range links {
		if byKey[l.From].Key == "" || byKey[l.To].Key == "" {
			continue
		}
		groups.join("case "+l.From, "case "+l.To)
		if l.Type == "duplicate-of" {
			persons.join("case "+l.From, "case "+l.To)
		}
	}
	members := map[string][]Case{}
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		root := groups.find("case " + key)
		members[root] = append(members[root], byKey[key])
	}
	var out []Campaign
	for _, group := range members {
		if c := campaign(group, persons); c.Persons >= MinPersons {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b Campaign) int {
		return cmp.Or(cmp.Compare(b.Persons, a.Persons), cmp.Compare(a.Cases[0], b.Cases[0]))
	})
	return out
}

func campaign(group []Case, persons *union) Campaign {
	var c Campaign
	for _, one := range group {
		c.Cases = append(c.Cases, one.Key)
	}
	// Cases without a date come last; a year before its months, a month before its days.
	slices.SortFunc(group, func(a, b Case) int {
		undated := func(x Case) int {
			if x.When == "" {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(undated(a), undated(b)), cmp.Compare(a.When, b.When), cmp.Compare(a.Key, b.Key))
	})
	numbers := map[string]int{}
	for _, one := range group {
		who := persons.find("case " + one.Key)
		if _, known := numbers[who]; !known {
			numbers[who] = len(numbers)
		}
		c.Timeline = append(c.Timeline, Moment{one.When, one.Key, numbers[who], one.Place, one.Methods})
	}
	c.Persons = len(numbers)
	return c
}

// union groups names that are joined directly or indirectly.
type union struct{ parent map[string]string }

func newUnion() *union { return &union{map[string]string{}} }

func (u *union) find(name string) string {
	root := name
	for {
		up, known := u.parent[root]
		if !known || up == root {
			break
		}
		root = up
	}
	for name != root {
		name, u.parent[name] = u.parent[name], root
	}
	u.parent[root] = root
	return root
}

func (u *union) join(a, b string) { u.parent[u.find(a)] = u.find(b) }
