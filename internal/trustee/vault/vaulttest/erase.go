package vaulttest

import (
	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/store"
)

// Erase has all trustees approve a tombstone for the parts of one kind of a submission, and applies it. They must not
// have signed anything else.
func (h *House) Erase(filed Filed, kind string) {
	h.t.Helper()
	t := ledger.Tombstone{Origin: Origin, Reason: ledger.EraseAsked}
	h.Must(h.Store.Snapshot(func(n *store.Snapshot) error {
		return n.Entries(0, func(index uint64, text []byte) error {
			e, err := ledger.ParseEntry(text)
			if err != nil || e.Body.Hash() != filed.Body {
				return err
			}
			for _, p := range e.Body.Parts {
				if p.Kind == kind {
					t.Parts = append(t.Parts, ledger.Erased{Index: index, Hash: p.Hash})
				}
			}
			return nil
		})
	}))
	text := t.Marshal()
	for _, id := range h.Trustees {
		signed, err := id.Signer.SignStatement(card.Statement{Ledger: h.Card().Genesis, Number: 1, Kind: card.KindApproval, Subject: ledger.Sum(text)})
		h.Must(err)
		h.MustAccept(ledger.SignedBody{Statement: signed, Content: text}.Marshal())
	}
}
