package casework_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/vault/vaulttest"
)

func triage(id string) casework.Decision {
	return casework.Decision{Case: id, Kind: deskstate.KindState, Payload: map[string]string{"to": "triaged"}, Why: "read it"}
}

func TestDecisionsAreRecordedAndKept(t *testing.T) {
	shorttest.Skip(t, "not tested: the record of decisions")
	d := newDesk(t, vaulttest.Options{})
	id := d.Report(nil, "narrative", "A letter came.").Case
	other := d.Report(nil, "narrative", "They wait outside.").Case
	d.carry()
	var kept []deskstate.Event
	d.in("anna", func(v *casework.Trustee) {
		before := v.Custody.Len()
		events, err := v.Decide(triage(id), triage(other),
			casework.Decision{Case: id, Kind: deskstate.KindSet, Payload: map[string]string{"field": "content", "value": "2"}})
		d.Must(err)
		kept = events
		if got := v.Custody.Len() - before; got != 3 {
			t.Errorf("%d events of custody for three decisions", got)
		}
		list, err := v.CaseEvents(id)
		d.Must(err)
		last := list[len(list)-1]
		if last.Act != custody.Graded || last.Out != events[2].ID() || last.Subject != "desk: set content" {
			t.Errorf("the custody log has %+v", last)
		}
		// One act that is not allowed refuses all of them.
		if _, err := v.Decide(casework.Decision{Case: id, Kind: deskstate.KindNote, Payload: map[string]string{"text": "lost"}}, triage(other)); err == nil ||
			exit.StatusOf(err) != exit.Usage || !strings.Contains(err.Error(), "no case goes from triaged to triaged") {
			t.Errorf("a second triage: %v", err)
		}
	})
	d.in("anna", func(v *casework.Trustee) {
		log, err := v.Desk()
		d.Must(err)
		c := log.Case(id)
		if log.Len() != 3 || c.State.Text != "triaged" || c.Fields["content"].Text != "2" || len(c.Notes) != 0 {
			t.Errorf("after opening it again: %d events, %+v", log.Len(), c)
		}
		_, err = v.Decide(casework.Decision{Kind: deskstate.KindUndo, Undoes: kept[0].ID(), Why: "the wrong case"})
		d.Must(err)
		if log, err = v.Desk(); err != nil || log.Case(id).State.Text != "received" {
			t.Errorf("after the undo: %v", err)
		}
	})
	// Boris's desk imports the events of Anna's, once.
	d.in("boris", func(v *casework.Trustee) {
		for _, want := range []int{3, 0} {
			if n, err := v.TakeEvents(kept); err != nil || n != want {
				t.Errorf("took %d, %v, want %d", n, err, want)
			}
		}
		log, err := v.Desk()
		d.Must(err)
		if log.Case(other).State.Text != "triaged" {
			t.Error("Boris does not see what Anna decided")
		}
		if forks, err := v.DeskForks(); err != nil || len(forks) != 0 {
			t.Errorf("%q, %v", forks, err)
		}
		second := kept[0]
		second.Case = other
		if _, err := v.TakeEvents([]deskstate.Event{second}); err != nil {
			t.Fatal(err)
		}
		want := "two decisions of anna have the number 1: a vault of that trustee was used on two machines, or restored from an old copy"
		if forks, err := v.DeskForks(); err != nil || len(forks) != 1 || forks[0] != want {
			t.Errorf("%q, %v", forks, err)
		}
	})
}

func TestManyDeskFilesBecomeOne(t *testing.T) {
	shorttest.Skip(t, "not tested: many decisions that become one file")
	casework.SetDeskFiles(t, 2)
	d := newDesk(t, vaulttest.Options{})
	id := d.Report(nil, "narrative", "A letter came.").Case
	d.carry()
	folder := filepath.Join(d.vaults["anna"].dir, "desk")
	d.in("anna", func(v *casework.Trustee) {
		for range 3 {
			_, err := v.Decide(casework.Decision{Case: id, Kind: deskstate.KindNote, Payload: map[string]string{"text": "again"}})
			d.Must(err)
		}
	})
	for _, open := range []int{3, 3} {
		d.in("anna", func(v *casework.Trustee) {
			if log, err := v.Desk(); err != nil || log.Len() != open {
				t.Errorf("%v, %d events", err, log.Len())
			}
		})
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

func TestAForgedDeskFileIsRefused(t *testing.T) {
	shorttest.Skip(t, "not tested: forged decisions")
	d := newDesk(t, vaulttest.Options{})
	id := d.Report(nil, "narrative", "A letter came.").Case
	d.carry()
	d.in("anna", func(v *casework.Trustee) {
		_, err := v.Decide(triage(id))
		d.Must(err)
		text, err := v.ReadSealed("desk/00000001")
		d.Must(err)
		forged := strings.Replace(string(text), "read it", "heard it", 1)
		d.Must(v.WriteSealed("desk/00000002", []byte(forged)))
	})
	d.in("anna", func(v *casework.Trustee) {
		if _, err := v.Desk(); err == nil || exit.StatusOf(err) != exit.Mismatch || !strings.Contains(err.Error(), "desk/00000002") {
			t.Errorf("a forged file: %v", err)
		}
	})
}

func TestErasedCasesLeaveTheDesk(t *testing.T) {
	shorttest.Skip(t, "not tested: cases that are erased")
	d := newDesk(t, vaulttest.Options{})
	gone := d.Report(nil, "narrative", "A letter came.")
	kept := d.Report(nil, "narrative", "They wait outside.")
	d.carry()
	d.in("anna", func(v *casework.Trustee) {
		find(t, v, gone.Case) // so that the index has the case
		_, err := v.Decide(triage(kept.Case), triage(gone.Case),
			casework.Decision{Case: gone.Case, Kind: deskstate.KindNote, Payload: map[string]string{"text": "words to erase"}}, triageTo(kept.Case, "in_review"))
		d.Must(err)
	})
	d.Erase(gone, ledger.PartStatement)
	d.carry()
	d.in("anna", func(v *casework.Trustee) {
		_, err := v.Purge(nil)
		d.Must(err)
		log, err := v.Desk()
		d.Must(err)
		if got := log.Cases(); len(got) != 1 || got[0] != kept.Case || log.Last("anna") != 4 {
			t.Errorf("the desk still has %v, last %d", got, log.Last("anna"))
		}
		if _, err := v.ReadSealed("desk/00000001"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file with the erased words: %v", err)
		}
	})
}

func triageTo(id, to string) casework.Decision {
	a := triage(id)
	a.Payload = map[string]string{"to": to}
	return a
}
