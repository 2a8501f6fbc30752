package casework_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"zapis/crypto/ledger"
	"zapis/internal/incident"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/search"
	"zapis/internal/trustee/vault/vaulttest"
)

// finder makes a Finder of all cases of a vault.
func finder(t *testing.T, v *casework.Trustee) *casework.Finder {
	t.Helper()
	cases, err := v.Sort(t.Context(), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	f, err := v.Finder(t.Context(), cases, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFinder(t *testing.T) {
	shorttest.Skip(t, "not tested: a search over cases")
	d := newDesk(t, vaulttest.Options{})
	first := d.Report([]vaulttest.File{{Name: "пагроза.txt", Content: "x"}}, "narrative", "Паліцыя\u00a0прыйшла да маці.", "danger_now", "no",
		"deadline", "2027-02-01", "deadline_what", "hearing", "country_event", "BY", "method", "P1")
	d.FollowUp(first, incident.ActFollowUp, nil, "narrative", "Яны вярнуліся.")
	second := d.Report(nil, "narrative", "They wait outside.", "danger_now", "yes")
	d.carry()
	found := func(f *casework.Finder, s casework.Sought, want ...string) {
		t.Helper()
		if got, total := f.Find(s); !slices.Equal(got, want) || total != len(want) {
			t.Errorf("%+v finds %v (%d), want %v", s, got, total, want)
		}
	}
	words := func(w string) casework.Sought { return casework.Sought{Words: w} }
	where := func(column string, codes ...string) casework.Sought {
		return casework.Sought{Where: []search.Condition{{Column: column, AnyOf: codes}}}
	}
	d.in("anna", func(v *casework.Trustee) {
		f := finder(t, v)
		if got := f.Begin(first.Case); got != "Паліцыя прыйшла да маці." {
			t.Errorf("the first words are %q", got)
		}
		found(f, casework.Sought{}, second.Case, first.Case) // danger first
		for _, w := range []string{"палиц", "вярнул", "пагроз", "hearing"} {
			found(f, words(w), first.Case)
		}
		found(f, words("nothing"))
		found(f, where("country", "BY"), first.Case)
		found(f, where("danger", "yes"), second.Case)
		found(f, where(casework.ColumnState, deskstate.Received), second.Case, first.Case)
		found(f, casework.Sought{Sort: casework.ColumnDue}, first.Case, second.Case)

		_, err := v.Decide(triage(first.Case), casework.Decision{Case: first.Case, Kind: deskstate.KindNote, Payload: map[string]string{"text": "called the lawyer"}})
		d.Must(err)
		d.Must(f.Changed(first.Case))
		found(f, words("lawyer"), first.Case)
		found(f, where(casework.ColumnState, "triaged"), first.Case)
	})
	d.reply("anna", second.Case, "Thank you for your courage.")
	d.in("anna", func(v *casework.Trustee) {
		finder(t, v) // the answer is new
		before := v.Custody.Len()
		f := finder(t, v)
		if got := v.Custody.Len(); got != before {
			t.Errorf("a Finder from the cache opened something: %d events", got-before)
		}
		found(f, words("courage"), second.Case)
		found(f, words("lawyer"), first.Case)
		if f.Begin(first.Case) == "" {
			t.Error("the cache lacks the first words")
		}
		// An undone note is not found any more.
		log, err := v.Desk()
		d.Must(err)
		_, err = v.Decide(casework.Decision{Kind: deskstate.KindUndo, Undoes: log.Case(first.Case).Notes[0].ID})
		d.Must(err)
		d.Must(f.Changed(first.Case))
		found(f, words("lawyer"))
	})
	d.Erase(first, ledger.PartStatement)
	d.carry()
	d.in("anna", func(v *casework.Trustee) {
		_, err := v.Purge(nil)
		d.Must(err)
		if _, err := os.Stat(filepath.Join(v.Dir(), "words")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the words of an erased case stay in the vault: %v", err)
		}
		found(finder(t, v), words("палиц"))
	})
}
