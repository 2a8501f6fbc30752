package casework_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"zapis/crypto/card"
	"zapis/crypto/seal"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/review"
	"zapis/internal/trustee/vault/vaulttest"
)

// folded gives what a trustee's desk says about all cases.
func (d *desk) folded(name string) map[string]deskstate.Case {
	d.t.Helper()
	out := make(map[string]deskstate.Case)
	d.in(name, func(v *casework.Trustee) {
		sort(d.t, v)
		log, err := v.Desk()
		d.Must(err)
		for _, key := range log.Cases() {
			out[key] = log.Case(key)
		}
	})
	return out
}

// Three trustees decide at the same time, and their outboxes reach the operator, and the ledger them, in any order: once
// all have all of it, their desks say the same, and every event is on each of them.
func TestTheDesksOfAllTrusteesBecomeOne(t *testing.T) {
	shorttest.Skip(t, "not tested: decisions of all trustees that meet")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{})
	cases := []string{d.Report(nil).Case, d.Report(nil).Case}
	d.carry()
	random := rand.New(rand.NewPCG(13, 7))
	names := []string{"anna", "boris", "vera"}
	made := 0
	decide := func(name string) {
		d.in(name, func(v *casework.Trustee) {
			sort(t, v)
			id := cases[random.IntN(len(cases))]
			options := []casework.Decision{
				{Case: id, Kind: deskstate.KindSet, Payload: map[string]string{"field": "priority", "value": []string{"low", "high", "urgent"}[random.IntN(3)]}},
				{Case: id, Kind: deskstate.KindNote, Payload: map[string]string{"text": fmt.Sprintf("Note %d by %s.", made, name)}},
				{Case: id, Kind: deskstate.KindSet, Payload: map[string]string{"field": "tag", "value": fmt.Sprintf("tag %d", made)}},
				{Case: id, Kind: deskstate.KindState, Payload: map[string]string{"to": "triaged"}, Why: "read it"},
				{Case: id, Kind: deskstate.KindLink, Payload: map[string]string{"type": "same-actor", "other": cases[0]}},
			}
			if events, err := v.Decide(options[random.IntN(len(options))]); err == nil {
				made += len(events)
			} else if exit.StatusOf(err) != exit.Usage {
				t.Fatal(err)
			}
		})
	}
	for range 2 {
		for _, i := range random.Perm(len(names)) {
			decide(names[i])
			decide(names[i])
			if random.IntN(3) > 0 {
				d.MustAccept(d.outbox(names[i]))
			}
			if one := names[random.IntN(len(names))]; random.IntN(2) == 0 {
				d.vaults[one].mustTake(d.House.Carry(0), as(d.key(one)))
			}
		}
	}
	for _, i := range random.Perm(len(names)) {
		d.MustAccept(d.outbox(names[i]))
	}
	d.carry()
	want := d.folded("anna")
	events := 0
	for _, c := range want {
		events += len(c.History)
	}
	if events != made || made < 4 {
		t.Errorf("anna's desk has %d events of %d", events, made)
	}
	for _, name := range names[1:] {
		if got := d.folded(name); !reflect.DeepEqual(got, want) {
			t.Errorf("the desk of %s says\n%+v\nthat of anna\n%+v", name, got, want)
		}
	}
}

// What two trustees decided without seeing each other is a conflict on both desks until one of them decides again.
func TestAConflictTravels(t *testing.T) {
	shorttest.Skip(t, "not tested: decisions that contradict each other")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{Trustees: []string{"anna", "boris"}})
	id := d.Report(nil).Case
	d.carry()
	priority := func(name, value string) {
		d.in(name, func(v *casework.Trustee) {
			_, err := v.Decide(casework.Decision{Case: id, Kind: deskstate.KindSet, Payload: map[string]string{"field": "priority", "value": value}})
			d.Must(err)
		})
		d.MustAccept(d.outbox(name))
	}
	priority("anna", "low")
	priority("boris", "urgent")
	d.carry()
	for _, name := range []string{"anna", "boris"} {
		if c := d.folded(name)[id]; !slices.Equal(c.Conflicts(), []string{"priority"}) {
			t.Errorf("conflicts of %s: %v", name, c.Conflicts())
		}
	}
	priority("anna", "urgent")
	d.carry()
	for _, name := range []string{"anna", "boris"} {
		if c := d.folded(name)[id]; len(c.Conflicts()) != 0 || c.Fields["priority"].Text != "urgent" {
			t.Errorf("%s: %v, %+v", name, c.Conflicts(), c.Fields["priority"])
		}
	}
	if again := d.outbox("anna"); again == nil || strings.Contains(outboxWords(d, "anna"), "review") {
		t.Errorf("what was taken in goes out again: %s", outboxWords(d, "anna"))
	}
}

func outboxWords(d *desk, name string) (words string) {
	d.in(name, func(v *casework.Trustee) {
		out, err := v.Outbox()
		d.Must(err)
		words = out.Words()
	})
	return words
}

// An event in another trustee's name, or about another case than its statement, does not count; the rest of it does.
func TestAnEventInAnothersNameDoesNotCount(t *testing.T) {
	shorttest.Skip(t, "not tested: custody events in another's name")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{Trustees: []string{"anna", "boris"}})
	f := d.Report(nil)
	d.carry()
	line := func(by, about, value string) string {
		e := deskstate.Event{By: by, Number: 1, Time: tick, Case: about, Kind: deskstate.KindSet, Payload: map[string]string{"field": "tag", "value": value}}
		return string(e.Marshal())
	}
	d.in("boris", func(v *casework.Trustee) {
		text := review.Review{Case: f.Body, At: tick, Kind: review.Desk, Text: strings.Join([]string{
			line("anna", f.Case, "forged"), line("boris", "c0000000000", "astray"), `{"v":2}`, line("boris", f.Case, "good")}, "\n")}
		keys := []card.Card{d.key("anna").Card, d.key("boris").Card}
		sealed, err := casework.SealTo(recipients(t, keys), text.Marshal())
		d.Must(err)
		_, err = v.Sign(card.KindReview, sealed, tick.AddDate(1, 0, 0))
		d.Must(err)
	})
	d.MustAccept(d.outbox("boris"))
	d.carry()
	d.in("anna", func(v *casework.Trustee) {
		problems := sort(t, v).Problems
		if len(problems) != 3 {
			t.Fatalf("problems: %v", problems)
		}
		for i, want := range []string{"it says that it is by anna", "its statement about " + f.Case, "version 2"} {
			if !strings.Contains(problems[i].Error(), "an event of the desk by boris") || !strings.Contains(problems[i].Error(), want) {
				t.Errorf("problem %d: %v", i, problems[i])
			}
		}
		log, err := v.Desk()
		d.Must(err)
		if tags := log.Case(f.Case).Sets["tag"]; log.Len() != 1 || len(tags) != 1 || tags[0].Text != "good" {
			t.Errorf("%d events, tags %+v", log.Len(), tags)
		}
	})
}

func recipients(t *testing.T, cards []card.Card) *seal.Recipients {
	t.Helper()
	keys := make([]string, len(cards))
	for i, c := range cards {
		keys[i] = c.Age
	}
	to, err := seal.NewRecipients(1, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return to
}
