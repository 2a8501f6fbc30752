package ledger

import (
	"bytes"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
)

// checkApprovals verifies that enough trustees of a set have approved a
// proposal's text: statements of the kind approval about its hash, for this
// ledger, made under the set at setIndex, in the set's order, none twice. Those of
// a notice are about the change that it announces. Under the second rules each
// must end on some day. Whether that day has passed is for who accepts it to say: a
// chain has no clock.
func (s *State) checkApprovals(text []byte, approvals []card.Signed, set TrusteeSet, setIndex uint64) error {
	subject, last, genesis := Subject(approvedText(text)), 0, s.Genesis
	for i, a := range approvals {
		n := i + 1
		switch at := set.Position(a.Signer); {
		case a.Kind != card.KindApproval:
			return canonical.Refuse("approval %d: it is a statement of the kind %s", n, a.Kind)
		case Hash(a.Ledger) != genesis:
			return canonical.Refuse("approval %d: it is for another ledger", n)
		case a.Trustees != setIndex:
			return canonical.Refuse("approval %d: it was made under the trustees of entry %d, and those of entry %d are in force", n, a.Trustees, setIndex)
		case Hash(a.Subject) != subject:
			return canonical.Refuse("approval %d: it is about another proposal", n)
		case at == 0:
			return canonical.Refuse("approval %d: its signer %s is not among the trustees", n, a.Signer)
		case at <= last:
			return canonical.Refuse("approval %d: approvals stand in the order of the trustees, one of each", n)
		case s.Rules == Rules2 && a.Expires.IsZero():
			return canonical.Refuse("approval %d: it never expires, and under this ledger's rules it must", n)
		default:
			if err := a.Verify(set.Trustees[at-1].SSH); err != nil {
				return canonical.Refuse("approval %d: %w", n, err)
			}
			last = at
		}
	}
	if need := s.Needed(set, text); len(approvals) < need {
		return canonical.Refuse("%d approvals, and %d are needed", len(approvals), need)
	}
	return nil
}

// checkKeyLines verifies the log keys' own signatures over a key change.
func checkKeyLines(c KeyChange, text, lines []byte) error {
	split := bytes.SplitAfter(lines, []byte("\n"))
	split = split[:len(split)-1] // what follows the last LF: nothing
	sign := [][2]any{{c.New, "new"}}
	if c.Reason == ReasonRotation {
		sign = append(sign, [2]any{c.Old, "old"})
	}
	if len(split) != 2*len(sign) {
		return canonical.Refuse("%d signatures by log keys, and for the reason %s there must be %d", len(split), c.Reason, 2*len(sign))
	}
	for i, s := range sign {
		keys := s[0].(LogKeys)
		v, err := NewVerifier(keys[:]...)
		if err != nil {
			return err
		}
		note := append(append(bytes.Clone(text), '\n'), bytes.Join(split[2*i:2*i+2], nil)...)
		if _, err := v.openText(note, keyHeader); err != nil {
			return canonical.Refuse("the %s keys' signatures: %w", s[1], err)
		}
	}
	return nil
}
