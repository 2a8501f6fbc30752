package store

import (
	"fmt"

	"zapis/crypto/ledger"
)

// Dir returns the ledger's folder, as passed to Open.
func (s *Store) Dir() string { return s.dir }

// After returns the value of the line after in a new trustees or key proposal:
// the leaf hash of the newest genesis, trustees or key entry.
func (s *Store) After() (after ledger.Hash, err error) {
	err = s.view(func(v *view) error {
		c := v.tx.Table(tableGoverning).Cursor()
		for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
			index, ok := readNumber(k)
			if !ok {
				return fmt.Errorf("%w: the list of entries that govern is damaged", ledger.ErrMismatch)
			}
			text, err := v.entry(index)
			if err != nil {
				return err
			}
			e, err := ledger.ParseEntry(text)
			if err != nil {
				return err
			}
			if e.Body.Kind != ledger.KindTombstone {
				after = ledger.LeafHash(text)
				return nil
			}
		}
		return fmt.Errorf("%w: the list of entries that govern is empty", ledger.ErrMismatch)
	})
	return after, err
}
