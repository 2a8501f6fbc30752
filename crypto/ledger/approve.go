package ledger

import (
	"bytes"
	"slices"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
)

// checkApprovals verifies that enough trustees of a set have approved a
// proposal's text: statements of the kind approval about its hash, for this
// ledger, made under the set at setIndex, in the set's order, none twice. Those of
// a notice are about the change that it announces. Under the second rules each
// must end on some day; keepEnds compares that day with the checkpoints.
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

// ApprovalEnd is the last day of an approval.
type ApprovalEnd struct {
	Index   uint64    // of the entry that the approval brought in
	Number  int       // of the approval in it, from 1
	Expires time.Time // the day, UTC
}

// keepEnds refuses an approval whose last day was past when the newest known
// checkpoint before its entry was signed, and keeps the others' for CheckEnds. An
// entry that makes an announced change has the approvals of its notice, which were
// used in time.
func (c *Chain) keepEnds(index uint64, a Approved) error {
	if c.s.Rules != Rules2 || c.s.Delay > 0 && IsDelayed(a.Text) {
		return nil
	}
	c.s.Ends = slices.Clip(c.s.Ends)
	for i, approval := range a.Approvals {
		c.s.Ends = append(c.s.Ends, ApprovalEnd{index, i + 1, approval.Expires})
	}
	if end, past := c.s.endedBefore(c.s.Signed, index); past {
		return end.refuse(c.s.Signed)
	}
	return nil
}

// CheckEnds refuses a checkpoint that was signed before an entry and after the last
// day of an approval in it: the approval did not count any more when it was used.
// Where the days lie between two checkpoints, nothing in the ledger can tell.
func (c *Chain) CheckEnds(before Checkpoint) error {
	if end, past := c.s.endedBefore(before, before.Size); past {
		return canonical.Refuse("entry %d: %w", end.Index, end.refuse(before))
	}
	return nil
}

// endedBefore finds an approval in an entry from this index on whose last day was past when
// a checkpoint before that entry was signed.
func (s *State) endedBefore(cp Checkpoint, from uint64) (ApprovalEnd, bool) {
	i := slices.IndexFunc(s.Ends, func(e ApprovalEnd) bool {
		return cp.Size > 0 && e.Index >= max(from, cp.Size) && !cp.Time.Before(e.Expires.AddDate(0, 0, 1))
	})
	if i < 0 {
		return ApprovalEnd{}, false
	}
	return s.Ends[i], true
}

func (e ApprovalEnd) refuse(cp Checkpoint) error {
	return canonical.Refuse("approval %d: its last day was %s, and the checkpoint of %d entries before it is of %s",
		e.Number, e.Expires.Format(time.DateOnly), cp.Size, cp.Time.Format(time.RFC3339))
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
