package vault

import (
	"cmp"
	"fmt"
	"slices"

	"zapis/crypto/ledger"
)

// judged is what comparing the custody heads in the ledger has found, as sentences without full stop.
type judged struct {
	wrong   []string // what does not fit, of those that are asked about
	foreign bool     // a head of the owner's own that does not fit is among them
	earlier []string // logs of the owner's from before this one, to which it owns up
	count   int      // heads of this vault's log
}

// checkHeads compares the custody log with the heads of it that stand in the ledger, and those of each other
// trustee among themselves: a log only ever grows. What does not fit is told of those in entries from on. A log that
// began anew, and owned up to that before any act, is told of, and is nothing wrong for its owner; the others see
// it as wrong, once for each such log: who lost a vault has told them.
func (v *Vault) checkHeads(from uint64) (judged, error) {
	var j judged
	if v.owner == nil {
		return j, nil
	}
	heads, err := v.ledgerHeads()
	if err != nil {
		return j, err
	}
	owned, err := v.ownedUp(heads)
	if err != nil {
		return j, err
	}
	late := func(h headIn) bool { return from == 0 || h.index != nil && *h.index >= from }
	newest := make(map[string]headIn)
	for _, h := range heads {
		before, seen := newest[h.Statement.Signer]
		newest[h.Statement.Signer] = h
		if h.Statement.Signer != v.owner.Fingerprint() {
			if seen && (late(h) || late(before)) && !goesOn(before, h) {
				j.wrong = append(j.wrong, fmt.Sprintf("%s: the custody log of %s reaches event %d, and that of %s reached event %d: it was cut, or written anew, or is another vault's",
					h.where, h.from.Name, h.head.Events, before.where, before.head.Events))
			}
			continue
		}
		said := v.fitsLog(h)
		switch {
		case said == "":
			j.count++
		case h.Statement.Number <= owned:
			if n := len(j.earlier); n > 0 && goesOn(before, h) {
				j.earlier = j.earlier[:n-1]
			}
			j.earlier = append(j.earlier, fmt.Sprintf("an earlier custody log of yours ends at event %d (%s): keep its copy, if you have one", h.head.Events, h.where))
		case late(h):
			j.wrong, j.foreign = append(j.wrong, said), true
		}
	}
	return j, nil
}

// goesOn says whether a head may be of the log that an earlier one of the same signer is of.
func goesOn(before, h headIn) bool {
	return h.head.Events > before.head.Events || h.head.Events == before.head.Events && h.head.Link == before.head.Link
}

type headIn struct {
	statedIn
	head ledger.CustodyHead
}

// ledgerHeads lists the custody heads that stand in the ledger, or wait, in the order in which each signer gave them.
func (v *Vault) ledgerHeads() ([]headIn, error) {
	var list []headIn
	err := v.eachSaid(ledger.KindCustody, func(said ledger.Said, index *uint64, where string) error {
		head, err := ledger.ParseCustodyHead(said.Content)
		if err != nil {
			return damaged("%s: %w", where, err)
		}
		one, err := v.statedBy(said, index, where)
		list = append(list, headIn{one, head})
		return err
	})
	slices.SortStableFunc(list, func(a, b headIn) int { return cmp.Compare(a.Statement.Number, b.Statement.Number) })
	return list, err
}

// fitsLog says what is wrong where one of the owner's heads is not of this vault's log.
func (v *Vault) fitsLog(h headIn) string {
	link, reaches := v.Custody.LinkAt(h.head.Events)
	switch {
	case !reaches:
		return fmt.Sprintf("%s: your custody log reached event %d, and the one in this vault ends at event %d: it was cut, or written anew, or this is not the vault that signed it",
			h.where, h.head.Events, v.Custody.Len())
	case ledger.Hash(link) != h.head.Link:
		return fmt.Sprintf("%s: event %d of your custody log had another link than in this vault: it was written anew, or this is not the vault that signed it",
			h.where, h.head.Events)
	}
	return ""
}
