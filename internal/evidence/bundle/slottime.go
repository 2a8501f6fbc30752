package bundle

import (
	"time"

	"zapis/crypto/ledger"
)

// slotTimes compares each time of receipt with the slot of its entry, by the
// checkpoints in the bundle: those beside the entry, or else the one of all
// receipts. An impossible time is reported; the bundle still is what the
// ledger has.
func (x *examination) slotTimes() {
	if x.log == nil {
		return
	}
	for n, s := range x.record.Submissions {
		if s.Entry == nil {
			continue
		}
		received, err := time.Parse(timeLayout, s.ReceivedAt)
		if err != nil {
			continue // parseRecord has refused it
		}
		beforePath, ownPath := slotPaths(*s.Entry)
		before, ok := x.slotTime(beforePath, func(size uint64) bool { return size <= *s.Entry })
		if !ok {
			return
		}
		own, ok := x.slotTime(ownPath, func(size uint64) bool { return size > *s.Entry && size <= x.checkpoint.Size })
		if !ok {
			return
		}
		if own == nil {
			own = &x.checkpoint.Time
		}
		if s.Act == actCollected { // whenever its trustee was there
			before = nil
		}
		if off := ledger.OffSlot(received, before, *own); off != "" {
			x.notProve("THE TIME OF RECEIPT CAN'T BE RIGHT: %s, said to be received %s, %s.", submissionName(n, s), s.ReceivedAt, off)
		}
	}
}

// slotTime reads a checkpoint's time where the bundle has the file. ok is false
// where the file does not verify, or is of another slot.
func (x *examination) slotTime(path string, fits func(size uint64) bool) (at *time.Time, ok bool) {
	text, there := x.bag.texts[path]
	if !there {
		return nil, true
	}
	x.used[path] = true
	_, c, err := x.governance.openCheckpoint(text)
	switch {
	case err != nil:
		x.fault("%s: %v", path, err)
	case c.Origin != x.governance.Card.Origin || !fits(c.Size):
		x.fault("%s: is a checkpoint of %d entries, which is not the one beside that entry", path, c.Size)
	default:
		return &c.Time, true
	}
	return nil, false
}
