package casework_test

import (
	"bytes"
	"strings"
	"testing"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/release"
	"zapis/internal/trustee/vault"

	"zapis/internal/evidence/bundle"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/vault/vaulttest"
)

// checked checks a trustee's vault; without the key where bare.
func (d *desk) checked(name string, bare bool) *vault.Checked {
	d.t.Helper()
	v := d.vaults[name].open()
	defer v.Close()
	if !bare {
		d.Must(v.Use(vaulttest.Key(d.key(name))))
	}
	c, err := v.Check(d.t.Context(), func(int64) {})
	d.Must(err)
	return c
}

func says(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := range got {
		ok = ok && strings.Contains(got[i], want[i])
	}
	if !ok {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// After a lost vault the new log names the old one. That is no fault for its owner, and stays visible for all; a head
// that the log does not name stays a fault.
func TestLostVault(t *testing.T) {
	shorttest.Skip(t, "not tested: the log of a trustee after a lost vault")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{})
	filed := d.Report(nil, "consent", "store", "consent", "lawyer", "person_agrees", "self")
	d.carry()
	for range 2 { // two heads of one log
		d.sees("anna", filed)
	}
	lost := d.vaults["anna"]
	done := d.emptied("anna", d.House.Carry(0))
	if done.Successor != "entry 3 holds the head of an earlier one, which reached event 7" || len(done.Mismatches) > 0 {
		t.Errorf("%q, %v", done.Successor, done.Mismatches)
	}
	const earlier = "an earlier custody log of yours ends at event 7 (entry 3): keep its copy, if you have one"
	c := d.checked("anna", false)
	says(t, "own", c.Wrong)
	says(t, "own", c.Earlier, earlier)
	if c.Heads != 0 || c.Foreign {
		t.Errorf("%+v", c)
	}
	// Without the key it is unknown what the log names as lost.
	c = d.checked("anna", true)
	says(t, "without the key", c.Wrong, "entry 2: your custody log reached event ", "entry 3: your custody log reached event 7")
	if !c.Foreign || len(c.Earlier) > 0 {
		t.Errorf("%+v", c)
	}

	// It grows beyond the end of the lost one, and is reported with each bundle and each case.
	d.in("anna", func(v *casework.Trustee) {
		for range 3 {
			show(t, v, filed.Case)
		}
		in, err := bundleOf(t, v, show(t, v, filed.Case), release.BundleOptions{For: lawyer})
		d.Must(err)
		var zip bytes.Buffer
		d.Must(bundle.Write(&zip, in))
		text := ": this log begins anew: entry 3 holds the head of an earlier one, which reached event 7"
		if n := bytes.Count(zip.Bytes(), []byte(text+"\n")); n != 1 {
			t.Errorf("the bundle says so %d times", n)
		}
		report, err := bundle.Check(bytes.NewReader(zip.Bytes()), int64(zip.Len()), bundle.Options{})
		d.Must(err)
		says(t, "the bundle", report.Faults)
		list, err := v.Events(find(t, v, filed.Case))
		d.Must(err)
		n := 0
		for _, e := range list {
			if strings.HasPrefix(e.Subject, "this log begins anew: ") {
				n++
			}
		}
		if n != 1 {
			t.Errorf("the case's part of the log says so %d times", n)
		}
	})
	d.MustAccept(d.outbox("anna"))
	d.carry()
	done = d.sees("anna", filed)["anna"]
	if done.Successor != "" || len(done.Mismatches) > 0 {
		t.Errorf("once more: %q, %v", done.Successor, done.Mismatches)
	}
	c = d.checked("anna", false)
	says(t, "own, later", c.Wrong)
	says(t, "own, later", c.Earlier, earlier)
	if c.Heads != 2 {
		t.Errorf("%d heads", c.Heads)
	}

	// The lost vault is found and used again: no log can name both as lost.
	found := d.vaults["anna"]
	d.vaults["anna"] = lost
	lost.mustTake(d.House.Carry(0), as(d.key("anna")))
	c = d.checked("anna", false)
	if len(c.Wrong) != 2 || !c.Foreign || len(c.Earlier) > 0 {
		t.Errorf("the lost vault: %+v", c)
	}
	d.MustAccept(d.outbox("anna"))
	d.vaults["anna"] = found
	done = d.carry()["anna"]
	if len(done.Mismatches) != 1 || done.Successor != "" {
		t.Errorf("two at once: %+v", done)
	}
	c = d.checked("anna", false)
	says(t, "two at once", c.Wrong, "or this is not the vault that signed it")
	says(t, "two at once", c.Earlier, earlier)
}

// For the others a lost vault and a removed one look the same: the log that they have does not continue. It is
// reported once for each time.
func TestPretendedLoss(t *testing.T) {
	shorttest.Skip(t, "not tested: a loss of a vault that is only pretended")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{})
	filed := d.Report(nil)
	d.carry()
	d.sees("boris", filed)
	for n := 1; n <= 2; n++ {
		d.vaults["boris"] = newVault(t)
		d.carry()
		d.MustAccept(d.outbox("boris"))
		done := d.carry()["anna"]
		if len(done.Mismatches) != 1 || !strings.Contains(done.Mismatches[0].Text, "the custody log of boris reaches event 2, and that of entry ") {
			t.Errorf("%d: %v", n, done.Mismatches)
		}
		d.in("boris", func(v *casework.Trustee) { show(t, v, filed.Case) })
		d.MustAccept(d.outbox("boris"))
		done = d.carry()["anna"]
		says(t, "to the others", d.checked("anna", false).Wrong, []string{"the custody log of boris reaches event 2", "the custody log of boris reaches event 2"}[:n]...)
		if len(done.Mismatches) > 0 {
			t.Errorf("%d: a log that goes on: %v", n, done.Mismatches)
		}
	}
	if got := d.checked("boris", false).Earlier; len(got) != 2 {
		t.Errorf("earlier logs: %q", got)
	}
}

// Once anything was done, a log can't begin any more: what it does not own up to from the start stays wrong.
func TestAnEarlierLogIsNamedAtTheBeginningOnly(t *testing.T) {
	shorttest.Skip(t, "not tested: the log before a lost vault")
	t.Parallel()
	d := newDesk(t, vaulttest.Options{Trustees: []string{"anna"}})
	filed := d.Report(nil)
	d.carry()
	old := d.House.Carry(0)
	d.in("anna", func(v *casework.Trustee) { show(t, v, filed.Case) })
	d.MustAccept(d.outbox("anna"))
	d.emptied("anna", old)
	d.in("anna", func(v *casework.Trustee) { show(t, v, filed.Case) })
	done := d.carry()["anna"]
	if len(done.Mismatches) != 1 || done.Successor != "" {
		t.Errorf("%q, %v", done.Successor, done.Mismatches)
	}
	c := d.checked("anna", false)
	says(t, "too late", c.Wrong, "or this is not the vault that signed it")
	if !c.Foreign || len(c.Earlier) > 0 {
		t.Errorf("%+v", c)
	}

	// Where nothing was done yet, heads of a newer carry file are named as well.
	d.emptied("anna", old)
	if done := d.carry()["anna"]; done.Successor == "" || len(done.Mismatches) > 0 {
		t.Errorf("%q, %v", done.Successor, done.Mismatches)
	}
}
