package casework

import (
	"os"
	"zapis/crypto/ledger"
	"zapis/crypto/timestamp"
)

// Anchors lists the anchor entries, with the checkpoints that they are about where the vault has them.
func (v *Trustee) Anchors() ([]timestamp.Held, error) {
	var list []timestamp.Held
	err := v.Copy().EachBody(func(k ledger.Kind) bool { return k == ledger.KindAnchor }, func(_ ledger.Body, index *uint64, _ string, file func() ([]byte, error)) error {
		if index == nil {
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

// AnchorWarnings reports which anchors can't be read, and which contradict each other, as far as they concern an entry
// of this index or later. A vault has no root certificates: it verifies none of them.
func (v *Trustee) AnchorWarnings(from uint64) ([]string, error) {
	all, err := v.Anchors()
	if err != nil {
		return nil, err
	}
	return timestamp.Warnings(all, from), nil
}
