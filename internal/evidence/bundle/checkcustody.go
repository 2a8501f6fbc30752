package bundle

import (
	"bytes"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
)

// custody verifies the signer's custody log.
func (x *examination) custody() {
	text, ok := x.text(custodyPath)
	if !ok {
		return
	}
	log, err := custody.ParseExcerpt(text)
	if err != nil {
		x.fault("%s: %v", custodyPath, err)
		return
	}
	if !bytes.Equal(log.Marshal(), text) {
		x.fault("%s: is not written the one way it may be", custodyPath)
		return
	}
	for n, e := range log.Shown {
		// An event of no case covers many, and would tell of others: which entries are reports, how many came.
		if e.Case != x.record.Case && x.record.Case != "" {
			x.fault("%s: event %d is not about this case", custodyPath, n)
			return
		}
	}
	x.prove("The custody log's %d events form one chain up to the head %s; %d of this case are shown in full, of all others the hash alone.",
		len(log.Hashes), custody.Hex(log.Head), len(log.Shown))
	x.notProve("That every act was written into the custody log, and that its clock was right.")
	x.fixed(log)
}

// fixed compares the log with the heads of it that stand in the ledger.
func (x *examination) fixed(log custody.Excerpt) {
	if len(x.heads) == 0 {
		x.notProve("That the custody log is as it was before this bundle was made: no head of it in the ledger is shown.")
		return
	}
	if x.charter == nil || len(x.Faults) > 0 {
		return
	}
	var newest uint64
	for _, g := range x.heads {
		head, err := x.head(g, log)
		if err != nil {
			x.fault("%s: %v", bodyPath(g.Index), err)
			return
		}
		newest = max(newest, head.Events)
		x.prove("The custody log's first %d events were fixed when entry %d was made: their head stands in it, signed by the same trustee.", head.Events, g.Index)
	}
	if after := uint64(len(log.Hashes)) - newest; after > 0 {
		x.notProve("That the custody log's last %d events are as they were before this bundle was made: no head in the ledger covers them.", after)
	}
}

func (x *examination) head(g governing, log custody.Excerpt) (ledger.CustodyHead, error) {
	var head ledger.CustodyHead
	e, err := ledger.ParseEntry(g.Entry)
	if err != nil {
		return head, err
	}
	if err := x.charter.chain.AddBody(e, g.Body); err != nil {
		return head, err
	}
	said, err := ledger.ParseSaid(g.Body)
	if err != nil {
		return head, err
	}
	if said.Statement.Signer != x.info.Fingerprint {
		return head, canonical.Refuse("it is the head of the custody log of another than the bundle's signer")
	}
	if head, err = ledger.ParseCustodyHead(said.Content); err != nil {
		return head, err
	}
	if head.Events > uint64(len(log.Hashes)) {
		return head, canonical.Refuse("it is the head of %d events, and the custody log shows %d", head.Events, len(log.Hashes))
	}
	var link [32]byte
	for _, h := range log.Hashes[:head.Events] {
		link = custody.Link(link, h)
	}
	if link != head.Link {
		return head, canonical.Refuse("its head does not fit the first %d events: the custody log was changed after it", head.Events)
	}
	return head, nil
}
