package casework

import (
	"slices"

	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
)

// Export is something that is made of a case for somebody else: a letter, a table, a graph, a bundle with a time
// stamp.
type Export struct {
	What string    // our words: "letter to a bank"
	Why  string    // what was said beside the reporter's ticks; empty where they were enough
	From *[32]byte // SHA-256 of the file that it is made from; nil where it is made from the vault
	Made [32]byte  // SHA-256 of what is made
}

// Exported records an export. Nothing of it may be written where it returns an error.
func (v *Trustee) Exported(id string, e Export) error {
	d := custody.Deed{By: v.By(), Act: custody.Exported, Case: id, Subject: e.What, Out: custody.Hex(e.Made), Why: e.Why}
	if e.From != nil {
		d.In = custody.Hex(*e.From)
	}
	_, err := v.Custody.Record(d)
	return err
}

// MayExport refuses a case that is not what its entries committed to: an export would carry it on.
func (o *OpenedCase) MayExport() error {
	if !o.Fits {
		return exit.New(exit.Mismatch, "do not rely on it, and say so to the other trustees", "%s does not fit its entries, and is not exported", o.Case)
	}
	return nil
}

// Acts gives the events of the custody log that concern a case, by number.
func (v *Trustee) Acts(o *OpenedCase) ([]custody.Event, error) {
	excerpt, err := v.custodyOf(o, func(custody.Event) bool { return true })
	if err != nil {
		return nil, err
	}
	var list []custody.Event
	for _, e := range excerpt.Shown {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b custody.Event) int { return int(a.Number) - int(b.Number) })
	return list, nil
}

// ShowsReporter says that an exhibit is one of those that the reporter marked so: its description stands in the
// identity part.
func (o *OpenedSubmission) ShowsReporter(slot string) bool {
	_, open := o.Statement.Line(slot)
	return !open
}
