package casework

import (
	"bytes"
	"fmt"
	"slices"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/ledgercopy"
)

// renew signs again what the operator can't apply as it was signed. It recognises by the content what has been signed
// again before, so that an interrupted run repeats nothing.
func (v *Trustee) renew(t *applied, set uint64, out *Outgoing) error {
	own, err := v.SignedStatements()
	if err != nil {
		return err
	}
	for i, signed := range own {
		s := signed.Statement
		if outgoing[s.Kind] == "" || t.has(v, signed) || t.still(v, signed, set) || t.followed(signed, own[i+1:], v) {
			continue
		}
		switch s.Kind {
		case card.KindReply:
			err = v.renewReply(signed)
		case card.KindReview:
			err = v.renewReview(signed)
		case card.KindExhibit:
			out.Lost = append(out.Lost, fmt.Sprintf("the exhibit of statement %d is sealed to trustees who are not in force any more: bring it in again", s.Number))
		case card.KindApproval:
			out.Lost = append(out.Lost, fmt.Sprintf("the approval of statement %d counts no more: read what is proposed now", s.Number))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// followed reports whether a later statement replaces this one.
func (t *applied) followed(signed ledger.SignedBody, later []ledger.SignedBody, v *Trustee) bool {
	switch signed.Statement.Kind {
	case card.KindCustody: // a newer head covers every earlier event
		return slices.ContainsFunc(later, func(one ledger.SignedBody) bool {
			return one.Statement.Kind == card.KindCustody && t.has(v, one)
		})
	case card.KindReply:
		a, err := ledger.ParseReply(signed.Content)
		for _, one := range later {
			if one.Statement.Kind != card.KindReply || err != nil {
				continue
			}
			if b, err := ledger.ParseReply(one.Content); err == nil && sameMessage(a, b) {
				return true
			}
		}
	case card.KindReview:
		a, err := v.ownText(signed)
		for _, one := range later {
			if one.Statement.Kind != card.KindReview || err != nil {
				continue
			}
			if b, err := v.ownText(one); err == nil && bytes.Equal(a, b) {
				return true
			}
		}
	}
	return false
}

// ownText opens a review of the owner.
func (v *Trustee) ownText(signed ledger.SignedBody) ([]byte, error) {
	return seal.OpenBytes(seal.Message, bytes.NewReader(signed.Content), seal.DigestOf(signed.Content), v.Key().Age)
}

// renewReview seals a review to the trustees in force now.
func (v *Trustee) renewReview(signed ledger.SignedBody) error {
	text, err := v.ownText(signed)
	if err != nil {
		return ledgercopy.Damaged("statement %d: %w", signed.Statement.Number, err)
	}
	defer clear(text)
	return v.share(custody.Record{By: v.By(), Act: custody.Noted, In: ledger.Sum(signed.Content).String(),
		Subject: fmt.Sprintf("statement %d again, for the trustees in force", signed.Statement.Number)}, text)
}

// renewReply signs the same message under the next free tag, or, where its tag is free, for the trustees in force.
func (v *Trustee) renewReply(signed ledger.SignedBody) error {
	r, err := ledger.ParseReply(signed.Content)
	if err != nil {
		return ledgercopy.Damaged("statement %d: %w", signed.Statement.Number, err)
	}
	c, err := v.caseOfReply(ledger.Sum(r.Message))
	if err != nil {
		return err
	}
	box, err := v.mailboxOf(c)
	if err != nil {
		return err
	}
	defer clear(box.Tags[:])
	if r.Tag, err = v.tagFor(signed, box.Tags); err != nil {
		return err
	}
	record := custody.Record{By: v.By(), Act: custody.Replied, Case: c.ID, In: ledger.Sum(signed.Content).String(),
		Subject: fmt.Sprintf("the answer of statement %d again", signed.Statement.Number)}
	_, err = v.recordAndSay(record, card.KindReply, r.Marshal())
	return err
}

// tagFor returns the tag under which a reply is sent again: its own, where no other reply has it.
func (v *Trustee) tagFor(signed ledger.SignedBody, secret [32]byte) (ledger.Hash, error) {
	r, err := ledger.ParseReply(signed.Content)
	if err != nil {
		return ledger.Hash{}, err
	}
	all, err := v.Stated(ledger.KindReply)
	if err != nil {
		return ledger.Hash{}, err
	}
	for _, one := range all {
		other, err := ledger.ParseReply(one.Content)
		if err != nil {
			return ledger.Hash{}, err
		}
		if other.Tag == r.Tag && one.Statement.Hash() != signed.Statement.Hash() {
			tag, _, err := v.freeTag(secret)
			return tag, err
		}
	}
	return r.Tag, nil
}

// caseOfReply finds the case of a reply, by the copy of its message.
func (v *Trustee) caseOfReply(message ledger.Hash) (*Case, error) {
	reviewed, err := v.reviews()
	if err != nil {
		return nil, err
	}
	known, _, err := v.readIndex()
	if err != nil {
		return nil, err
	}
	for first, list := range reviewed.of {
		for _, s := range list {
			r, err := v.openReview(s)
			if err != nil || r.Message != message {
				continue
			}
			for _, sub := range v.Copy().Submissions() {
				if g, have := known[sub.Hash]; have && sub.Hash == first {
					return &Case{ID: casefile.CaseID(first), subs: []placedSubmission{{sub, g, nil}}}, nil
				}
			}
		}
	}
	return nil, exit.Advise(exit.Failed, exit.ListAndRepeat.With(), "the case that an answer of yours belongs to is not known: its first report has not been opened in this vault")
}
