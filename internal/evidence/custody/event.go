// Package custody is a trustee's own record of every act on evidence: a hash chain of events, each
// written before the act that it names.
//
// An event (docs/spec/custody.md):
//
//	zapis/event/v1
//	nonce 5f0c…                       64 hex digits, so that a hash does not reveal the text
//	number 7
//	at 2026-11-21T20:47:45Z           the laptop's clock, UTC
//	by anna SHA256:47DE…              name and key fingerprint; `- -` without a key
//	act opened
//	case c5f0c91ab2e                  or -
//	subject statement of entry 42
//	in 3b1c…                          hash of what the act began from, or -
//	out -                             hash of what came of it, or -
//	tool zapis v1.0.0
//	why -                             one line, or -
//
// Link 0 is 32 zero bytes; link n = SHA-256("zapis/custody/v1\n" || link n-1 || SHA-256(event n)).
package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"zapis/crypto/canonical"
	"zapis/crypto/card"
)

// Act is the kind of an event.
type Act string

const (
	Received   Act = "received"
	Verified   Act = "verified"
	Opened     Act = "opened"
	Viewed     Act = "viewed"
	Extracted  Act = "extracted"
	Graded     Act = "graded"
	Translated Act = "translated"
	Asked      Act = "asked"
	Granted    Act = "granted"
	Exported   Act = "exported"
	Withheld   Act = "withheld"
	HandedOver Act = "handed-over"
	Destroyed  Act = "destroyed"
	Noted      Act = "noted"
	Replied    Act = "replied"
	Resealed   Act = "resealed"
	Imported   Act = "imported"
)

// Acts lists all acts.
func Acts() []Act {
	return []Act{Received, Verified, Opened, Viewed, Extracted, Graded, Translated, Asked, Granted, Exported,
		Withheld, HandedOver, Destroyed, Noted, Replied, Resealed, Imported}
}

// Releases reports whether something of a case leaves the vault by this act, or is withheld from what leaves.
func (a Act) Releases() bool {
	switch a {
	case Exported, HandedOver, Extracted, Withheld, Resealed:
		return true
	}
	return false
}

func (a Act) known() bool { return slices.Contains(Acts(), a) }

// By is the author of an act. The zero By is an act without a key.
type By struct {
	Name        string
	Fingerprint string // of the SSH key, "SHA256:…"
}

// Record is an act before it has its place in the chain. Empty fields are written as "-".
type Record struct {
	By      By
	Act     Act
	Case    string // a case id, or empty where it concerns none or many
	Subject string // the object: an entry, a part, a list; one line, our words, never a reporter's
	In      string // hex SHA-256 of what the act began from
	Out     string // hex SHA-256 of what came of it
	Why     string // the trustee's reason
}

// Event is a record in its place in the chain.
type Event struct {
	Record
	Nonce  [32]byte
	Number uint64    // from 1
	At     time.Time // UTC, whole seconds, by the laptop's clock
	Tool   string    // "zapis v1.0.0"
}

const (
	eventHeader = "zapis/event/v1"
	chainHeader = "zapis/custody/v1\n"

	// MaxEvent bounds an event's text, in bytes.
	MaxEvent = 32 << 10
	// MaxWhy bounds a reason, in bytes.
	MaxWhy = 4000

	eventLines = 12
)

// Link returns link n of the chain from link n-1 and the SHA-256 of event n's text.
func Link(previous, event [32]byte) [32]byte {
	var b [len(chainHeader) + 64]byte
	copy(b[copy(b[:], chainHeader):], previous[:])
	copy(b[len(chainHeader)+32:], event[:])
	return sha256.Sum256(b[:])
}

// Marshal writes the event's text.
func (e Event) Marshal() []byte {
	return fmt.Appendf(nil, "%s\nnonce %x\nnumber %d\nat %s\nby %s %s\nact %s\ncase %s\nsubject %s\nin %s\nout %s\ntool %s\nwhy %s\n",
		eventHeader, e.Nonce, e.Number, e.At.UTC().Format(time.RFC3339), canonical.Dash(e.By.Name), canonical.Dash(e.By.Fingerprint), e.Act,
		canonical.Dash(e.Case), encode(e.Subject), canonical.Dash(e.In), canonical.Dash(e.Out), encode(e.Tool), encode(e.Why))
}

// ParseEvent reads an event. An error names the line and is a canon.ErrMismatch.
func ParseEvent(text []byte) (Event, error) {
	r := canonical.NewReader(text, MaxEvent)
	var e Event
	r.Exact(eventHeader)
	e.Nonce = r.Hash(r.Word("nonce"))
	e.Number = r.Decimal(r.Word("number"), math.MaxInt64)
	if e.Number == 0 {
		r.Fail("events are numbered from 1")
	}
	at := r.Word("at")
	var err error
	if e.At, err = time.Parse(time.RFC3339, at); err != nil || e.At.UTC().Format(time.RFC3339) != at {
		r.Fail("not a time in UTC to the second (2006-01-02T15:04:05Z)")
	}
	e.At = e.At.UTC()
	by := r.Words("by", 2)
	e.By = By{canonical.Undash(by[0]), canonical.Undash(by[1])}
	r.Check(e.By.check())
	e.Act = Act(r.Word("act"))
	if !e.Act.known() {
		r.Fail("there is no such act")
	}
	e.Case = canonical.Undash(r.Word("case"))
	r.Check(checkCase(e.Case))
	e.Subject = decode(r, r.Value("subject"))
	e.In = canonical.Undash(r.Word("in"))
	r.Check(checkHash(e.In))
	e.Out = canonical.Undash(r.Word("out"))
	r.Check(checkHash(e.Out))
	e.Tool = decode(r, r.Value("tool"))
	e.Why = decode(r, r.Value("why"))
	if err := r.End(); err != nil {
		return Event{}, canonical.Refuse("event: %w", err)
	}
	if string(e.Marshal()) != string(text) {
		return Event{}, canonical.Refuse("event: not in its one encoding")
	}
	return e, nil
}

// check refuses a record whose event ParseEvent would refuse.
func (d Record) check() error {
	if !d.Act.known() {
		return fmt.Errorf("there is no act %q", string(d.Act))
	}
	if len(d.Why) > MaxWhy {
		return fmt.Errorf("the reason has %d bytes, and at most %d are kept", len(d.Why), MaxWhy)
	}
	return errors.Join(d.By.check(), checkCase(d.Case), checkHash(d.In), checkHash(d.Out))
}

func (b By) check() error {
	if b == (By{}) {
		return nil
	}
	if err := card.CheckName(b.Name); err != nil {
		return err
	}
	return card.CheckFingerprint(b.Fingerprint)
}

func checkCase(id string) error {
	if id == "" || len(id) == 11 && id[0] == 'c' && strings.Trim(id[1:], "0123456789abcdef") == "" {
		return nil
	}
	return errors.New("a case is c and ten hexadecimal digits")
}

func checkHash(s string) error {
	if s == "" {
		return nil
	}
	_, err := canonical.ParseHash(s)
	return err
}

// Hex returns a hash as events contain it.
func Hex(h [32]byte) string { return hex.EncodeToString(h[:]) }
