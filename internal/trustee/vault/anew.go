package vault

import (
	"fmt"
	"slices"
	"strings"

	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
)

// Who lost a vault starts another, and the ledger still holds heads of the log that was lost with it. The new log
// owns up to that before any act on evidence: an event that names the newest of them. From then on they are no
// sign of a log that was rewritten; a head that this log does not own up to is.
//
// It can't hide a rewriting. The event is never taken back, is shown with every bundle, and the others see in the
// ledger that the log which they knew goes on no more.
const anewSubject = "this log begins anew: "

func beginsAnew(e custody.Event) bool {
	return e.Act == custody.Noted && e.Case == "" && strings.HasPrefix(e.Subject, anewSubject)
}

// beginning gives the hashes of the statements to which the log owns up before anything but importing and checking
// was done, and whether nothing else was done yet.
func (v *Vault) beginning() (named map[string]bool, still bool) {
	named = make(map[string]bool)
	for n := uint64(1); n <= v.Custody.Len(); n++ {
		e, err := v.Custody.Read(n, v.key.Age)
		switch {
		case err != nil:
			return named, false // check says more
		case beginsAnew(e):
			named[e.In] = true
		case e.Case != "" || e.Act != custody.Imported && e.Act != custody.Verified:
			return named, false
		}
	}
	return named, true
}

// ownedUp gives the number of the newest of the owner's statements to whose custody head this log owns up; 0 where
// it owns up to none. Without the key that is not known. A vault that has signed a head can't disown it.
func (v *Vault) ownedUp(heads []headIn) (uint64, error) {
	before := v.foreignFirst(heads)
	if v.key == nil || len(before) == 0 {
		return 0, nil
	}
	named, _ := v.beginning()
	if len(named) == 0 {
		return 0, nil
	}
	signed, err := v.signedHere()
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

// foreignFirst gives the owner's heads that are not of this log, up to the first that is: what comes after one of
// this log is not from before it. It needs no key.
func (v *Vault) foreignFirst(heads []headIn) (list []headIn) {
	for _, h := range heads {
		if h.Statement.Signer != v.owner.Fingerprint() {
			continue
		}
		if v.fitsLog(h) == "" {
			break
		}
		list = append(list, h)
	}
	return list
}

// signedHere gives the statements that this vault has signed.
func (v *Vault) signedHere() (map[[32]byte]bool, error) {
	list, err := v.Said()
	signed := make(map[[32]byte]bool)
	for _, said := range list {
		signed[said.Statement.Hash()] = true
	}
	return signed, err
}

// ownUp records that the log begins anew, where the ledger holds a head of the owner's from an earlier one and
// nothing was done in this vault yet. It says what it recorded, as a sentence without full stop.
func (v *Vault) ownUp() (string, error) {
	if v.key == nil || v.owner == nil {
		return "", nil
	}
	heads, err := v.ledgerHeads()
	if err != nil {
		return "", err
	}
	before := v.foreignFirst(heads)
	if len(before) == 0 {
		return "", nil
	}
	named, still := v.beginning()
	last := before[len(before)-1]
	if !still || named[custody.Hex(last.Statement.Hash())] {
		return "", nil
	}
	signed, err := v.signedHere()
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(before, func(h headIn) bool { return signed[h.Statement.Hash()] }) {
		return "", nil
	}
	what := fmt.Sprintf("%s holds the head of an earlier one, which reached event %d", last.where, last.head.Events)
	_, err = v.Custody.Record(custody.Deed{By: v.key.by(), Act: custody.Noted, Subject: anewSubject + what,
		In: custody.Hex(last.Statement.Hash()), Out: ledger.Hash(last.head.Link).String()})
	return what, err
}
