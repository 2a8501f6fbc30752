package release

import (
	"slices"

	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
	"zapis/internal/evidence/bundle"
)

// placedAnchor is an anchor entry with the checkpoint that it is about.
type placedAnchor struct {
	entry      ledger.Entry
	body       []byte
	anchor     ledger.Anchor
	stated     timestamp.Evidence // its claim, not verified
	checkpoint []byte
}

// usable returns the anchors that can be in a bundle: those that can be read, and whose checkpoints the vault has.
func (b *bundling) usable() (list []placedAnchor, err error) {
	all, err := b.Anchors()
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		a := placedAnchor{entry: b.Copy().Entry(h.Index), body: h.Body, checkpoint: h.Checkpoint}
		if a.anchor, err = ledger.ParseAnchor(h.Body); err != nil || ledger.Sum(h.Checkpoint) != a.anchor.Checkpoint {
			continue
		}
		if _, _, err := timestamp.CertificatesPEM(a.anchor); a.anchor.Witness == "" && err != nil {
			continue
		}
		if a.stated, err = timestamp.Stated(h.Index, a.anchor, h.Checkpoint); err == nil {
			list = append(list, a)
		}
	}
	return list, nil
}

// nearest is how many anchored checkpoints on each side of an entry are included: the reader of the bundle may not
// trust the authority of the nearest.
const nearest = 2

// maxAuthorities bounds how many authorities' narrowest evidence is included on each side, those first that the ledger
// had first: an operator can add tokens of any number of invented authorities.
const maxAuthorities = 16

// anchorsFor selects the evidence that bounds the time at which each of these entries was added to the ledger, tokens
// and witnesses separately: the nearest by place, and of each authority the narrowest by its time. An anchor that
// contradicts the others is among them, so that readers see the contradiction (docs/spec/anchor.md).
func (b *bundling) anchorsFor(entries []uint64) ([]bundle.Anchor, error) {
	all, err := b.usable()
	if err != nil {
		return nil, err
	}
	picked := make(map[uint64]bool)
	for _, index := range entries {
		for _, witness := range []bool{false, true} {
			var before, after []placedAnchor
			for _, a := range all {
				if (a.anchor.Witness != "") != witness {
					continue
				}
				if a.entry.Index < index {
					before = append(before, a)
				}
				if a.anchor.Size > index {
					after = append(after, a)
				}
			}
			pickNarrowest(picked, before, func(a, b timestamp.Evidence) bool { return a.Earliest().After(b.Earliest()) })
			pickNarrowest(picked, after, func(a, b timestamp.Evidence) bool { return a.Latest().Before(b.Latest()) })
			slices.Reverse(before) // the ledger's order: the newest is the nearest
			slices.SortStableFunc(after, func(a, b placedAnchor) int { return int(int64(a.anchor.Size) - int64(b.anchor.Size)) })
			pickNearest(picked, before)
			pickNearest(picked, after)
		}
	}
	var out []bundle.Anchor
	for _, a := range all {
		if !picked[a.entry.Index] {
			continue
		}
		given, err := b.anchor(a, entries)
		if err != nil {
			return nil, err
		}
		out = append(out, given)
	}
	return out, nil
}

// pickNearest selects from anchors that are sorted by their distance from an entry.
func pickNearest(picked map[uint64]bool, side []placedAnchor) {
	sizes := make(map[uint64]bool)
	for _, a := range side {
		if sizes[a.anchor.Size] = true; len(sizes) > nearest {
			return
		}
		picked[a.entry.Index] = true
	}
}

// pickNarrowest selects, of each authority or witness, the anchor whose time is the narrowest bound.
func pickNarrowest(picked map[uint64]bool, side []placedAnchor, narrower func(a, b timestamp.Evidence) bool) {
	best := make(map[string]placedAnchor)
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

func (b *bundling) anchor(a placedAnchor, entries []uint64) (bundle.Anchor, error) {
	text := a.entry.Marshal()
	receipt, err := ledger.MakeReceipt(text, b.Copy().Newest(), b.tree)
	out := bundle.Anchor{Public: bundle.Public{Entry: text, Body: a.body, Receipt: receipt}, Checkpoint: a.checkpoint}
	for _, index := range entries {
		if err != nil || index >= a.anchor.Size {
			continue
		}
		receipt, err = ledger.MakeReceipt(b.Copy().Entry(index).Marshal(), a.checkpoint, b.tree)
		out.Receipts = append(out.Receipts, receipt)
	}
	return out, err
}
