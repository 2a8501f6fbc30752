package casework

import (
	"fmt"
	"slices"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/incident"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// Resealing says what is handed on, to whom, and why.
type Resealing struct {
	To       string // a trustee's name in the set in force
	Why      string
	Identity bool // the identities too, and the files that show who the reporter is
}

// Reseal hands on what the owner can open of a case, to one trustee who could not: the keys of its parts, sealed
// to them. It gives the file, and what is not in it. Every part is recorded before its key is taken.
func (v *Trustee) Reseal(c *Case, r Resealing) (file []byte, left []string, err error) {
	if err := exchange.CheckWhy(r.Why); err != nil {
		return nil, nil, exit.New(exit.Usage, "say it in one line; it stands in the custody log", "--why: %w", err)
	}
	_, set, err := v.Copy().Chain().SetInForce()
	if err != nil {
		return nil, nil, err
	}
	at := named(set.Trustees, r.To)
	switch {
	case at < 0:
		return nil, nil, exit.New(exit.Usage, "a new trustee is one once the trustees entry is in this vault", "there is no trustee %q: they are %s", r.To, names(set.Trustees))
	case set.Trustees[at].Age == v.Key().Card.Age:
		return nil, nil, exit.New(exit.Usage, "--to names the trustee who gets it", "that is you")
	}
	if err := v.MayLeave(c); err != nil {
		return nil, nil, err
	}
	o, err := v.Show(c)
	if err != nil {
		return nil, nil, err
	}
	if !o.Fits {
		return nil, nil, exit.New(exit.Mismatch, "it would be handed on", "the case does not fit its entries")
	}
	x := &resealing{v: v, id: c.ID, to: set.Trustees[at], why: r.Why, keys: exchange.Keys{Case: c.ID}}
	defer func() { x.keys.Wipe() }()
	for _, s := range o.Submissions {
		if err := x.submission(s, r.Identity); err != nil {
			return nil, nil, err
		}
	}
	file, err = x.file()
	return file, x.left, err
}

// resealing is a reseal that is being made.
type resealing struct {
	v     *Trustee
	id    string
	to    card.Card
	why   string
	parts []exchange.Part
	keys  exchange.Keys
	left  []string
}

func (x *resealing) submission(s OpenedSubmission, identity bool) error {
	p, _ := ledgercopy.PartOf(s.Body, ledger.PartStatement)
	if err := x.part(s.Submission, p); err != nil {
		return err
	}
	switch {
	case !identity:
		x.left = append(x.left, "the identity of "+s.Where())
	case s.Identity == nil:
		return exit.New(exit.KeyMissing, "leave out --include identity, or zapis ask the others", "the identity part of %s is closed: %s", s.Where(), s.Closed)
	default:
		p, _ := ledgercopy.PartOf(s.Body, ledger.PartIdentity)
		if err := x.part(s.Submission, p); err != nil {
			return err
		}
	}
	for n, e := range s.Exhibits {
		_, inStatement := s.Statement.Line(incident.SlotName(n + 1))
		if e.Closed != "" || !inStatement && !identity {
			x.left = append(x.left, e.Name)
			continue
		}
		if err := x.part(s.Submission, e.Part); err != nil {
			return err
		}
	}
	return nil
}

// part records that a part is handed on, and takes its key.
func (x *resealing) part(s ledgercopy.Submission, p ledger.Part) error {
	if len(x.parts) == exchange.MaxParts {
		return exit.New(exit.Failed, "", "the case has more parts than the %d that one reseal takes", exchange.MaxParts)
	}
	deed := custody.Deed{By: x.v.By(), Act: custody.Resealed, Case: x.id, In: p.Hash.String(), Why: x.why,
		Subject: fmt.Sprintf("%s of %s, to %s", p.Kind, s.Where(), vault.CardText(x.to))}
	if _, err := x.v.Custody.Record(deed); err != nil {
		return err
	}
	src, err := x.v.source(s, p)
	if err != nil {
		return err
	}
	defer src.close()
	id, err := x.v.keys(src)
	if err != nil {
		return x.v.refusal(s, p, err)
	}
	key, err := seal.ReadFileKey(src.header, id)
	if err != nil {
		return x.v.refusal(s, p, err)
	}
	x.parts = append(x.parts, exchange.Part{Body: s.Hash, Kind: p.Kind, Hash: p.Hash})
	x.keys.Of = append(x.keys.Of, exchange.Key{Part: p.Hash, Key: key})
	key.Wipe()
	return nil
}

func (x *resealing) file() ([]byte, error) {
	to, err := seal.NewRecipients(1, x.to.Age)
	if err != nil {
		return nil, err
	}
	text := x.keys.Marshal()
	defer clear(text)
	out := exchange.Reseal{Case: x.id, To: x.to.Fingerprint(), Parts: x.parts}
	if out.Sealed, err = sealTo(to, text); err != nil {
		return nil, err
	}
	said, err := x.v.Sign(card.KindReseal, out.Marshal(), time.Time{})
	if err != nil {
		return nil, err
	}
	return said.Marshal(), nil
}

// Handed is a reseal that was taken in.
type Handed struct {
	From  card.Card
	Case  string
	Parts string // "2 statements, 1 attachment"
}

// Receive takes in what another trustee hands on: keys of parts that are in this vault, as the ledger names them.
// It must come from somebody to whom those are sealed, and every key must be that of its part: the header's MAC
// says so, and the hash of the whole file is the ledger's.
func (v *Trustee) Receive(file []byte) (*Handed, error) {
	if err := v.NeedKey(); err != nil {
		return nil, err
	}
	signed, s, err := exchange.ParseResealFile(file)
	if err != nil {
		return nil, exit.New(exit.Mismatch, "have the file sent again", "%w", err)
	}
	from, err := v.VerifyFrom(signed, card.KindReseal, "reseal")
	if err != nil {
		return nil, err
	}
	if s.To != v.Key().Card.Fingerprint() {
		return nil, v.NotForMe("reseal", from, s.To)
	}
	deed := custody.Deed{By: v.By(), Act: custody.Received, Case: s.Case, In: custody.Hex(signed.Hash()),
		Subject: fmt.Sprintf("keys of %s, from %s", PartsText(s.Parts), vault.CardText(from))}
	if _, err := v.Custody.Record(deed); err != nil {
		return nil, err
	}
	keys, err := v.openKeys(s)
	if err != nil {
		return nil, exit.New(exit.StatusOf(err), exit.HintOf(err), "the reseal of %s: %w", from.Name, err)
	}
	defer keys.Wipe()
	if keys.Case != s.Case || len(keys.Of) != len(s.Parts) {
		return nil, exit.New(exit.Mismatch, "", "the reseal of %s: the keys in it are of another one: they were taken from elsewhere", from.Name)
	}
	for i, p := range s.Parts {
		if keys.Of[i].Part != p.Hash {
			return nil, exit.New(exit.Mismatch, "", "the reseal of %s: the keys in it are of other parts than it says", from.Name)
		}
		if err := v.checkKey(p, keys.Of[i].Key, from); err != nil {
			return nil, err
		}
	}
	if err := v.WriteSealed(resealedName(signed.Hash()), file); err != nil {
		return nil, err
	}
	v.lazy.Lock()
	v.handed = nil
	v.lazy.Unlock()
	return &Handed{From: from, Case: s.Case, Parts: PartsText(s.Parts)}, nil
}

// checkKey says whether a key is that of a part of the ledger, handed on by somebody who may have it.
func (v *Trustee) checkKey(p exchange.Part, key seal.FileKey, from card.Card) error {
	s, have := v.partsOf()[p.Hash]
	if !have {
		return exit.New(exit.Failed, "import a newer carry file first", "the %s %s is not in this vault", p.Kind, p.Hash)
	}
	part := s.Body.Parts[slices.IndexFunc(s.Body.Parts, func(one ledger.Part) bool { return one.Hash == p.Hash })]
	if s.Hash != p.Body || part.Kind != p.Kind {
		return exit.New(exit.Mismatch, "", "the reseal says that %s is the %s of another submission than it is", p.Hash, p.Kind)
	}
	set, err := v.Copy().Chain().SetAt(s.Body.Trustees)
	if err != nil {
		return err
	}
	if !ledgercopy.IsTrustee(set, from) {
		return exit.New(exit.Failed, "it must come from somebody to whom the entry is sealed", "the %s of %s is not sealed to %s", p.Kind, s.Where(), from.Name)
	}
	f, err := v.file(s, part)
	if err != nil {
		return err
	}
	defer f.Close()
	header, err := seal.Header(f)
	if err != nil {
		return v.refusal(s, part, err)
	}
	got, err := seal.ReadFileKey(header, fileKeyIdentity(key))
	got.Wipe()
	if err != nil {
		return exit.New(exit.Mismatch, "keep the file, which is signed", "the key that %s handed on does not open the %s of %s: %w", from.Name, p.Kind, s.Where(), err)
	}
	return nil
}
