package intake

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"zapis/crypto/duty"
	"zapis/crypto/ledger"
	"zapis/crypto/reportcode"
	"zapis/crypto/seal"
	"zapis/internal/incident"
	"zapis/store"
)

// The bits of a case's state beside its consents (docs/spec/code.md, "State").
const (
	deadlineShift = 16 // of the newest deadline: 14 bits, days since deadlineEpoch, 0 for none
	deadlineMask  = 1<<14 - 1
	inDanger      = 1 << 30 // the newest answer to danger_now is yes or unsure
)

const urgencyBits = inDanger | deadlineMask<<deadlineShift

var deadlineEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// attended puts what makes a case urgent into its state.
func attended(state *reportcode.State, s submission) {
	if d := s.report.One("danger_now"); d != "" {
		state.Consents &^= inDanger
		if d == "yes" || d == "unsure" {
			state.Consents |= inDanger
		}
	}
	if t, err := time.Parse(time.DateOnly, s.report.One("deadline")); err == nil {
		state.Consents &^= deadlineMask << deadlineShift
		if days := int(t.Sub(deadlineEpoch) / (24 * time.Hour)); days > 0 && days <= deadlineMask {
			state.Consents |= uint32(days) << deadlineShift
		}
	}
}

// caseDeadline gives the newest deadline of a case, YYYY-MM-DD, or empty.
func caseDeadline(state reportcode.State) string {
	days := int(state.Consents >> deadlineShift & deadlineMask)
	if days == 0 {
		return ""
	}
	return deadlineEpoch.AddDate(0, 0, days).Format(time.DateOnly)
}

// urgent reports whether somebody on duty is to be told of a submission: danger yes or unsure, a deadline within 14 days,
// words or files for a case of which that holds, a withdrawal.
func (s submission) urgent() bool {
	danger, deadline := s.report.One("danger_now"), s.report.One("deadline")
	switch {
	case s.act == incident.ActStop, s.act == incident.ActDelete:
		return true
	case danger == "yes", danger == "unsure", duty.Near(deadline, s.received):
		return true
	}
	return s.act == incident.ActFollowUp && (s.last.Consents&inDanger != 0 && danger == "" || duty.Near(caseDeadline(s.last), s.received))
}

// attention makes what the store keeps of a submission for somebody on duty. A part is sealed for each submission, so that
// an urgent one takes as long as another.
func (d *Draft) attention(ctx context.Context, s submission, b ledger.Body, to *recipients) (a store.Attention, err error) {
	signal := duty.Signal{
		Act: string(s.act), Danger: s.report.One("danger_now"), Deadline: s.report.One("deadline"), Language: s.report.One("language"),
		Report: b.Hash(), Case: s.first, Received: s.received,
	}
	if s.act == incident.ActReport {
		signal.Case = signal.Report
	}
	if signal.Deadline == "" {
		signal.Deadline = caseDeadline(s.last)
	}
	urgent := s.urgent()
	if urgent && to.onDuty {
		waiting, err := d.in.store.SignalsWaiting()
		if err != nil {
			return a, err
		}
		signal.Waiting = waiting + 1
	}
	if to.onDuty {
		key, err := d.in.signals.Of(ctx, to.index)
		if err != nil {
			return a, err
		}
		sealed, err := duty.Seal(key, &signal)
		if err != nil {
			return a, err
		}
		if urgent {
			a.Signal = sealed
		}
	}
	if urgent {
		secret := s.keys.TagSecret()
		defer clear(secret[:])
		a.Mark = Mark{reportcode.DutyBase(secret, signal.Report), s.keys.Recipient()}.marshal()
	}
	return a, nil
}

// Mark is what is kept of an urgent submission for 14 days, so that an answer reaches its reporter: the base of the
// tags of its answers, and the mailbox's key, to which they are sealed. With a seized server it shows which sealed
// reports are urgent, and nothing of their content.
type Mark struct {
	Base    [32]byte
	Mailbox string // age1pq1…
}

func (m Mark) marshal() []byte {
	return append([]byte(hex.EncodeToString(m.Base[:])+" "), m.Mailbox...)
}

// ParseMark reads a mark.
func ParseMark(b []byte) (m Mark, err error) {
	if len(b) < 66 || b[64] != ' ' {
		return m, errors.New("a mark is a tag's base and a mailbox key")
	}
	base, err := hex.DecodeString(string(b[:64]))
	if err != nil {
		return m, err
	}
	m = Mark{[32]byte(base), string(b[65:])}
	_, err = seal.NewRecipients(1, m.Mailbox)
	return m, err
}
