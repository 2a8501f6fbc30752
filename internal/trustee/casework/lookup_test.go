package casework_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zapis/internal/incident"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault/vaulttest"
)

// lookedUp is what the cache of cases alone says about an id; nil where it is not enough.
func lookedUp(t *testing.T, v *casework.Trustee, id string) *casework.Cases {
	t.Helper()
	cases, err := v.LookedUp(id)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// written is all that a case has, without opening anything, and what opening it gives.
func written(t *testing.T, v *casework.Trustee, c *casework.Case) string {
	t.Helper()
	o, err := v.Show(c)
	if err != nil {
		t.Fatal(err)
	}
	var twin casefile.Summary
	if c.SamePage() != nil {
		twin = c.SamePage().Summary()
	}
	text, err := json.Marshal([]any{c.Summary(), o, twin, c.Deadlines()})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A case that is looked up is the one that sorting all gives: with follow-ups, exhibits, what waits, another from the same
// page, and what trustees wrote, in the ledger and not yet.
func TestLookUp(t *testing.T) {
	shorttest.Skip(t, "not tested: the places where a file's hash is looked up")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	page := strings.Repeat("0f", 16)
	first := h.Report([]vaulttest.File{{Name: "a.jpg", Content: jpeg}}, "form", page, "deadline", "2026-12-24", "danger_now", "yes")
	h.Report(nil, "form", page, "narrative", "Again.")
	plain := h.Report(nil, "country_event", "PL")
	h.Pass(time.Minute)
	h.FollowUp(first, incident.ActFollowUp, nil, "narrative", "More.")
	o := newVault(t)
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v := o.openAs(h.Trustees[0])
	c := find(t, v, first.Case)
	h.Must(v.Write(c, review.Review{Kind: review.Note, Text: "in the ledger"}, false))
	file := filepath.Join(t.TempDir(), "letter.pdf")
	h.Must(os.WriteFile(file, []byte(pdf), 0o600))
	_, err := v.Collect(c, casework.Collected{Files: []string{file}, Source: "a neighbour", How: "handed over"})
	h.Must(err)
	h.MustAccept(h.Outbox(v))
	h.Slot()
	v.Close()
	o.mustTake(h.Carry(0), as(h.Trustees[0]))
	v = o.openAs(h.Trustees[0])
	h.Must(v.Write(find(t, v, first.Case), review.Review{Kind: review.Note, Text: "not in the ledger yet"}, false))
	if lookedUp(t, v, first.Case) != nil {
		t.Error("a case was looked up in a cache from before a note")
	}
	all, err := v.SortFor(t.Context(), first.Case, func(int, int) {})
	h.Must(err)
	if len(all.List) != 3 || len(all.Problems) > 0 {
		t.Fatalf("%d cases, %v", len(all.List), all.Problems)
	}
	for _, want := range all.List {
		s := want.Summary()
		for _, id := range []string{want.ID, strings.ToUpper(want.ID), want.ID[:9], fmt.Sprint(*s.Index)} {
			cases := lookedUp(t, v, id)
			if cases == nil || len(cases.List) != 1 {
				t.Fatalf("%s: %+v", id, cases)
			}
			got, err := cases.Find(id)
			h.Must(err)
			if a, b := written(t, v, got), written(t, v, want); a != b {
				t.Errorf("%s: looked up and sorted differ: %d and %d bytes", id, len(a), len(b))
			}
		}
	}
	for _, id := range []string{"", "c", "x", "e", "c0000000000", "0", "999", "-1"} {
		if cases := lookedUp(t, v, id); cases != nil {
			t.Errorf("%q: %d cases looked up", id, len(cases.List))
		}
	}
	v.OpenMisdealt()
	if all, err := v.SortFor(t.Context(), plain.Case, func(int, int) {}); err != nil || len(all.List) != 3 {
		t.Errorf("%v, %v", all, err)
	}
}

// A cache that is damaged, of another owner, or from before an import is not believed.
func TestForeignCases(t *testing.T) {
	shorttest.Skip(t, "not tested: an index of cases that is not believed")
	t.Parallel()
	h := vaulttest.New(t, vaulttest.Options{})
	filed := h.Report(nil, "country_event", "PL")
	anna, boris := newVault(t), newVault(t)
	for i, o := range []*opener{anna, boris} {
		o.mustTake(h.Carry(0), as(h.Trustees[i]))
		v := o.openAs(h.Trustees[i])
		sort(t, v)
		if lookedUp(t, v, filed.Case) == nil {
			t.Fatal("sorting has written no cache")
		}
		v.Close()
	}
	name := filepath.Join(anna.dir, "cases")
	good, err := os.ReadFile(name)
	h.Must(err)
	others, err := os.ReadFile(filepath.Join(boris.dir, "cases"))
	h.Must(err)
	v := anna.openAs(h.Trustees[0])
	defer v.Close()
	for what, bad := range map[string][]byte{"cut": good[:len(good)/2], "flipped": flip(good, len(good)-5), "its beginning flipped": flip(good, len(good)/3), "empty": {}, "another's": others} {
		h.Must(os.WriteFile(name, bad, 0o600))
		if lookedUp(t, v, filed.Case) != nil {
			t.Errorf("%s: it was believed", what)
		}
		cases, err := v.SortFor(t.Context(), filed.Case, func(int, int) {})
		h.Must(err)
		if len(cases.List) != 1 || cases.List[0].Summary().Country != "PL" || lookedUp(t, v, filed.Case) == nil {
			t.Errorf("%s: %d cases", what, len(cases.List))
		}
	}
	h.FollowUp(filed, incident.ActStop, nil)
	v.Close()
	anna.mustTake(h.Carry(0), as(h.Trustees[0]))
	v = anna.openAs(h.Trustees[0])
	if lookedUp(t, v, filed.Case) != nil {
		t.Error("a cache from before an import was believed")
	}
	if got := find(t, v, filed.Case).Summary().Withdrawn; got != "stop" {
		t.Errorf("withdrawn: %q", got)
	}
	v.Close()
}
