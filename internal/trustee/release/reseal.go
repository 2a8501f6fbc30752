package release

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/ledgercopy"
	"zapis/internal/trustee/vault"
)

// Resealing holds what is handed on, the recipient, and the reason.
type Resealing struct {
	To       string // a trustee's name in the set in force
	Why      string
	Identity bool // also the identities, and the files that show who the reporter is
}

// Check refuses what can be refused without a key.
func (r Resealing) Check() error {
	if err := exchange.CheckWhy(r.Why); err != nil {
		return exit.New(exit.Usage, "say it in one line; it stands in the custody log", "why: %w", err)
	}
	return nil
}

// Resealed is the result of a reseal.
type Resealed struct {
	Case string
	File []byte
	Left []string // what is not in it
}

// Reseal hands on what the owner can open of a case to a trustee who can't: the keys of its parts, sealed to them. It
// records every part before it reads its key.
func Reseal(t *casework.Trustee, c *casework.Case, r Resealing) (Resealed, error) {
	if err := r.Check(); err != nil {
		return Resealed{}, err
	}
	to, err := newRecipient(t, r.To)
	if err != nil {
		return Resealed{}, err
	}
	x := &resealedKeys{t: t, id: c.ID, to: to, why: r.Why, keys: exchange.Keys{Case: c.ID}}
	defer func() { x.keys.Wipe() }()
	out := Resealed{Case: c.ID}
	var opened *casefile.Case
	g := gate{t}
	err = g.pass(request{kind: resealing, cases: []*casework.Case{c}, identity: r.Identity,
		read: g.show(c, &opened),
		prepare: func([]*casefile.Case) ([]custody.Record, error) {
			for _, s := range opened.Submissions {
				if err := x.submission(opened, s, r.Identity); err != nil {
					return nil, err
				}
			}
			return x.records(), nil
		},
		act: func() (err error) {
			out.File, err = x.file()
			return err
		}})
	out.Left = x.left
	return out, err
}

// newRecipient finds the trustee who receives the keys.
func newRecipient(t *casework.Trustee, name string) (card.Card, error) {
	_, set, err := t.Copy().Chain().SetInForce()
	if err != nil {
		return card.Card{}, err
	}
	var names []string
	for _, c := range set.Trustees {
		if c.Name == name && c.Age == t.Key().Card.Age {
			return card.Card{}, exit.New(exit.Usage, "name the trustee who gets it", "that is you")
		}
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return card.Card{}, exit.New(exit.Usage, "a new trustee is one once the trustees entry is in this vault", "there is no trustee %q: they are %s", name, strings.Join(names, ", "))
}

// resealedKeys are the keys of one reseal.
type resealedKeys struct {
	t     *casework.Trustee
	id    string
	to    card.Card
	why   string
	parts []resealedPart
	keys  exchange.Keys
	left  []string
}

type resealedPart struct {
	of   ledgercopy.Submission
	part ledger.Part
}

func (x *resealedKeys) submission(o *casefile.Case, s casefile.Submission, identity bool) error {
	of, known := x.t.Copy().SubmissionAt(s.Hash, s.Index)
	if !known {
		return ledgercopy.Damaged("%s of %s is not there", s.Place, o.ID)
	}
	add := func(p ledger.Part) { x.parts = append(x.parts, resealedPart{of, p}) }
	p, _ := of.Part(ledger.PartStatement)
	add(p)
	switch {
	case !identity:
		x.left = append(x.left, "the identity of "+s.Place)
	case s.IdentityLines == nil: // what a trustee collected, whose identity part has no name in it
		x.left = append(x.left, "the identity of "+s.Place+", which is closed: "+s.Closed)
	default:
		p, _ := of.Part(ledger.PartIdentity)
		add(p)
	}
	for _, e := range o.ExhibitsOf(s) {
		if e.Closed != "" || e.Identifies && !identity {
			x.left = append(x.left, e.Name)
			continue
		}
		add(e.Part)
	}
	if len(x.parts) > exchange.MaxParts {
		return exit.New(exit.Failed, "", "the case has more parts than the %d that one reseal takes", exchange.MaxParts)
	}
	return nil
}

func (x *resealedKeys) records() (list []custody.Record) {
	for _, p := range x.parts {
		list = append(list, custody.Record{Act: custody.Resealed, Case: x.id, In: p.part.Hash.String(), Why: x.why,
			Subject: fmt.Sprintf("%s of %s, to %s", p.part.Kind, p.of.Where(), vault.CardText(x.to))})
	}
	return list
}

// file decrypts the keys, seals them to the recipient, and signs them.
func (x *resealedKeys) file() ([]byte, error) {
	out := exchange.Reseal{Case: x.id, To: x.to.Fingerprint()}
	for _, p := range x.parts {
		key, err := x.t.FileKey(p.of, p.part)
		if err != nil {
			return nil, err
		}
		out.Parts = append(out.Parts, exchange.Part{Body: p.of.Hash, Kind: p.part.Kind, Hash: p.part.Hash})
		x.keys.Of = append(x.keys.Of, exchange.Key{Part: p.part.Hash, Key: key})
		key.Wipe()
	}
	to, err := seal.NewRecipients(1, x.to.Age)
	if err != nil {
		return nil, err
	}
	text := x.keys.Marshal()
	defer clear(text)
	if out.Sealed, err = casework.SealTo(to, text); err != nil {
		return nil, err
	}
	signed, err := x.t.Sign(card.KindReseal, out.Marshal(), time.Time{})
	if err != nil {
		return nil, err
	}
	return slices.Clone(signed.Marshal()), nil
}
