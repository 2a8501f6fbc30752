package signals

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/crypto/reportcode"
	"zapis/crypto/seal"
	"zapis/internal/server/intake"
	"zapis/store"
)

// maxAhead is how far ahead an answer may send a reporter to look again.
const maxAhead = 7 * 24 * time.Hour

// maxOld is how long ago a report may have been seen that is answered.
const maxOld = 24 * time.Hour

var (
	// ErrNotUrgent is returned for an answer to a body that was in no signal within 14 days.
	ErrNotUrgent = errors.New("there is no such report that asks for attention")
	// ErrAnswered is returned where a report has as many answers as it can have.
	ErrAnswered = errors.New("the report has as many answers from duty as it can have")
	errTime     = errors.New("its times can't be")
)

// attempts bounds how often an answer is sealed again because the trustees changed or its tag was taken.
const attempts = 4 * reportcode.MaxDutyAnswers

// Answer takes an answer from a duty key: it is sealed to the reporter and to the trustees in force, and becomes an entry.
// One that was taken before is taken again, and changes nothing.
func (s *Server) Answer(ctx context.Context, message []byte) error {
	index, set := s.store.SetInForce()
	a, _, err := duty.OpenAnswer(message, s.store.Card().Genesis, set.Duty)
	if err != nil {
		return err
	}
	now := s.config.Now()
	switch {
	case a.Seen.After(now.Add(Near)):
		return wrongClock(a.Seen.Sub(now))
	case now.Sub(a.Seen) > maxOld, a.Again.Sub(now) > maxAhead:
		return fmt.Errorf("%w: it was seen more than %s ago, or sends the reporter more than %s ahead", errTime, maxOld, maxAhead)
	}
	mark, err := s.store.Urgent(a.Report)
	if errors.Is(err, store.ErrUnknown) {
		return fmt.Errorf("%w: %s", ErrNotUrgent, a.Report)
	}
	if err != nil {
		return err
	}
	m, err := intake.ParseMark(mark)
	if err != nil {
		return err
	}
	n := uint64(0)
	for range attempts {
		if n == reportcode.MaxDutyAnswers {
			return ErrAnswered
		}
		body, err := sealAnswer(m, n, set, message)
		if err != nil {
			return err
		}
		_, err = s.store.Submit(ctx, store.Submission{Body: ledger.BodyOf(ledger.KindDuty, index, body), Small: [][]byte{body},
			Attention: store.Attention{Once: ledger.Sum(message)}})
		switch {
		case err == nil, errors.Is(err, store.ErrDuplicate):
			return nil
		case errors.Is(err, store.ErrTagTaken):
			n++
		case errors.Is(err, store.ErrOldSet):
			index, set = s.store.SetInForce()
		default:
			return err
		}
	}
	return intake.ErrAgain
}

// sealAnswer makes the body of a duty entry: the tag by which the reporter finds it, and the signed answer.
func sealAnswer(m intake.Mark, n uint64, set ledger.TrusteeSet, message []byte) ([]byte, error) {
	keys := []string{m.Mailbox}
	for _, c := range set.Trustees {
		keys = append(keys, c.Age)
	}
	to, err := seal.NewRecipients(1, keys...)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := seal.Seal(&b, seal.Message, to, bytes.NewReader(message)); err != nil {
		return nil, err
	}
	return ledger.Reply{Tag: reportcode.DutyTag(m.Base, n), Message: b.Bytes()}.Marshal(), nil
}
