package casework_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault/vaulttest"
)

// taken is all that a list was given.
type taken struct {
	begun int
	cases int
	rows  []string
}

func (l *taken) Begin(cases int) { l.begun, l.cases, l.rows = l.begun+1, cases, nil }

func (l *taken) Case(at uint64, s *casefile.Summary) {
	text, _ := json.Marshal(s)
	l.rows = append(l.rows, string(text))
}

func listing(t *testing.T, v *casework.Trustee) (*taken, *casework.Cases) {
	t.Helper()
	l := new(taken)
	cases, err := v.List(t.Context(), func(int, int) {}, l)
	if err != nil {
		t.Fatal(err)
	}
	if l.cases != len(l.rows) {
		t.Errorf("%d cases were promised, and %d came", l.cases, len(l.rows))
	}
	return l, cases
}

// A list from the cache is the one that sorting all gives, in the order of danger and time; a cache that does not hold, or has
// other rows than it says, counts for nothing, and is written again.
func TestListing(t *testing.T) {
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	page := "0123456789abcdef0123456789abcdef"
	h.Report(nil, "country_event", "PL")
	first := h.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}}, "form", page, "danger_now", "yes", "deadline", "2026-12-24", "country_event", "LT")
	h.Report(nil, "form", page, "danger_now", "unsure")
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v := o.openAs(h.Trustees[0])
	defer func() { v.Close() }()

	// want is what the cases of Sort have, by danger, and then by their order.
	check := func(name string, rebuilt bool) {
		t.Helper()
		got, short := listing(t, v)
		if (len(short.List) > 0) != rebuilt {
			t.Errorf("%s: %d cases with the list", name, len(short.List))
		}
		var want taken
		for danger := range 3 {
			for _, c := range sort(t, v).List {
				if s := c.Summary(); s.Urgency() == danger {
					want.Case(0, &s)
				}
			}
		}
		if !slices.Equal(got.rows, want.rows) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got.rows, want.rows)
		}
	}
	check("not opened before", true)
	check("again", false)

	h.FollowUp(first, incident.ActStop, nil)
	v.Close()
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v = o.openAs(h.Trustees[0])
	check("after an import", true)
	check("after an import, again", false)
	signed, err := v.SignedStatements()
	h.Must(err)
	h.Outbox(v)
	if after, err := v.SignedStatements(); err != nil || len(after) != len(signed)+1 {
		t.Errorf("the outbox signed %d heads, %v", len(after)-len(signed), err)
	}
	check("after an outbox", false)

	name := filepath.Join(o.dir, "cases")
	good, err := os.ReadFile(name)
	h.Must(err)
	for what, bad := range map[string][]byte{"cut": good[:len(good)/2], "flipped": flip(good, len(good)-5), "empty": {}} {
		h.Must(os.WriteFile(name, bad, 0o600))
		check(what, true)
		check(what+", again", false)
	}
	row := "c0123456789 2026-11-29T14:00:00Z fits"
	for what, forge := range map[string]func() error{
		"too many rows": func() error { return v.WriteRows(1, row, row) },
		"too few":       func() error { return v.WriteRows(2, row) },
		"no row":        func() error { return v.WriteRows(2, row, row+" and more") },
	} {
		h.Must(forge())
		if l, _ := listing(t, v); l.begun != 2 {
			t.Errorf("%s: begun %d times", what, l.begun)
		}
		check(what, false)
	}
	v.OpenMisdealt()
	check("where shares were published wrong", true)
}
