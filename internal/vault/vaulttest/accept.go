package vaulttest

import (
	"bytes"

	"zapis/internal/accept"
	"zapis/internal/vault"
)

// Outbox gathers what the owner of a vault has signed, as zapis outbox does; nil where there is nothing.
func (h *House) Outbox(v *vault.Vault) []byte {
	h.t.Helper()
	out, err := v.Outbox()
	h.Must(err)
	if len(out.Statements) == 0 {
		return nil
	}
	var file bytes.Buffer
	h.Must(out.Write(&file))
	return file.Bytes()
}

// Accept takes an outbox in, as zapisd accept does.
func (h *House) Accept(outbox []byte) (list []accept.Outcome, err error) {
	h.t.Helper()
	err = accept.New(h.Store, h.Now).File(h.t.Context(), bytes.NewReader(outbox), func(o accept.Outcome) { list = append(list, o) })
	return list, err
}

// MustAccept is Accept where nothing may be refused.
func (h *House) MustAccept(outbox []byte) {
	h.t.Helper()
	list, err := h.Accept(outbox)
	h.Must(err)
	for _, o := range list {
		if o.Err != nil {
			h.t.Fatalf("%s %d: %v", o.Statement.Kind, o.Statement.Number, o.Err)
		}
	}
}
