package ledger

import (
	"strconv"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
)

// Limits of a set.
const (
	MaxTrustees   = 32
	MaxDuty       = 32
	maxVocabulary = 9999
)

// Quorum is how many trustees together open a part of each kind. Signals go to
// the duty cards, each of which opens them alone.
type Quorum struct {
	Statement  int
	Attachment int
	Identity   int
}

// TrusteeSet holds the trustees, the duty cards, and how many of them open
// parts and change the ledger's rules. Genesis and trustees entries hold one:
//
//	vocabulary 1
//	quorum statement 1
//	quorum attachment 1
//	quorum identity 2
//	approvals 2
//	trustee anna age1pq1… ssh-ed25519 AAAA…     in order: the first has share 1
//	duty anna age1pq1… ssh-ed25519 AAAA…        none, or more
type TrusteeSet struct {
	Vocabulary int
	Quorum     Quorum
	Approvals  int // signatures that a trustees, key or tombstone entry needs
	Trustees   []card.Card
	Duty       []card.Card
}

// DefaultQuorum returns the default threshold: 2, or 1 for a single trustee.
func DefaultQuorum(trustees int) int { return min(2, trustees) }

// SignalCards returns the recipients of signals: the duty cards, or, where
// there are none, the trustees.
func (s TrusteeSet) SignalCards() []card.Card {
	if len(s.Duty) > 0 {
		return s.Duty
	}
	return s.Trustees
}

// Position returns a trustee's place in the set, from 1, found by the
// fingerprint of their SSH key; 0 if they are not in it.
func (s TrusteeSet) Position(fingerprint string) int {
	for i, c := range s.Trustees {
		if c.Fingerprint() == fingerprint {
			return i + 1
		}
	}
	return 0
}

func (s TrusteeSet) append(dst []byte) []byte {
	line := func(key string, n int) {
		dst = append(append(dst, key...), ' ')
		dst = append(strconv.AppendInt(dst, int64(n), 10), '\n')
	}
	line("vocabulary", s.Vocabulary)
	line("quorum statement", s.Quorum.Statement)
	line("quorum attachment", s.Quorum.Attachment)
	line("quorum identity", s.Quorum.Identity)
	line("approvals", s.Approvals)
	for _, c := range s.Trustees {
		dst = appendCard(dst, "trustee", c)
	}
	for _, c := range s.Duty {
		dst = appendCard(dst, "duty", c)
	}
	return dst
}

func appendCard(dst []byte, key string, c card.Card) []byte {
	return append(dst, key+" "+c.Name+" "+c.Age+" "+c.SSH+"\n"...)
}

func readSet(r *canonical.Reader) (s TrusteeSet) {
	number := func(key string, max uint64) int {
		n := int(r.Decimal(r.Word(key), max))
		if n == 0 {
			r.Fail("it is at least 1")
		}
		return n
	}
	s.Vocabulary = number("vocabulary", maxVocabulary)
	s.Quorum.Statement = number("quorum statement", MaxTrustees)
	s.Quorum.Attachment = number("quorum attachment", MaxTrustees)
	s.Quorum.Identity = number("quorum identity", MaxTrustees)
	s.Approvals = number("approvals", MaxTrustees)
	s.Trustees = readCards(r, "trustee", MaxTrustees)
	if len(s.Trustees) == 0 {
		r.Line()
		r.Fail("it must begin with %q: there is no set without trustees", "trustee ")
	}
	if most := max(s.Quorum.Statement, s.Quorum.Attachment, s.Quorum.Identity, s.Approvals); most > len(s.Trustees) {
		r.Fail("%d trustees, and a quorum or the approvals ask for %d", len(s.Trustees), most)
	}
	s.Duty = readCards(r, "duty", MaxDuty)
	for _, d := range s.Duty {
		for _, t := range s.Trustees {
			if d != t && (d.Name == t.Name || d.Age == t.Age || d.SSH == t.SSH) {
				r.Fail("duty card %s shares a name or a key with another card", d.Name)
			}
		}
	}
	return s
}

func readCards(r *canonical.Reader, key string, most int) (cards []card.Card) {
	for r.Has(key) {
		w := r.Words(key, 4)
		c := card.Card{Name: w[0], Age: w[1], SSH: w[2] + " " + w[3]}
		r.Check(card.CheckName(c.Name))
		r.Check(card.CheckRecipient(c.Age))
		r.Check(card.CheckSSH(c.SSH))
		if len(cards) == most {
			r.Fail("more than %d %s cards", most, key)
		}
		for _, other := range cards {
			if other.Name == c.Name || other.Age == c.Age || other.SSH == c.SSH {
				r.Fail("%s shares a name or a key with %s", c.Name, other.Name)
			}
		}
		cards = append(cards, c)
	}
	return cards
}

// Check refuses a set that could not be read back.
func (s TrusteeSet) Check() error {
	r := canonical.NewReader(s.append(nil), MaxSmall)
	readSet(r)
	if err := r.End(); err != nil {
		return canonical.Refuse("trustees: %w", err)
	}
	return nil
}
