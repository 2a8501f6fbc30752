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
	stated     timestamp.Evidence // as it says, not verified
	checkpoint []byte
}

// anchors lists the anchor entries, with the checkpoints that they are about where the vault has them.
func (v *Trustee) anchors() ([]timestamp.Held, error) {
	var list []timestamp.Held
	err := v.Copy().EachBody(func(b ledger.Body, index *uint64, where string, file func() ([]byte, error)) error {
		if b.Kind != ledger.KindAnchor || index == nil {
			return nil
		}
		text, err := file()
		if err != nil || text == nil {
			return err
		}
		h := timestamp.Held{Index: *index, Body: text}
		if a, err := ledger.ParseAnchor(text); err == nil {
			if name, have := v.Copy().Checkpoint(a.Size); have {
				if h.Checkpoint, err = os.ReadFile(name); err != nil {
					return err
				}
			}
		}
		list = append(list, h)
		return nil
	})
	return list, err
}

// AnchorWarnings says which anchors can't be read, and which contradict each other, as far as they concern an
// entry of this index or later. A vault has no root certificates: it verifies none of them.
func (v *Trustee) AnchorWarnings(from uint64) ([]string, error) {
	all, err := v.anchors()
	if err != nil {
		return nil, err
	}
	return timestamp.Warnings(all, from), nil
}

// usable gives the anchors that can go into a bundle: those that can be read, and whose checkpoints the vault has.
func (v *Trustee) usable() (list []heldAnchor, err error) {
	all, err := v.anchors()
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		a := heldAnchor{entry: v.Copy().Entries()[h.Index], body: h.Body, checkpoint: h.Checkpoint}
		if a.said, err = ledger.ParseAnchor(h.Body); err != nil || ledger.Sum(h.Checkpoint) != a.said.Checkpoint {
			continue
		}
		if _, _, err := timestamp.CertificatesPEM(a.said); a.said.Witness == "" && err != nil {
			continue
		}
		if a.stated, err = timestamp.Stated(h.Index, a.said, h.Checkpoint); err == nil {
			list = append(list, a)
		}
	}
	return list, nil
}

// nearest is how many anchored checkpoints on each side of an entry go along: whoever reads the bundle may not
// know the authority that spoke on the nearest.
const nearest = 2

// maxAuthorities bounds how many authorities' narrowest evidence goes along on each side, those first that the
// ledger knew first: an operator can put tokens of any number of invented authorities into it.
const maxAuthorities = 16

// anchorsFor picks the evidence that bounds the time at which each of these entries was put into the ledger, of
// tokens and of witnesses apart: the nearest by place, and of each authority the narrowest by its time. An anchor
// that contradicts the others is one of these, so that readers see the contradiction (docs/spec/anchor.md).
func (v *Trustee) anchorsFor(entries []uint64, tree ledgercopy.Tree) ([]bundle.Anchor, error) {
	all, err := v.usable()
	if err != nil {
		return nil, err
	}
	picked := make(map[uint64]bool)
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
			pickNarrowest(picked, before, func(a, b timestamp.Evidence) bool { return a.Earliest().After(b.Earliest()) })
			pickNarrowest(picked, after, func(a, b timestamp.Evidence) bool { return a.Latest().Before(b.Latest()) })
			slices.Reverse(before) // the ledger's order: the newest is the nearest
			slices.SortStableFunc(after, func(a, b heldAnchor) int { return int(int64(a.said.Size) - int64(b.said.Size)) })
			pickNearest(picked, before)
			pickNearest(picked, after)
		}
	}
	var out []bundle.Anchor
	for _, a := range all {
		if !picked[a.entry.Index] {
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

// pickNearest picks from anchors that are sorted by their distance from an entry.
func pickNearest(picked map[uint64]bool, side []heldAnchor) {
	sizes := make(map[uint64]bool)
	for _, a := range side {
		if sizes[a.said.Size] = true; len(sizes) > nearest {
			return
		}
		picked[a.entry.Index] = true
	}
}

// pickNarrowest picks, of each authority or witness, the anchor whose time is the narrowest bound.
func pickNarrowest(picked map[uint64]bool, side []heldAnchor, narrower func(a, b timestamp.Evidence) bool) {
	best := make(map[string]heldAnchor)
	for _, a := range side {
		had, known := best[a.stated.By]
		if !known && len(best) == maxAuthorities {
			continue
		}
		if !known || narrower(a.stated, had.stated) {
			best[a.stated.By] = a
		}
	}
	for _, a := range best {
		picked[a.entry.Index] = true
	}
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
