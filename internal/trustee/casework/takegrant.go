package casework

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/ledgercopy"
)

// Granted is a grant that was received.
type Granted struct {
	From  card.Card
	Parts []ledger.Hash
}

// TakeGrant verifies a grant for a case and stores it, as it came: sealed to the owner. It returns the granter. It
// refuses by the granter's name a share that is not the one that was sealed to them.
func (v *Trustee) TakeGrant(id string, file []byte) (Granted, error) {
	signed, g, err := exchange.ParseGrantFile(file)
	if err != nil {
		return Granted{}, exit.New(exit.Mismatch, "have the file sent again", "%w", err)
	}
	from, err := v.VerifyFrom(signed, card.KindGrant, "grant")
	if err != nil {
		return Granted{}, err
	}
	switch {
	case g.To != v.Key().Card.Fingerprint():
		return Granted{}, v.NotForMe("grant", from, g.To)
	case g.Case != id:
		return Granted{}, exit.Advise(exit.Failed, exit.OpenOtherCase.With(g.Case), "the grant of %s is for the case %s, not for %s", from.Name, g.Case, id)
	case signed.ExpiredAt(v.Clock()):
		return Granted{}, exit.New(exit.Failed, "ask again", "the grant of %s counted until %s", from.Name, signed.Expires.Format("2006-01-02"))
	}
	q, err := v.ownRequest(g.Request)
	if err != nil {
		return Granted{}, err
	}
	if q == nil {
		return Granted{}, exit.Advise(exit.Failed, exit.AskThenOpen.With(), "the grant of %s answers no request that was made in this vault", from.Name)
	}
	if err := v.checkGrant(g, q, from); err != nil {
		return Granted{}, err
	}
	record := custody.Record{By: v.By(), Act: custody.Received, Case: id, In: custody.Hex(signed.Hash()),
		Subject: fmt.Sprintf("shares of %s, from %s (%s)", PartsText(q.Parts), from.Name, from.Fingerprint())}
	if _, err := v.Custody.Record(record); err != nil {
		return Granted{}, err
	}
	if err := v.WriteSealed(filepath.Join(grantsDir, ledger.Hash(signed.Hash()).String()), file); err != nil {
		return Granted{}, err
	}
	v.lazy.Lock()
	v.granted = nil
	v.lazy.Unlock()
	return Granted{From: from, Parts: g.Parts}, nil
}

// ownRequest finds a request of the owner by the hash of its statement; nil where there is none.
func (v *Trustee) ownRequest(hash ledger.Hash) (*exchange.Request, error) {
	list, err := v.SignedStatements()
	if err != nil {
		return nil, err
	}
	for _, signed := range list {
		if signed.Statement.Kind == card.KindAsk && signed.Statement.Hash() == hash {
			q, err := exchange.ParseRequest(signed.Content)
			return &q, err
		}
	}
	return nil, nil
}

// checkGrant compares every share with the hash that its part publishes for the granter.
func (v *Trustee) checkGrant(g exchange.Grant, q *exchange.Request, from card.Card) error {
	if len(g.Parts) != len(q.Parts) || g.Case != q.Case {
		return exit.New(exit.Mismatch, "", "the grant of %s is not for what was asked", from.Name)
	}
	shares, err := v.openShares(g)
	if err != nil {
		return fmt.Errorf("the grant of %s: %w", from.Name, err)
	}
	defer shares.Wipe()
	if shares.Request != g.Request || len(shares.Of) != len(g.Parts) {
		return exit.New(exit.Mismatch, "", "the grant of %s: the shares in it answer another request: they were taken from elsewhere", from.Name)
	}
	for i, one := range shares.Of {
		p := q.Parts[i]
		if one.Part != p.Hash || g.Parts[i] != p.Hash {
			return exit.New(exit.Mismatch, "", "the grant of %s is not for what was asked", from.Name)
		}
		if err := v.checkShare(p, one, from); err != nil {
			return err
		}
	}
	return nil
}

func (v *Trustee) checkShare(p exchange.Part, one exchange.Share, from card.Card) error {
	s, have := v.partsOf()[p.Hash]
	if !have {
		return exit.New(exit.Mismatch, "", "the part %s is not in this vault any more", p.Hash)
	}
	set, err := v.Copy().Chain().SetAt(s.Body.Trustees)
	if err != nil {
		return err
	}
	at := ledgercopy.Position(set, from)
	if at == 0 {
		return exit.New(exit.Failed, "", "the %s of %s is not sealed to %s, who has no share of it", p.Kind, s.Where(), from.Name)
	}
	src, err := v.source(s, ledger.Part{Kind: p.Kind, Hash: p.Hash})
	if err != nil {
		return err
	}
	defer src.close()
	err = seal.CheckShare(src.header, at, one.Share[:])
	if errors.Is(err, seal.ErrMismatch) {
		return exit.New(exit.Mismatch, "keep the file: it is signed, and proves who forged it",
			"what %s granted for the %s of %s is not the share that was sealed to them: it is forged, or belongs to another part", from.Name, p.Kind, s.Where())
	}
	return err
}

// Missing returns how many trustees must still grant before these parts open; without parts, before the identities of
// a case open.
func (v *Trustee) Missing(cases *Cases, id string, parts []ledger.Hash) (int, error) {
	subs, _, err := v.closedSubmissions(cases, id)
	if err != nil {
		return 0, err
	}
	missing := 0
	for _, s := range subs {
		for _, p := range s.Body.Parts {
			if p.Kind != ledger.PartIdentity && len(parts) == 0 || len(parts) > 0 && !slices.Contains(parts, p.Hash) {
				continue
			}
			src, err := v.source(s, p)
			if errors.Is(err, errErased) {
				continue
			}
			if err != nil {
				return 0, err
			}
			if err := src.close(); err != nil {
				return 0, err
			}
			if src.k > 1 && src.mine {
				missing = max(missing, src.k-src.have)
			}
		}
	}
	return missing, nil
}

// Of returns the case of a submission; nil where its statement did not open.
func (c *Cases) Of(body ledger.Hash) *Case {
	for _, one := range c.List {
		if slices.ContainsFunc(one.subs, func(f placedSubmission) bool { return f.Hash == body }) {
			return one
		}
	}
	return nil
}
