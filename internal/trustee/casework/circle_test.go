package casework_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/cli"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault/vaulttest"
)

// with opens a trustee's vault with its cases, does something, and closes it.
func (d *desk) with(name string, do func(v *casework.Trustee, cases *casework.Cases)) {
	d.t.Helper()
	d.in(name, func(v *casework.Trustee) { do(v, sort(d.t, v)) })
}

var inTwoWeeks = tick.Add(14 * 24 * time.Hour)

func (d *desk) ask(name, id string, last time.Time) (file []byte) {
	d.t.Helper()
	d.with(name, func(v *casework.Trustee, cases *casework.Cases) {
		var err error
		file, _, err = v.Ask(cases, id, casework.Asking{Why: "To warn them.", Expires: last})
		d.Must(err)
	})
	return file
}

func (d *desk) grant(name string, request []byte) (file []byte, err error) {
	d.t.Helper()
	d.with(name, func(v *casework.Trustee, cases *casework.Cases) {
		var asked *casework.Asked
		if asked, err = v.ReadRequest(cases, request); err == nil {
			file, err = v.Grant(asked)
		}
	})
	return file, err
}

func (d *desk) take(name, id string, grant []byte) (err error) {
	d.t.Helper()
	d.with(name, func(v *casework.Trustee, _ *casework.Cases) { _, err = v.TakeGrant(id, grant) })
	return err
}

// shared has boris grant anna what is under the quorum in a case, and anna take it in.
func (d *desk) shared(id string) {
	d.t.Helper()
	grant, err := d.grant("boris", d.ask("anna", id, inTwoWeeks))
	d.Must(err)
	d.Must(d.take("anna", id, grant))
}

func (d *desk) refuses(err error, status exit.Status, text string) {
	d.t.Helper()
	if exit.StatusOf(err) != status || !strings.Contains(fmt.Sprint(err), text) {
		d.t.Errorf("status %d, %v; want %d and %q", exit.StatusOf(err), err, status, text)
	}
}

// signed makes a statement with a trustee's key.
func signed(t *testing.T, h *vaulttest.House, by *cli.Identity, number uint64, kind string, content []byte, change func(*card.Statement)) []byte {
	t.Helper()
	st := card.Statement{Ledger: h.Card().Genesis, Number: number, Kind: kind, Subject: ledger.Sum(content)}
	if number > 1 {
		st.Previous = [32]byte{1}
	}
	if change != nil {
		change(&st)
	}
	s, err := by.Signer.SignStatement(st)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.SignedBody{Statement: s, Content: content}.Marshal()
}
