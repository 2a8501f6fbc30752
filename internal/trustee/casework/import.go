package casework

import (
	"context"
	"io"

	"zapis/crypto/ledger"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// Imported is the result of an import, for the ledger's copy and the owner's statements.
type Imported struct {
	*vault.Imported
	Anchors []string // problems of anchors among the new entries, sentences without full stop
	Pending []string // what the owner has handed out and is not in the ledger; empty without a key

	fresh  map[ledger.Hash]bool // bodies that the vault did not hold before, neither as an entry nor waiting
	before *ledgercopy.Copy     // of the vault
	owner  string               // fingerprint of the owner's key; empty without a key
}

// Import verifies and imports a carry file, as vault.Import does.
func (v *Trustee) Import(ctx context.Context, r io.Reader, o vault.ImportOptions) (*Imported, error) {
	before := v.Copy()
	done, err := v.Vault.Import(ctx, r, o)
	v.forgetDerived()
	if err != nil {
		return nil, err
	}
	out := &Imported{Imported: done, before: before, fresh: freshBodies(before, v.Copy())}
	if out.Anchors, err = v.AnchorWarnings(done.From); err != nil {
		return nil, err
	}
	if v.Key() != nil {
		out.owner = v.Key().Signer.Fingerprint()
		out.Pending, err = v.PendingAtOperator()
	}
	return out, err
}

func freshBodies(before, after *ledgercopy.Copy) map[ledger.Hash]bool {
	fresh := make(map[ledger.Hash]bool)
	for i := before.Size(); i < after.Size(); i++ {
		if hash := after.Entry(i).Body.Hash(); !before.Has(hash) {
			fresh[hash] = true
		}
	}
	for _, w := range after.Waiting() {
		if !before.Has(w.Hash) {
			fresh[w.Hash] = true
		}
	}
	return fresh
}

// brought reports whether the import has brought a review by another trustee.
func (d *Imported) brought(s vault.PlacedStatement) bool {
	if s.Statement.Signer == d.owner || s.Index != nil && *s.Index < d.From {
		return false
	}
	return d.fresh[ledger.BodyOf(ledger.KindReview, s.Statement.Trustees, s.Marshal()).Hash()]
}
