package casework

import (
	"context"
	"io"

	"zapis/internal/trustee/vault"
)

// Imported is the result of an import, for the ledger's copy and the owner's statements.
type Imported struct {
	*vault.Imported
	Anchors []string // problems of anchors among the new entries, sentences without full stop
	Pending []string // what the owner has handed out and is not in the ledger; empty without a key
}

// Import verifies and imports a carry file, as vault.Import does.
func (v *Trustee) Import(ctx context.Context, r io.Reader, o vault.ImportOptions) (*Imported, error) {
	done, err := v.Vault.Import(ctx, r, o)
	v.forgetDerived()
	if err != nil {
		return nil, err
	}
	out := &Imported{Imported: done}
	if out.Anchors, err = v.AnchorWarnings(done.From); err != nil {
		return nil, err
	}
	if v.Key() != nil {
		out.Pending, err = v.PendingAtOperator()
	}
	return out, err
}
