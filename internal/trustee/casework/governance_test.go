package casework_test

import (
	"strings"
	"testing"
	"time"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault/vaulttest"
)

// titles gives what changes are called, in their order.
func titles(list []casework.Change) string {
	var all []string
	for _, c := range list {
		all = append(all, c.Title+" by "+strings.Join(c.By, "+"))
	}
	return strings.Join(all, "; ")
}

func (d *desk) slots(n int) {
	d.t.Helper()
	for range n {
		d.Pass(24 * time.Hour)
		d.Slot()
	}
}

// A change of trustees is announced, shown to every trustee, and takes effect three slots later; who is thrown out
// is told.
func TestAChangeIsShownWhileItIsAnnounced(t *testing.T) {
	shorttest.Skip(t, "not tested: a change that is announced")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{Rules: ledger.Rules2, Delay: 3, Slot: 24 * time.Hour})
	d.carry()
	d.replace(casework.SetChange{Remove: []string{"vera"}}, "anna", "boris")
	d.slots(1)
	d.carry()
	d.in("vera", func(v *casework.Trustee) {
		changes, err := v.Changes(0)
		d.Must(err)
		if got := titles(changes); got != "announced: other trustees, or other rules for them by anna+boris" {
			t.Errorf("changes: %s", got)
		}
		announced, err := v.Announced()
		d.Must(err)
		if len(announced) != 1 || announced[0].Left != 2 || !announced[0].CanStop || !strings.Contains(strings.Join(announced[0].Words, "\n"), "removes the trustee vera") {
			t.Errorf("announced: %+v", announced)
		}
		if _, out := v.ThrownOut(0); out {
			t.Error("vera is thrown out before the change takes effect")
		}
	})
	d.slots(3)
	d.carry()
	d.in("vera", func(v *casework.Trustee) {
		at, out := v.ThrownOut(0)
		if !out || at == 0 {
			t.Error("vera is not told that the change threw them out")
		}
		if _, out := v.ThrownOut(at + 1); out {
			t.Error("vera is told again")
		}
		sets, err := v.Sets()
		d.Must(err)
		if len(sets) != 2 || sets[1].Index != at || !strings.Contains(strings.Join(sets[1].Words, "\n"), "removes the trustee vera") {
			t.Errorf("sets: %+v", sets)
		}
		if announced, err := v.Announced(); err != nil || len(announced) != 0 {
			t.Errorf("still announced: %+v, %v", announced, err)
		}
	})
	d.in("anna", func(v *casework.Trustee) {
		if _, out := v.ThrownOut(0); out {
			t.Error("anna is said to be thrown out")
		}
	})
}

// Any trustee stops a change that was announced.
func TestATrusteeObjects(t *testing.T) {
	shorttest.Skip(t, "not tested: a trustee's objection to a change")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{Rules: ledger.Rules2, Delay: 3, Slot: 24 * time.Hour})
	d.carry()
	d.replace(casework.SetChange{Remove: []string{"vera"}}, "anna", "boris")
	d.slots(1)
	d.carry()
	var notice uint64
	d.in("vera", func(v *casework.Trustee) {
		announced, err := v.Announced()
		d.Must(err)
		notice = announced[0].Index
		_, err = v.Object(sort(t, v), notice+1)
		refused(t, "another entry", err, exit.Usage, "announces nothing")
		p, err := v.Object(sort(t, v), notice)
		d.Must(err)
		signed, err := v.Approve(p, time.Time{})
		d.Must(err)
		d.MustAccept(signed)
	})
	d.slots(5)
	d.carry()
	d.in("vera", func(v *casework.Trustee) {
		if _, out := v.ThrownOut(0); out {
			t.Error("the change took effect")
		}
		changes, err := v.Changes(notice + 1)
		d.Must(err)
		if got := titles(changes); got != "an objection by vera" {
			t.Errorf("changes: %s", got)
		}
		_, err = v.Object(sort(t, v), notice)
		refused(t, "once more", err, exit.Failed, "was stopped by entry")
	})
}

// A trustee takes an approval back, and may give another.
func TestATrusteeWithdrawsAnApproval(t *testing.T) {
	t.Parallel()
	d := newDesk(t, vaulttest.Options{Rules: ledger.Rules2, Slot: 24 * time.Hour})
	d.carry()
	var text []byte
	d.in("anna", func(v *casework.Trustee) {
		var err error
		text, err = v.ProposeTrustees(casework.SetChange{Remove: []string{"vera"}})
		d.Must(err)
		p, err := v.ReadProposal(sort(t, v), text)
		d.Must(err)
		refused(t, "nothing to withdraw", v.Withdraw(p), exit.Failed, "you have not approved it")
		_, err = v.Approve(p, time.Time{})
		d.Must(err)
		p, err = v.ReadProposal(sort(t, v), text)
		d.Must(err)
		if p.Mine == nil || p.Mine.Statement.Expires.Sub(d.Now()) < 29*24*time.Hour || p.Mine.Statement.Expires.Sub(d.Now()) > 31*24*time.Hour {
			t.Fatalf("the approval: %+v", p.Mine)
		}
		d.Must(v.Withdraw(p))
		if p, err = v.ReadProposal(sort(t, v), text); err != nil || p.Mine != nil {
			t.Errorf("it still counts: %v", err)
		}
	})
}
