package vault_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/command"
	"zapis/internal/fault"
	"zapis/internal/vault"
	"zapis/internal/vault/vaulttest"
)

// circle is a house whose trustees have a vault each.
type circle struct {
	t      *testing.T
	h      *vaulttest.House
	vaults map[string]*opener
}

func newCircle(t *testing.T, h *vaulttest.House) *circle {
	c := &circle{t, h, make(map[string]*opener)}
	for _, id := range h.Trustees {
		v := newVault(t)
		v.mustTake(h.Carry(0), as(id))
		c.vaults[id.Card.Name] = v
	}
	return c
}

// with opens a trustee's vault, does something, and closes it.
func (c *circle) with(name string, do func(v *vault.Vault, cases *vault.Cases)) {
	c.t.Helper()
	v := c.vaults[name].openAs(vaulttest.Identity(c.t, name))
	do(v, sort(c.t, v))
	if err := v.Close(); err != nil {
		c.t.Fatal(err)
	}
}

var inTwoWeeks = tick.Add(14 * 24 * time.Hour)

func (c *circle) ask(name, id string, last time.Time) (file []byte) {
	c.t.Helper()
	c.with(name, func(v *vault.Vault, cases *vault.Cases) {
		var err error
		if file, _, err = v.Ask(cases, id, vault.Asking{Why: "To warn them.", Expires: last}); err != nil {
			c.t.Fatal(err)
		}
	})
	return file
}

func (c *circle) grant(name string, request []byte) (file []byte, err error) {
	c.t.Helper()
	c.with(name, func(v *vault.Vault, cases *vault.Cases) {
		var asked *vault.Asked
		if asked, err = v.ReadRequest(cases, request); err == nil {
			file, err = v.Grant(asked)
		}
	})
	return file, err
}

func (c *circle) take(name, id string, grant []byte) (err error) {
	c.t.Helper()
	c.with(name, func(v *vault.Vault, _ *vault.Cases) { _, err = v.TakeGrant(id, grant) })
	return err
}

func (c *circle) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *circle) refuses(err error, status fault.Status, text string) {
	c.t.Helper()
	if fault.StatusOf(err) != status || !strings.Contains(fmt.Sprint(err), text) {
		c.t.Errorf("status %d, %v; want %d and %q", fault.StatusOf(err), err, status, text)
	}
}

// signed makes a statement of a trustee's, as somebody with their key could.
func signed(t *testing.T, h *vaulttest.House, by *command.Identity, number uint64, kind string, content []byte, change func(*card.Statement)) []byte {
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
	return ledger.Said{Statement: s, Content: content}.Marshal()
}
