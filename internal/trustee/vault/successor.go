package vault

import (
	"fmt"
	"slices"
	"strings"

	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
)

// After a lost vault, the ledger still contains custody heads of the old log. The log of the new vault is its
// successor: before any act on evidence it records an event that names the newest of those heads. From then on Check
// accepts exactly those; any other head that does not fit is a fault.
//
// The event can't hide a rewritten log. It can't be removed, is shown with every bundle, and the other trustees see in
// the ledger that the old log has ended.
const successionSubject = "this log begins anew: "

// IsSuccession reports whether an event names the head of an earlier log that this one succeeds.
func IsSuccession(e custody.Event) bool {
	return e.Act == custody.Noted && e.Case == "" && strings.HasPrefix(e.Subject, successionSubject)
}

// acknowledged returns the hashes of the statements of lost logs that the log names before any act but importing and
// checking, and whether there was no other act yet.
func (v *Vault) acknowledged() (named map[string]bool, still bool) {
	named = make(map[string]bool)
	for n := uint64(1); n <= v.Custody.Len(); n++ {
		e, err := v.Custody.Read(n, v.key.Age)
		switch {
		case err != nil:
			return named, false // check reports more
		case IsSuccession(e):
			named[e.In] = true
		case e.Case != "" || e.Act != custody.Imported && e.Act != custody.Verified:
			return named, false
		}
	}
	return named, true
}

// acknowledgedHead returns the number of the newest of the owner's statements whose custody head this log names as
// lost; 0 where it names none. Without the key that is unknown. A vault that has signed a head can't name it as lost.
func (v *Vault) acknowledgedHead(heads []PlacedHead) (uint64, error) {
	before := v.earlierHeads(heads)
	if v.key == nil || len(before) == 0 {
		return 0, nil
	}
	named, _ := v.acknowledged()
	if len(named) == 0 {
		return 0, nil
	}
	signed, err := v.signedHashes()
	if err != nil {
		return 0, err
	}
	var owned uint64
	for _, h := range before {
		hash := h.Statement.Hash()
		if signed[hash] {
			break
		}
		if named[custody.Hex(hash)] {
			owned = h.Statement.Number
		}
	}
	return owned, nil
}

// earlierHeads returns the owner's heads that are not of this log, up to the first that is: later ones are not from
// before it. It needs no key.
func (v *Vault) earlierHeads(heads []PlacedHead) (list []PlacedHead) {
	for _, h := range heads {
		if h.Statement.Signer != v.owner.Fingerprint() {
			continue
		}
		if v.HeadMismatch(h) == "" {
			break
		}
		list = append(list, h)
	}
	return list
}

// signedHashes returns the hashes of the statements that this vault has signed.
func (v *Vault) signedHashes() (map[[32]byte]bool, error) {
	list, err := v.SignedStatements()
	hashes := make(map[[32]byte]bool)
	for _, signed := range list {
		hashes[signed.Statement.Hash()] = true
	}
	return hashes, err
}

// recordSuccession records that the log succeeds a lost one, where the ledger holds a head of the owner's earlier log
// and this vault has no act yet. It returns what it recorded, as a sentence without full stop.
func (v *Vault) recordSuccession() (string, error) {
	if v.key == nil || v.owner == nil {
		return "", nil
	}
	heads, err := v.LedgerHeads()
	if err != nil {
		return "", err
	}
	before := v.earlierHeads(heads)
	if len(before) == 0 {
		return "", nil
	}
	named, still := v.acknowledged()
	last := before[len(before)-1]
	if !still || named[custody.Hex(last.Statement.Hash())] {
		return "", nil
	}
	signed, err := v.signedHashes()
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(before, func(h PlacedHead) bool { return signed[h.Statement.Hash()] }) {
		return "", nil
	}
	what := fmt.Sprintf("%s holds the head of an earlier one, which reached event %d", last.Where, last.Head.Events)
	_, err = v.Custody.Record(custody.Record{By: v.By(), Act: custody.Noted, Subject: successionSubject + what,
		In: custody.Hex(last.Statement.Hash()), Out: ledger.Hash(last.Head.Link).String()})
	return what, err
}
