package duty

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
	"zapis/crypto/ledger"
)

// Namespace is the SSH signatures' over what a duty key signs.
const Namespace = "zapis-duty"

const (
	pollHeader   = "zapis/duty-poll/v1"
	answerHeader = "zapis/duty-answer/v1"
	// MaxMessage is the most bytes that a signed message may have.
	MaxMessage = 4 << 10
)

// Poll says that somebody on duty was there, and nothing else:
//
//	zapis/duty-poll/v1
//	ledger <leaf hash of the genesis>
//	signer SHA256:…
//	time 2026-11-28T14:20:00Z
//
// A message is its text, a blank line, and the armored SSH signature over the text.
type Poll struct {
	Ledger ledger.Hash
	Signer string // fingerprint of the duty card's SSH key
	Time   time.Time
}

// Text gives the lines that are signed.
func (p Poll) Text() []byte {
	return fmt.Appendf(nil, "%s\nledger %s\nsigner %s\ntime %s\n", pollHeader, p.Ledger, p.Signer, p.Time.UTC().Format(time.RFC3339))
}

// Sentences are the answers that can be sent, by their names, in the order in which zapis-duty numbers them from 1. Their
// words stand in the form's locales.
var Sentences = []string{"call", "readers", "date", "today", "withdrawal"}

// Answer is one of five fixed sentences about a submission:
//
//	zapis/duty-answer/v1
//	ledger <leaf hash of the genesis>
//	signer SHA256:…
//	report <body hash>
//	sentence call
//	seen 2026-11-28T14:20:00Z
//	again 2026-11-28T18:00:00Z
type Answer struct {
	Ledger   ledger.Hash
	Signer   string
	Report   ledger.Hash // body hash of the submission
	Sentence string      // one of Sentences
	Seen     time.Time   // when it was seen on duty, UTC
	Again    time.Time   // when the reporter should look again, UTC; after Seen
}

// Text gives the lines that are signed.
func (a Answer) Text() []byte {
	return fmt.Appendf(nil, "%s\nledger %s\nsigner %s\nreport %s\nsentence %s\nseen %s\nagain %s\n", answerHeader, a.Ledger, a.Signer,
		a.Report, a.Sentence, a.Seen.UTC().Format(time.RFC3339), a.Again.UTC().Format(time.RFC3339))
}

// Sign signs a message's text.
func Sign(s *card.Signer, text []byte) ([]byte, error) {
	sig, err := s.Sign(Namespace, text)
	if err != nil {
		return nil, err
	}
	return append(append(bytes.Clone(text), '\n'), sig...), nil
}

// split takes a message apart. It verifies nothing.
func split(message []byte) (text, sig []byte, err error) {
	i := bytes.Index(message, []byte("\n\n"))
	if i < 0 || len(message) > MaxMessage {
		return nil, nil, canonical.Refuse("duty message: no blank line before a signature, or more than %d bytes", MaxMessage)
	}
	return message[: i+1 : i+1], message[i+2:], nil
}

// verify finds the duty card that signed, and checks the signature.
func verify(signer string, text, sig []byte, cards []card.Card) (card.Card, error) {
	for _, c := range cards {
		if c.Fingerprint() != signer {
			continue
		}
		if err := card.Verify(Namespace, text, sig, c.SSH); err != nil {
			return card.Card{}, canonical.Refuse("duty message of %s: %w", c.Name, err)
		}
		return c, nil
	}
	return card.Card{}, canonical.Refuse("duty message: its signer %s is none of the duty cards in force", signer)
}

// OpenPoll reads a poll, and verifies it with the duty cards in force.
func OpenPoll(message []byte, genesis ledger.Hash, cards []card.Card) (Poll, card.Card, error) {
	text, sig, err := split(message)
	if err != nil {
		return Poll{}, card.Card{}, err
	}
	r := canonical.Begin(text, MaxMessage, pollHeader)
	var p Poll
	p.Ledger, p.Signer = readHead(r, genesis)
	p.Time = readTime(r, "time")
	if err := r.End(); err != nil {
		return Poll{}, card.Card{}, canonical.Refuse("duty poll: %w", err)
	}
	c, err := verify(p.Signer, text, sig, cards)
	return p, c, err
}

func readHead(r *canonical.Reader, genesis ledger.Hash) (of ledger.Hash, signer string) {
	of = r.Hash(r.Word("ledger"))
	if r.Err() == nil && of != genesis {
		r.Fail("it is for another ledger")
	}
	signer = r.Word("signer")
	r.Check(card.CheckFingerprint(signer))
	return of, signer
}

// OpenAnswer reads an answer, and verifies it with the duty cards in force.
func OpenAnswer(message []byte, genesis ledger.Hash, cards []card.Card) (Answer, card.Card, error) {
	text, sig, err := split(message)
	if err != nil {
		return Answer{}, card.Card{}, err
	}
	r := canonical.Begin(text, MaxMessage, answerHeader)
	var a Answer
	a.Ledger, a.Signer = readHead(r, genesis)
	a.Report = r.Hash(r.Word("report"))
	a.Sentence = r.Word("sentence")
	if r.Err() == nil && SentenceNumber(a.Sentence) == 0 {
		r.Fail("it is none of the fixed sentences")
	}
	a.Seen = readTime(r, "seen")
	a.Again = readTime(r, "again")
	if r.Err() == nil && !a.Again.After(a.Seen) {
		r.Fail("the reporter is to look again after it was seen")
	}
	if err := r.End(); err != nil {
		return Answer{}, card.Card{}, canonical.Refuse("duty answer: %w", err)
	}
	c, err := verify(a.Signer, text, sig, cards)
	return a, c, err
}

// SentenceNumber is a sentence's number from 1, and 0 where there is none of that name.
func SentenceNumber(name string) int { return slices.Index(Sentences, name) + 1 }
