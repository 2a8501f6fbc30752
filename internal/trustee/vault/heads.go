package vault

import (
	"cmp"
	"fmt"
	"slices"

	"zapis/crypto/ledger"
	"zapis/internal/trustee/ledgercopy"
)

// headCheck is the result of comparing the custody heads in the ledger, as sentences without full stop.
type headCheck struct {
	wrong   []string // what does not fit, of those that are asked about
	foreign bool     // a head of the owner that does not fit is among them
	earlier []string // the owner's logs from before this one, which it names as its predecessors
	count   int      // heads of this vault's log
}

// checkHeads compares the custody log with its heads in the ledger, and those of each other trustee among themselves:
// a log only grows. It reports what does not fit in entries from index from on. A log that succeeds a lost one, and
// recorded so before any act, is reported but no fault for its owner; for the others it is a fault, once per log: the
// trustee who lost a vault tells them.
func (v *Vault) checkHeads(from uint64) (headCheck, error) {
	var j headCheck
	if v.owner == nil {
		return j, nil
	}
	heads, err := v.LedgerHeads()
	if err != nil {
		return j, err
	}
	owned, err := v.acknowledgedHead(heads)
	if err != nil {
		return j, err
	}
	late := func(h PlacedHead) bool { return from == 0 || h.Index != nil && *h.Index >= from }
	newest := make(map[string]PlacedHead)
	for _, h := range heads {
		before, seen := newest[h.Statement.Signer]
		newest[h.Statement.Signer] = h
		if h.Statement.Signer != v.owner.Fingerprint() {
			if seen && (late(h) || late(before)) && !goesOn(before, h) {
				j.wrong = append(j.wrong, notExtended(before, h))
			}
			continue
		}
		text := v.HeadMismatch(h)
		switch {
		case text == "":
			j.count++
		case h.Statement.Number <= owned:
			if n := len(j.earlier); n > 0 && goesOn(before, h) {
				j.earlier = j.earlier[:n-1]
			}
			j.earlier = append(j.earlier, fmt.Sprintf("an earlier custody log of yours ends at event %d (%s): keep its copy, if you have one", h.Head.Events, h.Where))
		case late(h):
			j.wrong, j.foreign = append(j.wrong, text), true
		}
	}
	return j, nil
}

// notExtended returns what is wrong with a head that does not extend the one before it.
func notExtended(before, h PlacedHead) string {
	if h.Head.Events > before.Head.Events {
		return fmt.Sprintf("%s: the custody log of %s reaches event %d, and it does not prove that its first %d events are those of the log in %s: it was written again, or is another vault's",
			h.Where, h.From.Name, h.Head.Events, before.Head.Events, before.Where)
	}
	return fmt.Sprintf("%s: the custody log of %s reaches event %d, and that of %s reached event %d: it was cut, or written again, or is another vault's",
		h.Where, h.From.Name, h.Head.Events, before.Where, before.Head.Events)
}

// goesOn reports whether a head may be of the same log as an earlier one of the same signer. Where the earlier one has
// a root, the later one must prove it; where it has none (version 1), only the numbers of events can be compared.
func goesOn(before, h PlacedHead) bool {
	if before.Head.HasRoot() {
		return h.Head.Extending(before.Head) || !h.Head.HasRoot() && before.Head.Events == h.Head.Events && before.Head.Link == h.Head.Link
	}
	return h.Head.Events > before.Head.Events || h.Head.Events == before.Head.Events && h.Head.Link == before.Head.Link
}

// PlacedHead is the signed head of a custody log, with its position in the ledger.
type PlacedHead struct {
	PlacedStatement
	Head ledger.CustodyHead
}

// LedgerHeads lists the custody heads that are in the ledger, or wait, in the order of each signer's numbers.
func (v *Vault) LedgerHeads() ([]PlacedHead, error) {
	var list []PlacedHead
	err := v.Copy().EachSigned(ledger.KindCustody, func(signed ledger.SignedBody, index *uint64, where string) error {
		head, err := ledger.ParseCustodyHead(signed.Content)
		if err != nil {
			return ledgercopy.Damaged("%s: %w", where, err)
		}
		one, err := v.statedBy(signed, index, where)
		list = append(list, PlacedHead{one, head})
		return err
	})
	slices.SortStableFunc(list, func(a, b PlacedHead) int { return cmp.Compare(a.Statement.Number, b.Statement.Number) })
	return list, err
}

// HeadMismatch returns what is wrong where one of the owner's heads is not of this vault's log.
func (v *Vault) HeadMismatch(h PlacedHead) string {
	link, reaches := v.Custody.LinkAt(h.Head.Events)
	switch {
	case !reaches:
		return fmt.Sprintf("%s: your custody log reached event %d, and the one in this vault ends at event %d: it was cut, or written again, or this is not the vault that signed it",
			h.Where, h.Head.Events, v.Custody.Len())
	case ledger.Hash(link) != h.Head.Link || h.Head.HasRoot() && !v.HoldsHead(h.Head):
		return fmt.Sprintf("%s: event %d of your custody log had another link than in this vault: it was written again, or this is not the vault that signed it",
			h.Where, h.Head.Events)
	}
	return ""
}

// HoldsHead reports whether a head's link and root are those of this vault's log.
func (v *Vault) HoldsHead(head ledger.CustodyHead) bool {
	link, reaches := v.Custody.LinkAt(head.Events)
	root, ok := v.Custody.RootAt(head.Events)
	return reaches && ok && ledger.Hash(link) == head.Link && ledger.Hash(root) == head.Root
}
