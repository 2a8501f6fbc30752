package casework

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zapis/crypto/card"
	"zapis/crypto/ledger"
	"zapis/internal/evidence/custody"
	"zapis/internal/exit"
	"zapis/internal/trustee/exchange"
	"zapis/internal/trustee/ledgercopy"
)

// Asking holds the arguments of Ask.
type Asking struct {
	Why     string
	Kinds   []string  // the kinds of part to request; nil for all parts that are closed by a quorum
	Expires time.Time // the last day on which it may be granted
}

// Check refuses what could be refused without a key.
func (o Asking) Check() error {
	if err := exchange.CheckWhy(o.Why); err != nil {
		return exit.New(exit.Usage, "say it in one line; the others decide by it", "why: %w", err)
	}
	return nil
}

// Ask asks the other trustees for their shares of the parts of a case that stay closed, or of a submission
// whose statement does. It gives the request's file, which is recorded before it is signed.
func (v *Trustee) Ask(cases *Cases, id string, o Asking) ([]byte, exchange.Request, error) {
	q := exchange.Request{Why: o.Why}
	if err := o.Check(); err != nil {
		return nil, q, err
	}
	subs, id, err := v.closedSubmissions(cases, id)
	if err != nil {
		return nil, q, err
	}
	q.Case = id
	if q.Parts, err = v.closedParts(id, subs, o.Kinds); err != nil {
		return nil, q, err
	}
	rand.Read(q.Nonce[:])
	text := q.Marshal()
	if _, err := exchange.ParseRequest(text); err != nil {
		return nil, q, err
	}
	record := custody.Record{By: v.By(), Act: custody.Asked, Case: id, Out: ledger.Sum(text).String(), Why: o.Why,
		Subject: fmt.Sprintf("shares of %s", PartsText(q.Parts))}
	if _, err := v.Custody.Record(record); err != nil {
		return nil, q, err
	}
	signed, err := v.Sign(card.KindAsk, text, o.Expires)
	if err != nil {
		return nil, q, err
	}
	return signed.Marshal(), q, nil
}

// closedSubmissions returns the submissions of a case, or the one whose statement is closed, by id.
func (v *Trustee) closedSubmissions(cases *Cases, id string) ([]ledgercopy.Submission, string, error) {
	for _, s := range cases.Sealed {
		if s.ID() == id {
			return []ledgercopy.Submission{s.Submission}, id, nil
		}
	}
	c, err := cases.Find(id)
	if err != nil {
		return nil, "", err
	}
	return c.submissions(), c.ID, nil
}

// ID returns the full id of the one case, or of the one submission whose statement is closed, with this prefix.
func (c *Cases) ID(id string) (string, error) {
	for _, s := range c.Sealed {
		if s.ID() == strings.ToLower(id) {
			return s.ID(), nil
		}
	}
	var found []string
	for _, s := range c.Sealed {
		if id != "" && strings.HasPrefix(s.ID(), strings.ToLower(id)) {
			found = append(found, s.ID())
		}
	}
	one, err := c.Find(id)
	switch {
	case err == nil && len(found) == 0:
		return one.ID, nil
	case err != nil && len(found) == 1 && exit.StatusOf(err) == exit.KeyMissing:
		return found[0], nil
	case err != nil && exit.StatusOf(err) != exit.KeyMissing:
		return "", err
	}
	if err == nil {
		found = append(found, one.ID)
	}
	return "", ambiguous(id, found)
}

// SealedBody returns the body hash of a submission whose statement is closed, by its id.
func (c *Cases) SealedBody(id string) (ledger.Hash, bool) {
	for _, s := range c.Sealed {
		if s.ID() == id {
			return s.Hash, true
		}
	}
	return ledger.Hash{}, false
}

func (c *Case) submissions() []ledgercopy.Submission {
	var list []ledgercopy.Submission
	for _, f := range c.subs {
		list = append(list, f.Submission)
	}
	return list
}

// closedParts lists the parts that open with others' shares only. Where the statement itself is closed, the request is
// for it alone unless kinds names more: the opened statement shows what else is needed.
func (v *Trustee) closedParts(id string, subs []ledgercopy.Submission, kinds []string) ([]exchange.Part, error) {
	var list []exchange.Part
	open := 0
	for _, s := range subs {
		wanted := kinds
		if p, ok := ledgercopy.PartOf(s.Body, ledger.PartStatement); ok && kinds == nil {
			if closed, err := v.underQuorum(s, p); err != nil {
				return nil, err
			} else if closed {
				wanted = []string{ledger.PartStatement}
			}
		}
		for _, p := range s.Body.Parts {
			if p.Kind == ledger.PartSignal || wanted != nil && !slices.Contains(wanted, p.Kind) {
				continue
			}
			switch closed, err := v.underQuorum(s, p); {
			case err != nil:
				return nil, err
			case closed:
				list = append(list, exchange.Part{Body: s.Hash, Kind: p.Kind, Hash: p.Hash})
			default:
				open++
			}
		}
	}
	switch {
	case len(list) == 0 && open > 0:
		return nil, exit.Advise(exit.Failed, exit.UseGranted.With(), "nothing of %s that you ask for waits for other trustees", id)
	case len(list) == 0:
		return nil, exit.New(exit.Failed, "", "%s has no such part", id)
	case len(list) > exchange.MaxParts:
		return nil, exit.Advise(exit.Failed, exit.AskIdentityFirst.With(), "%s has %d closed parts, and a request names at most %d", id, len(list), exchange.MaxParts)
	}
	return list, nil
}

// underQuorum reports whether a part needs others' shares. An erased part needs none.
func (v *Trustee) underQuorum(s ledgercopy.Submission, p ledger.Part) (bool, error) {
	src, err := v.source(s, p)
	if errors.Is(err, errErased) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer src.close()
	if src.k > 1 && !src.mine {
		return false, exit.Advise(exit.KeyMissing, exit.ResealToYou.With(),
			"%s: %s: it is sealed to others than you", s.Where(), p.Kind)
	}
	return src.k > 1 && src.have < src.k, nil
}

// PartsText counts parts in words: "1 identity, 3 attachments".
func PartsText(parts []exchange.Part) string {
	text := ""
	for _, kind := range []string{ledger.PartStatement, ledger.PartIdentity, ledger.PartAttachment} {
		n := 0
		for _, p := range parts {
			if p.Kind == kind {
				n++
			}
		}
		if n == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d %s", n, plural(kind, n))
	}
	return text
}

func plural(kind string, n int) string {
	switch {
	case n == 1:
		return kind
	case kind == ledger.PartIdentity:
		return "identities"
	}
	return kind + "s"
}
