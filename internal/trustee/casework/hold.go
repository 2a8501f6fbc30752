package casework

import (
	"crypto/rand"
	"slices"
	"strconv"

	"zapis/crypto/ledger"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
)

// ProposeHold writes a proposal to protect from erasure: for each item, a case's id or an entry's number, all its
// present entries. Later additions to a case need a hold of their own.
func (v *Trustee) ProposeHold(cases *Cases, items []string, reason string) ([]byte, error) {
	h := ledger.Hold{Origin: v.Copy().Chain().Origin(), Reason: reason}
	rand.Read(h.Nonce[:])
	for _, item := range items {
		indexes, _, err := v.itemEntries(cases, item, ": nothing can be erased of it, and nothing held")
		if err != nil {
			return nil, err
		}
		h.Entries = append(h.Entries, indexes...)
	}
	slices.Sort(h.Entries)
	h.Entries = slices.Compact(h.Entries)
	text := h.Marshal()
	if _, err := ledger.ParseHold(text); err != nil {
		return nil, exit.New(exit.Usage, "", "%w", err)
	}
	return text, nil
}

// itemEntries returns the entries of an item, which is an entry's number or a case's id, and the item's full name: of a
// case, those of the reporter and what trustees wrote about it and shared, which holds the case's words too. Answers are
// left out: only their reporter opens them. waits ends the refusal of a case that has a submission before its slot.
func (v *Trustee) itemEntries(cases *Cases, item, waits string) (entries []uint64, name string, err error) {
	if index, err := strconv.ParseUint(item, 10, 64); err == nil {
		if index >= v.Size() {
			return nil, "", exit.New(exit.Usage, "", "there is no entry %d in this vault", index)
		}
		return []uint64{index}, item, nil
	}
	const hint = "import a carry file from after the next slot, and propose it then"
	id, err := cases.ID(item)
	if err != nil {
		return nil, "", err
	}
	subs, _, err := v.closedSubmissions(cases, id)
	if err != nil {
		return nil, "", err
	}
	for _, s := range subs {
		if s.Waiting {
			return nil, "", exit.New(exit.Failed, hint, "%s of the case %s is no entry yet%s", s.Where(), id, waits)
		}
		entries = append(entries, s.Index)
	}
	for _, c := range cases.List {
		if c.ID != id {
			continue
		}
		for _, s := range c.reviews {
			switch {
			case s.Index != nil:
				entries = append(entries, *s.Index)
			case s.Where == ledgercopy.Waits:
				return nil, "", exit.New(exit.Failed, hint, "a review of the case %s is no entry yet, and only entries can be erased", id)
			}
		}
	}
	return entries, id, nil
}

// ProposeRelease writes a proposal to end a hold, by the number of its entry.
func (v *Trustee) ProposeRelease(hold uint64) ([]byte, error) {
	for _, h := range v.Copy().Chain().State().Held {
		switch {
		case h.Index != hold:
		case h.Released:
			return nil, exit.New(exit.Failed, "", "the hold of entry %d is released already", hold)
		default:
			return ledger.Release{Origin: v.Copy().Chain().Origin(), Hold: hold, Leaf: h.Leaf}.Marshal(), nil
		}
	}
	return nil, exit.New(exit.Usage, "", "entry %d of this vault is no hold", hold)
}

// holdsOf returns the holds in force on a case.
func (v *Trustee) holdsOf(c *Case) []casefile.Hold {
	in := v.Copy().Chain().Held()
	if len(in) == 0 {
		return nil
	}
	var entries []uint64
	whole := true
	for _, s := range c.subs {
		if s.Waiting {
			whole = false
		} else {
			entries = append(entries, s.Index)
		}
	}
	for _, r := range c.reviews {
		if r.Index != nil {
			entries = append(entries, *r.Index)
		}
	}
	slices.Sort(entries)
	entries = slices.Compact(entries)
	var list []casefile.Hold
	for _, h := range in {
		one := casefile.Hold{Index: h.Index, Reason: h.Reason}
		for _, index := range entries {
			if h.Names(index) {
				one.Entries = append(one.Entries, index)
			}
		}
		one.Whole = whole && len(one.Entries) == len(entries)
		if len(one.Entries) > 0 {
			list = append(list, one)
		}
	}
	return list
}

// unheld refuses to erase held entries.
func (v *Trustee) unheld(list []ledger.Erased) error {
	state := v.Copy().Chain().State()
	for _, p := range list {
		if h, held := state.HeldBy(p.Index); held {
			return exit.Advise(exit.Failed, exit.ProposeEndOfHold.With(h.Index),
				"%s is held by entry %d, for the reason %s: nothing of it can be erased", ledgercopy.EntryName(p.Index), h.Index, h.Reason)
		}
	}
	return nil
}
