package vaulttest

import (
	"bytes"

	"zapis/internal/server/outbox"
	"zapis/internal/trustee/casework"
)

// Outbox returns what the owner of a vault has signed, as zapis outbox writes it; nil where there is nothing.
func (h *House) Outbox(v *casework.Trustee) []byte {
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

// Accept applies an outbox, as zapisd accept does.
func (h *House) Accept(file []byte) (list []outbox.Outcome, err error) {
	h.t.Helper()
	err = outbox.New(h.Store, h.Now).File(h.t.Context(), bytes.NewReader(file), func(o outbox.Outcome) { list = append(list, o) })
	return list, err
}

// MustAccept is Accept, and fails the test where anything is refused.
func (h *House) MustAccept(file []byte) {
	h.t.Helper()
	list, err := h.Accept(file)
	h.Must(err)
	for _, o := range list {
		if o.Err != nil {
			h.t.Fatalf("%s %d: %v", o.Statement.Kind, o.Statement.Number, o.Err)
		}
	}
}
