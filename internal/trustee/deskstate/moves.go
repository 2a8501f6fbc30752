package deskstate

import "slices"

// Received is the state of a case before any event.
const Received = "received"

// referred is the state that takes effect only when a second person has confirmed it.
const referred = "referred"

// moves is the table of allowed moves: from a state to these.
var moves = []struct {
	from string
	to   []string
}{
	{Received, []string{"triaged", "duplicate", "out_of_scope", "withdrawn", "erased"}},
	{"triaged", []string{"in_review", "needs_info", "duplicate", "out_of_scope", "withdrawn", "erased"}},
	{"in_review", []string{"needs_info", "assessed", "unconfirmed", "found_false", "duplicate", "out_of_scope", "withdrawn", "erased"}},
	{"needs_info", []string{"in_review", "unconfirmed", "closed", "withdrawn", "erased"}},
	{"assessed", []string{"in_review", "referred", "closed", "found_false", "withdrawn", "erased"}},
	{"referred", []string{"in_review", "closed", "withdrawn", "erased"}},
	{"closed", []string{"in_review", "withdrawn", "erased"}},
	{"duplicate", []string{"triaged", "withdrawn", "erased"}},
	{"out_of_scope", []string{"triaged", "withdrawn", "erased"}},
	{"unconfirmed", []string{"in_review", "closed", "withdrawn", "erased"}},
	{"found_false", []string{"in_review", "closed", "withdrawn", "erased"}},
	{"withdrawn", []string{"erased"}},
	{"erased", nil},
}

// States returns all states, in the order of the table.
func States() []string {
	var out []string
	for _, m := range moves {
		out = append(out, m.from)
	}
	return out
}

// Moves returns the states that a case may go to from this one.
func Moves(from string) []string {
	for _, m := range moves {
		if m.from == from {
			return slices.Clone(m.to)
		}
	}
	return nil
}

func allowed(from, to string) bool { return slices.Contains(Moves(from), to) }
