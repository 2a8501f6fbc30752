package ledger

import (
	"bytes"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
)

// CheckApprovals verifies that enough trustees of a set have approved a
// proposal's text: statements of the kind approval about its hash, for this
// ledger, made under the set at setIndex, in the set's order, none twice.
// Whether one has expired is for who accepts it to say: a chain has no clock.
func CheckApprovals(text []byte, approvals []card.Signed, set TrusteeSet, setIndex uint64, genesis Hash) error {
	subject, last := Subject(text), 0
	for i, s := range approvals {
		n := i + 1
		switch at := set.Position(s.Signer); {
		case s.Kind != card.KindApproval:
			return canonical.Refuse("approval %d: it is a statement of the kind %s", n, s.Kind)
		case Hash(s.Ledger) != genesis:
			return canonical.Refuse("approval %d: it is for another ledger", n)
		case s.Trustees != setIndex:
			return canonical.Refuse("approval %d: it was made under the trustees of entry %d, and those of entry %d are in force", n, s.Trustees, setIndex)
		case Hash(s.Subject) != subject:
			return canonical.Refuse("approval %d: it is about another proposal", n)
		case at == 0:
			return canonical.Refuse("approval %d: its signer %s is not among the trustees", n, s.Signer)
		case at <= last:
			return canonical.Refuse("approval %d: approvals stand in the order of the trustees, one of each", n)
		default:
			if err := s.Verify(set.Trustees[at-1].SSH); err != nil {
				return canonical.Refuse("approval %d: %w", n, err)
			}
			last = at
		}
	}
	if need := set.Needed(text); len(approvals) < need {
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
