package ledgercopy

import (
	"fmt"
	"os"
	"time"

	"zapis/crypto/ledger"
)

// slotTime returns the nominal time of a slot by its number, from its checkpoint.
func (c *Copy) slotTime(n int) (time.Time, error) {
	file, err := os.ReadFile(c.checkpoints[c.slots[n]])
	if err != nil {
		return time.Time{}, err
	}
	v, err := c.chain.Verifier(c.slots[n])
	if err != nil {
		return time.Time{}, err
	}
	signed, err := v.OpenCheckpoint(file)
	if err != nil {
		return time.Time{}, Damaged("checkpoint %d: %w", c.slots[n], err)
	}
	return signed.Time, nil
}

// SlotFiles returns the checkpoints on both sides of an entry: the last that does not cover it, empty for the first
// slot, and the first that does.
func (c *Copy) SlotFiles(index uint64) (before, own []byte, err error) {
	n := c.SlotOf(index)
	if n >= len(c.slots) {
		return nil, nil, nil
	}
	if own, err = os.ReadFile(c.checkpoints[c.slots[n]]); err != nil || n == 0 {
		return nil, own, err
	}
	before, err = os.ReadFile(c.checkpoints[c.slots[n-1]])
	return before, own, err
}

// OffSlot returns, as a clause, the reason why a time of receipt can't be that of an entry's slot: it is after the
// slot, or long before the previous slot. Empty where it fits. With after only the first is checked: a trustee's
// exhibit may be older.
func (c *Copy) OffSlot(index uint64, received time.Time, after bool) (string, error) {
	n := c.SlotOf(index)
	if n >= len(c.slots) {
		return "", nil
	}
	own, err := c.slotTime(n)
	if err != nil {
		return "", fmt.Errorf("the slot of entry %d: %w", index, err)
	}
	if n == 0 || after {
		return ledger.OffSlot(received, nil, own), nil
	}
	before, err := c.slotTime(n - 1)
	if err != nil {
		return "", fmt.Errorf("the slot before entry %d: %w", index, err)
	}
	return ledger.OffSlot(received, &before, own), nil
}
