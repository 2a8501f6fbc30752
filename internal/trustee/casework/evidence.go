package casework

import (
	"os"
	"slices"

	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/internal/evidence/bundle"
	"zapis/internal/trustee/ledgercopy"
)

// heldAnchor is an anchor entry with the checkpoint that it is about.
type heldAnchor struct {
	entry      ledger.Entry
	body       []byte
	said       ledger.Anchor
	checkpoint []byte
}

// anchors lists the anchor entries whose checkpoints the vault has. Those that can't be read prove nothing, and
// are left out.
func (v *Trustee) anchors() ([]heldAnchor, error) {
	var list []heldAnchor
	err := v.Copy().EachBody(func(b ledger.Body, index *uint64, where string, file func() ([]byte, error)) error {
		if b.Kind != ledger.KindAnchor || index == nil {
			return nil
		}
		text, err := file()
		if err != nil || text == nil {
			return err
		}
		a := heldAnchor{entry: v.Copy().Entries()[*index], body: text}
		if a.said, err = ledger.ParseAnchor(text); err != nil {
			return nil
		}
		if _, _, err := timestamp.CertificatesPEM(a.said); a.said.Witness == "" && err != nil {
			return nil
		}
		name, have := v.Copy().Checkpoint(a.said.Size)
		if !have {
			return nil
		}
		if a.checkpoint, err = os.ReadFile(name); err != nil {
			return err
		}
		if ledger.Sum(a.checkpoint) == a.said.Checkpoint {
			list = append(list, a)
		}
		return nil
	})
	return list, err
}

// nearest is how many anchored checkpoints on each side of an entry go along: whoever reads the bundle may not
// know the authority that spoke on the nearest.
const nearest = 2

// anchorsFor picks the evidence that bounds the time at which each of these entries was put into the ledger, of
// tokens and of witnesses apart.
func (v *Trustee) anchorsFor(entries []uint64, tree ledgercopy.Tree) ([]bundle.Anchor, error) {
	all, err := v.anchors()
	if err != nil {
		return nil, err
	}
	picked := make(map[uint64]heldAnchor)
	for _, index := range entries {
		for _, witness := range []bool{false, true} {
			var before, after []heldAnchor
			for _, a := range all {
				if (a.said.Witness != "") != witness {
					continue
				}
				if a.entry.Index < index {
					before = append(before, a)
				}
				if a.said.Size > index {
					after = append(after, a)
				}
			}
			slices.Reverse(before) // the ledger's order: the newest is the nearest
			slices.SortStableFunc(after, func(a, b heldAnchor) int { return int(int64(a.said.Size) - int64(b.said.Size)) })
			for _, side := range [][]heldAnchor{before, after} {
				sizes := make(map[uint64]bool)
				for _, a := range side {
					if sizes[a.said.Size] = true; len(sizes) > nearest {
						break
					}
					picked[a.entry.Index] = a
				}
			}
		}
	}
	var out []bundle.Anchor
	for _, a := range all {
		if _, ok := picked[a.entry.Index]; !ok {
			continue
		}
		given, err := v.bundledAnchor(a, entries, tree)
		if err != nil {
			return nil, err
		}
		out = append(out, given)
	}
	return out, nil
}

func (v *Trustee) bundledAnchor(a heldAnchor, entries []uint64, tree ledgercopy.Tree) (bundle.Anchor, error) {
	text := a.entry.Marshal()
	receipt, err := ledger.MakeReceipt(text, v.Copy().Newest(), tree)
	out := bundle.Anchor{Public: bundle.Public{Entry: text, Body: a.body, Receipt: receipt}, Checkpoint: a.checkpoint}
	for _, index := range entries {
		if err != nil || index >= a.said.Size {
			continue
		}
		receipt, err = ledger.MakeReceipt(v.Copy().Entries()[index].Marshal(), a.checkpoint, tree)
		out.Receipts = append(out.Receipts, receipt)
	}
	return out, err
}
