package vault

import (
	"fmt"

	"zapis/crypto/ledger"
)

// checkHeads compares the custody log with the heads of it that stand in the ledger, and those of each other
// trustee among themselves: a log only ever grows. It gives what does not fit of those in entries from on, as
// sentences without full stop.
func (v *Vault) checkHeads(from uint64) ([]string, error) {
	if v.owner == nil {
		return nil, nil
	}
	heads, err := v.ledgerHeads()
	if err != nil {
		return nil, err
	}
	var wrong []string
	newest := make(map[string]headIn)
	for _, h := range heads {
		signer, late := h.Statement.Signer, from == 0 || h.index != nil && *h.index >= from
		if signer == v.owner.Fingerprint() {
			if said := v.fitsLog(h); said != "" && late {
				wrong = append(wrong, said)
			}
			continue
		}
		before, seen := newest[signer]
		if !seen || h.head.Events > before.head.Events {
			newest[signer] = h
		}
		if !seen || !late {
			continue
		}
		later, more := h.Statement.Number > before.Statement.Number, h.head.Events > before.head.Events
		if h.head.Events != before.head.Events && later != more || h.head.Events == before.head.Events && h.head.Link != before.head.Link {
			wrong = append(wrong, fmt.Sprintf("%s: the custody log of %s reaches event %d, and that of %s reached event %d: it was cut, or written anew, or is another vault's",
				h.where, h.from.Name, h.head.Events, before.where, before.head.Events))
		}
	}
	return wrong, nil
}

type headIn struct {
	statedIn
	head ledger.CustodyHead
}

// ledgerHeads lists the custody heads that stand in the ledger, or wait, in its order.
func (v *Vault) ledgerHeads() ([]headIn, error) {
	var list []headIn
	err := v.eachBody(func(b ledger.Body, index *uint64, where string, file func() ([]byte, error)) error {
		if b.Kind != ledger.KindCustody {
			return nil
		}
		text, err := file()
		if err != nil || text == nil {
			return err
		}
		said, err := ledger.ParseSaid(text)
		if err != nil {
			return damaged("%s: %w", where, err)
		}
		head, err := ledger.ParseCustodyHead(said.Content)
		if err != nil {
			return damaged("%s: %w", where, err)
		}
		one, err := v.statedBy(said, index, where)
		list = append(list, headIn{one, head})
		return err
	})
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
