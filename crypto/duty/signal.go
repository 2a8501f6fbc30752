// Package duty holds what passes between the intake and somebody on duty: the signal that a report needs attention, and
// the two messages that a duty key signs, a poll and an answer. docs/spec/signals.md specifies them.
//
// The package is pure: no clock, no disk, no network.
package duty

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"

	"zapis/crypto/canonical"
	"zapis/crypto/ledger"
	"zapis/crypto/seal"
)

// ErrMismatch is the class of everything that does not verify.
var ErrMismatch = canonical.ErrMismatch

const signalHeader = "zapis/duty-signal/v1"

// ActDrill is the act of an exercise, beside those of a submission.
const ActDrill = "drill"

// Signal is what somebody on duty learns of a submission. Empty strings are written "-":
//
//	zapis/duty-signal/v1
//	act report
//	danger_now yes
//	deadline 2026-12-01
//	language be
//	report <body hash>
//	case <body hash of the case's first report>
//	received 2026-11-28T14:05:31Z
//	waiting 3
//
// It is sealed like a signal part, to the key that NewKey makes for the set's duty cards. A part without content is a dummy.
type Signal struct {
	Act      string      // one of seal.Acts, or ActDrill
	Danger   string      // no, unsure, yes, or empty
	Deadline string      // YYYY-MM-DD, or empty
	Language string      // a code, or empty
	Report   ledger.Hash // body hash of the submission, by which the trustees find it; random in an exercise
	Case     ledger.Hash // body hash of the case's first report
	Received time.Time   // UTC, whole seconds
	Waiting  int         // how many signals waited for a batch when this one came, itself included
}

// maxWaiting bounds Waiting.
const maxWaiting = 1 << 30

// part gives the codes as a signal part has them. The act of an exercise is none of a submission's.
func (s Signal) part() seal.SignalPart {
	p := seal.SignalPart{Act: s.Act, Danger: s.Danger, Deadline: s.Deadline, Language: s.Language}
	if p.Act == ActDrill {
		p.Act = seal.Acts()[0]
	}
	return p
}

// Marshal gives the content, and refuses what ParseSignal would refuse.
func (s Signal) Marshal() ([]byte, error) {
	if _, err := s.part().Marshal(); err != nil {
		return nil, err
	}
	b := s.marshal()
	got, err := ParseSignal(b)
	if err == nil && got != s {
		err = canonical.Refuse("a value would read back otherwise")
	}
	if err != nil {
		return nil, fmt.Errorf("the duty signal: %w", err)
	}
	return b, nil
}

func dash(v string) string {
	if v == "" {
		return "-"
	}
	return v
}

func (s Signal) marshal() []byte {
	return fmt.Appendf(nil, "%s\nact %s\ndanger_now %s\ndeadline %s\nlanguage %s\nreport %s\ncase %s\nreceived %s\nwaiting %d\n",
		signalHeader, s.Act, dash(s.Danger), dash(s.Deadline), dash(s.Language), s.Report, s.Case, s.Received.UTC().Format(time.RFC3339), s.Waiting)
}

// ParseSignal reads a signal's content. Errors are an ErrMismatch and name the line.
func ParseSignal(b []byte) (Signal, error) {
	r := canonical.Begin(b, 1<<10, signalHeader)
	word := func(key string) string {
		if v := r.Word(key); v != "-" {
			return v
		}
		return ""
	}
	s := Signal{Act: r.Word("act"), Danger: word("danger_now"), Deadline: word("deadline"), Language: word("language")}
	if r.Err() == nil {
		if s.Act != ActDrill && !slices.Contains(seal.Acts(), s.Act) {
			r.Fail("there is no such act")
		}
		if _, err := s.part().Marshal(); err != nil {
			r.Fail("a code has a value that it can't have")
		}
	}
	s.Report = r.Hash(r.Word("report"))
	s.Case = r.Hash(r.Word("case"))
	s.Received = readTime(r, "received")
	s.Waiting = int(r.Decimal(r.Word("waiting"), maxWaiting))
	return canonical.Done(r, "duty signal", s)
}

// readTime reads a line of a key and a time: RFC 3339, UTC, whole seconds, with Z.
func readTime(r *canonical.Reader, key string) time.Time {
	v := r.Word(key)
	t, err := time.Parse(time.RFC3339, v)
	if r.Err() == nil && (err != nil || t.UTC().Format(time.RFC3339) != v) {
		r.Fail("a time is written like 2026-11-22T00:00:00Z")
	}
	return t.UTC()
}

// Seal seals a signal, or a dummy where s is nil, to the signals' key. All parts have one size.
func Seal(to *seal.Recipients, s *Signal) ([]byte, error) {
	var content []byte
	if s != nil {
		var err error
		if content, err = s.Marshal(); err != nil {
			return nil, err
		}
	}
	defer clear(content)
	var b bytes.Buffer
	_, err := seal.Seal(&b, seal.Signal, to, bytes.NewReader(content))
	return b.Bytes(), err
}

// Open opens a part of a batch with what OpenKey gives. It gives nil for a dummy. An error that is a seal.ErrNoKey says that
// the part is sealed to others.
func Open(part []byte, id age.Identity) (*Signal, error) {
	content, err := seal.OpenBytes(seal.Signal, bytes.NewReader(part), seal.DigestOf(part), id)
	if err != nil || len(content) == 0 {
		return nil, err
	}
	defer clear(content)
	s, err := ParseSignal(content)
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// UrgentDays is how near a deadline must be for a report to be urgent, in days.
const UrgentDays = 14

// Near reports whether a deadline (YYYY-MM-DD, or empty) is within UrgentDays of now, or was yesterday at most: somewhere
// on earth it is still that day.
func Near(deadline string, now time.Time) bool {
	t, err := time.Parse(time.DateOnly, deadline)
	if err != nil {
		return false
	}
	today := now.UTC().Truncate(24 * time.Hour)
	return !t.Before(today.AddDate(0, 0, -1)) && !t.After(today.AddDate(0, 0, UrgentDays))
}

// ShortName is how a report is called on duty and by trustees: the id of the case that begins with it.
func ShortName(report ledger.Hash) string { return "c" + report.String()[:10] }
