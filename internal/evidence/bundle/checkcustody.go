package bundle

import (
	"fmt"

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
	if x.info.Version > 0 && log.Version != x.info.Version {
		x.fault("%s: is of version %d, and the bundle is of version %d", custodyPath, log.Version, x.info.Version)
		return
	}
	x.events = log
	for n, e := range log.Shown {
		// An event without a case covers many, and would disclose others: which entries are reports, how many came.
		if e.Case != x.record.Case && x.record.Case != "" {
			x.fault("%s: event %d is not about this case", custodyPath, n)
			return
		}
		x.checkEvent(n, e)
	}
	x.prove("The custody log of %s has %d events in one %s up to %s; %d of this case are shown in full, of all others hashes alone.",
		x.info.Signer, log.Events, map[int]string{1: "chain", 2: "tree"}[log.Version], custody.Hex(log.Head), len(log.Shown))
	x.notProve("That every act was written into the custody log, and that its clock was right: what it says is the word of %s.", x.info.Signer)
	x.fixed()
}

// checkEvent refuses events that can't be the signer's: a log has one author, and a bundle contains nothing later than
// itself.
func (x *examination) checkEvent(n uint64, e custody.Event) {
	if x.info.Version < version2 {
		return
	}
	switch {
	case e.By.Name != "" && e.By.Name != x.info.Signer:
		x.fault("%s: event %d is by %s, and the log is that of %s", custodyPath, n, printable(e.By.Name), x.info.Signer)
	case e.By.Fingerprint != "" && e.By.Fingerprint != x.info.Fingerprint:
		x.notProve("That event %d of the custody log is by %s: the key that it names, %s, is not the signer's.", n, x.info.Signer, e.By.Fingerprint)
	case e.At.After(x.info.Made):
		x.notProve("That the clock of the custody log and that of the bundle agree: event %d is of %s, after the bundle was made.", n, e.At.Format(timeLayout))
	}
}

// fixed compares the log with its heads in the ledger.
func (x *examination) fixed() {
	if len(x.heads) == 0 {
		if x.events.Fixed > 0 {
			x.fault("%s: names a head in the ledger, and the bundle has no entry that holds it", custodyPath)
			return
		}
		x.notProve("That the custody log is as it was before this bundle was made: no head of it in the ledger is shown.")
		return
	}
	if x.governance == nil || len(x.Faults) > 0 {
		return
	}
	var newest uint64
	for _, g := range x.heads {
		head, number, err := x.head(g)
		if err != nil {
			x.fault("%s: %v", bodyPath(g.Index), err)
			return
		}
		newest = max(newest, head.Events)
		x.prove("The custody log's first %d events were fixed when entry %d was made: their head stands in it, signed by the same trustee.", head.Events, g.Index)
		x.notProve("That no earlier head of this log, with other events, is in the ledger: the head in entry %d is statement %d of %s, and %s.",
			g.Index, number, x.info.Signer, extended(head))
	}
	if after := x.events.Events - newest; after > 0 {
		x.notProve("That the custody log's last %d events are as they were before this bundle was made: no head in the ledger covers them.", after)
	}
}

// extended names the earlier heads that a head proves to extend.
func extended(head ledger.CustodyHead) string {
	if n := len(head.Extends); n > 0 {
		return fmt.Sprintf("proves only that it extends the head of %d events. Anyone who has the ledger can compare all of them", head.Extends[n-1].Events)
	}
	return "extends none. Anyone who has the ledger can compare all of them"
}

// head verifies a custody entry of the signer's, and returns its head and the number of the statement that holds it.
func (x *examination) head(g governing) (head ledger.CustodyHead, number uint64, err error) {
	e, err := ledger.ParseEntry(g.Entry)
	if err != nil {
		return head, 0, err
	}
	if err := x.governance.chain.AddBody(e, g.Body); err != nil {
		return head, 0, err
	}
	signed, err := ledger.ParseSignedBody(g.Body)
	if err != nil {
		return head, 0, err
	}
	if signed.Statement.Signer != x.info.Fingerprint {
		return head, 0, canonical.Refuse("it is the head of the custody log of another than the bundle's signer")
	}
	if head, err = ledger.ParseCustodyHead(signed.Content); err != nil {
		return head, 0, err
	}
	return head, signed.Statement.Number, x.fits(head)
}

// fits compares a head with the custody log of the bundle.
func (x *examination) fits(head ledger.CustodyHead) error {
	if head.Events > x.events.Events {
		return canonical.Refuse("it is the head of %d events, and the custody log shows %d", head.Events, x.events.Events)
	}
	if x.events.Version == version1 {
		if link, _ := x.events.LinkAt(head.Events); link != head.Link {
			return canonical.Refuse("its head does not fit the first %d events: the custody log was changed after it", head.Events)
		}
		return nil
	}
	switch {
	case !head.HasRoot():
		return canonical.Refuse("its head has no root, which a bundle of version 2 is compared with")
	case x.events.Fixed != head.Events:
		return canonical.Refuse("it is the head of %d events, and the custody log is fixed up to %d", head.Events, x.events.Fixed)
	case x.events.Root != head.Root:
		return canonical.Refuse("its head does not fit the first %d events: the custody log was changed after it", head.Events)
	}
	return nil
}
