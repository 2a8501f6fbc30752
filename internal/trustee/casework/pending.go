package casework

import (
	"fmt"

	"zapis/crypto/ledger"
)

// PendingAtOperator names what was in an outbox and is neither in the ledger nor waiting for its slot, as sentences
// without full stop. A statement that was signed again counts once.
func (v *Trustee) PendingAtOperator() ([]string, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	last := make(map[uint64]sentOut) // the newest outbox that a statement went out in
	if err := v.eachSent(func(s sentOut) {
		for _, n := range s.statements {
			last[n] = s
		}
	}); err != nil || len(last) == 0 {
		return nil, err
	}
	applied, err := v.statementsApplied()
	if err != nil {
		return nil, err
	}
	own, err := v.SignedStatements()
	if err != nil {
		return nil, err
	}
	var list []string
	for i, signed := range own {
		out, went := last[signed.Statement.Number]
		if !went || applied.has(v, signed) || applied.followed(signed, own[i+1:], v) {
			continue
		}
		list = append(list, fmt.Sprintf("statement %d (%s), in the outbox of %s UTC%s", signed.Statement.Number, outgoing[signed.Statement.Kind],
			out.at.Format("2006-01-02 15:04"), v.whyNot(applied, signed)))
	}
	return list, nil
}

func (v *Trustee) whyNot(t *applied, signed ledger.SignedBody) string {
	set, _, err := v.Copy().Chain().SetInForce()
	switch {
	case err == nil && signed.Statement.Trustees != set:
		return ": it was signed under trustees who are not in force any more"
	case t.tagUsed(signed):
		return ": another answer took its tag first, and the next outbox has it under a new one"
	case signed.Statement.ExpiredAt(v.Clock()):
		return ": it counts no more"
	}
	return ""
}
