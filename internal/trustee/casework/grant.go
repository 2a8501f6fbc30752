package casework

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/ledgercopy"
)

// Asked is a verified request of another trustee: what it asks of the owner.
type Asked struct {
	Request exchange.Request
	From    card.Card
	Last    time.Time // the day after which it counts no more; zero for never
	Before  bool      // the owner has granted it already
	Parts   string    // "1 identity, 3 attachments"

	signed card.Signed
	subs   []ledgercopy.Submission // of the parts, in their order
}

// ReadRequest verifies a request: its signer, its dates and ledger, that the signer is a trustee now and of the set to
// which each part is sealed, and that each part is in this vault, in the case that it names. It opens nothing.
func (v *Trustee) ReadRequest(cases *Cases, file []byte) (*Asked, error) {
	signed, q, err := exchange.ParseRequestFile(file)
	if err != nil {
		return nil, exit.New(exit.Mismatch, "have the file sent again", "%w", err)
	}
	from, err := v.VerifyFrom(signed, card.KindAsk, "request")
	if err != nil {
		return nil, err
	}
	a := &Asked{Request: q, From: from, Last: signed.Expires, Parts: PartsText(q.Parts), signed: signed}
	if signed.ExpiredAt(v.Clock()) {
		return nil, exit.New(exit.Failed, "let them ask again", "the request of %s counted until %s", from.Name, signed.Expires.Format("2006-01-02"))
	}
	if from.Age == v.Key().Card.Age {
		return nil, exit.New(exit.Failed, "it is for the other trustees", "this is your own request")
	}
	if _, set, err := v.Copy().Chain().SetInForce(); err != nil {
		return nil, err
	} else if !ledgercopy.IsTrustee(set, from) {
		return nil, exit.New(exit.Failed, "nothing is granted to who has left", "%s (%s) is no trustee any more", from.Name, from.Fingerprint())
	}
	for _, p := range q.Parts {
		s, err := v.askedPart(cases, q, p, from)
		if err != nil {
			return nil, err
		}
		a.subs = append(a.subs, s)
	}
	a.Before, err = v.grantedBefore(signed.Hash())
	return a, err
}

// askedPart finds a requested part in this vault.
func (v *Trustee) askedPart(cases *Cases, q exchange.Request, p exchange.Part, from card.Card) (ledgercopy.Submission, error) {
	s, have := v.partsOf()[p.Hash]
	if !have {
		return s, exit.New(exit.Failed, "import a newer carry file first", "the request asks for the %s %s, which is not in this vault", p.Kind, p.Hash)
	}
	part := s.Body.Parts[slices.IndexFunc(s.Body.Parts, func(one ledger.Part) bool { return one.Hash == p.Hash })]
	if s.Hash != p.Body || part.Kind != p.Kind {
		return s, exit.New(exit.Mismatch, "", "the request says that %s is the %s of another submission than it is", p.Hash, p.Kind)
	}
	if !cases.has(q.Case, s) {
		return s, exit.New(exit.Mismatch, "somebody asks for one case and means another: speak with them", "%s is not of the case %s, for which the request asks", s.Where(), q.Case)
	}
	if by, erased := v.Copy().ErasedBy(p.Hash); erased {
		return s, exit.New(exit.Failed, "", "the %s of %s was erased by the tombstone of entry %d: no share of it is given any more", p.Kind, s.Where(), by)
	}
	set, err := v.Copy().Chain().SetAt(s.Body.Trustees)
	if err != nil {
		return s, err
	}
	if !ledgercopy.IsTrustee(set, from) {
		return s, exit.Advise(exit.Failed, exit.ResealFromBefore.With(),
			"the %s of %s is not sealed to %s: they can't open it with your share", p.Kind, s.Where(), from.Name)
	}
	if !ledgercopy.IsTrustee(set, v.Key().Card) {
		return s, exit.New(exit.KeyMissing, "", "the %s of %s is not sealed to you: you have no share of it", p.Kind, s.Where())
	}
	return s, nil
}

