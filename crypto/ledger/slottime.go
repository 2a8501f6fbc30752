package ledger

import (
	"fmt"
	"time"
)

// SlotSlack is by how much a submission may be older than the slot before its
// own: it can have been in progress while that slot was closed.
const SlotSlack = time.Hour

// OffSlot returns, as a clause, the reason why a time of receipt can't be that
// of an entry of a slot: it is after the slot's own time, or more than
// SlotSlack before the slot before. before is nil where there is none, or
// where none is to be compared. It is empty where the time fits.
func OffSlot(received time.Time, before *time.Time, own time.Time) string {
	const layout = "2006-01-02T15:04:05Z"
	switch {
	case received.After(own):
		return fmt.Sprintf("is after the slot that the entry came in, %s", own.UTC().Format(layout))
	case before != nil && received.Before(before.Add(-SlotSlack)):
		return fmt.Sprintf("is before the slot of %s was closed, and the entry came in a later one, of %s",
			before.UTC().Format(layout), own.UTC().Format(layout))
	}
	return ""
}