// has reports whether a submission belongs to a case; one whose statement is closed has an id like a case of its own.
func (c *Cases) has(id string, s ledgercopy.Submission) bool {
	for _, one := range c.List {
		if one.ID == id && slices.ContainsFunc(one.subs, func(f placedSubmission) bool { return f.Hash == s.Hash }) {
			return true
		}
	}
	return casefile.CaseID(s.Hash) == id && slices.ContainsFunc(c.Sealed, func(one Sealed) bool { return one.Hash == s.Hash })
}

// grantedBefore reports whether the owner has granted a request.
func (v *Trustee) grantedBefore(request [32]byte) (bool, error) {
	list, err := v.SignedStatements()
	if err != nil {
		return false, err
	}
	for _, signed := range list {
		if signed.Statement.Kind != card.KindGrant {
			continue
		}
		if g, err := exchange.ParseGrant(signed.Content); err != nil {
			return false, err
		} else if g.Request == request {
			return true, nil
		}
	}
	return false, nil
}

// Grant returns the file of a grant: the owner's shares of the requested parts, sealed to the requester. It is
// recorded before a share is opened. For a request that was granted before it returns the same file.
func (v *Trustee) Grant(a *Asked) ([]byte, error) {
	record := custody.Record{By: v.By(), Act: custody.Granted, Case: a.Request.Case, In: custody.Hex(a.signed.Hash()), Why: a.Request.Why,
		Subject: fmt.Sprintf("shares of %s, to %s (%s)", a.Parts, a.From.Name, a.From.Fingerprint())}
	if a.Before {
		record.Subject = "again: " + record.Subject
	}
	if _, err := v.Custody.Record(record); err != nil {
		return nil, err
	}
	if a.Before {
		return v.sameGrant(a.signed.Hash())
	}
	shares := exchange.Shares{Request: a.signed.Hash()}
	defer func() { shares.Wipe() }()
	g := exchange.Grant{Request: a.signed.Hash(), Case: a.Request.Case, To: a.From.Fingerprint()}
	for i, p := range a.Request.Parts {
		share, err := v.ownShare(a.subs[i], p)
		if err != nil {
			return nil, err
		}
		shares.Of = append(shares.Of, exchange.Share{Part: p.Hash, Share: [exchange.ShareSize]byte(share)})
		clear(share)
		g.Parts = append(g.Parts, p.Hash)
	}
	to, err := seal.NewRecipients(1, a.From.Age)
	if err != nil {
		return nil, err
	}
	text := shares.Marshal()
	defer clear(text)
	if g.Sealed, err = SealTo(to, text); err != nil {
		return nil, err
	}
	signed, err := v.Sign(card.KindGrant, g.Marshal(), a.signed.Expires)
	if err != nil {
		return nil, err
	}
	return signed.Marshal(), nil
}

// SealTo seals a short text to recipients.
func SealTo(to *seal.Recipients, text []byte) ([]byte, error) {
	var sealed bytes.Buffer
	_, err := seal.Seal(&sealed, seal.Message, to, bytes.NewReader(text))
	return sealed.Bytes(), err
}

// ownShare opens the owner's share of a part, after it has compared the part's file with the hash in the ledger.
func (v *Trustee) ownShare(s ledgercopy.Submission, p exchange.Part) ([]byte, error) {
	part := s.Body.Parts[slices.IndexFunc(s.Body.Parts, func(one ledger.Part) bool { return one.Hash == p.Hash })]
	f, err := v.file(s, part)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := seal.CheckDigest(f, digestOf(part)); err != nil {
		return nil, v.refusal(s, part, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	set, err := v.Copy().Chain().SetAt(s.Body.Trustees)
	if err != nil {
		return nil, err
	}
	share, err := seal.OpenShare(f, ledgercopy.Position(set, v.Key().Card), v.Key().Age)
	if err != nil {
		return nil, v.refusal(s, part, err)
	}
	return share, nil
}

// sameGrant returns the file of the owner's earlier grant for a request.
func (v *Trustee) sameGrant(request ledger.Hash) ([]byte, error) {
	list, err := v.SignedStatements()
	if err != nil {
		return nil, err
	}
	for _, signed := range list {
		if signed.Statement.Kind != card.KindGrant {
			continue
		}
		if g, err := exchange.ParseGrant(signed.Content); err == nil && g.Request == request {
			return signed.Marshal(), nil
		}
	}
	return nil, errors.New("the grant that was given before is not in the vault")
}
