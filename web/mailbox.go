package web

import (
	"net/http"
	"strconv"
	"strings"

	"zapis/crypto/reportcode"
	"zapis/internal/incident"
	"zapis/internal/server/intake"
)

// The mailbox has no session: each POST carries the code in its body, never in an address. The field `act` selects the
// action: none opens the mailbox, one of the acts of incident is done, receiptAct shows one receipt.
const (
	receiptAct  = "receipt"
	withdrawAct = "withdraw" // sent by the button for withdrawing: alone, where neither way was selected
)

// getMailbox asks for the code.
func (s *server) getMailbox(w http.ResponseWriter, r *http.Request) {
	loc := s.localizerFor(r)
	w.Header().Add("Vary", "Accept-Language")
	loc.sendPrerendered(w, loc.emptyAsk)
}

func (s *server) postMailbox(w http.ResponseWriter, r *http.Request) {
	sub := s.readSubmission(w, r, redisplayMailbox)
	if sub == nil {
		return
	}
	defer sub.close()
	c, wrong := sub.code()
	if len(wrong) > 0 {
		sub.refuse(w, r, invalid(wrong)) // nothing was looked up: the check digits alone show an invalid code
		return
	}
	defer c.Wipe()
	switch act := sub.first("act"); act {
	case "", receiptAct:
		if sub.filesSeen > 0 {
			sub.refuse(w, r, refusal{status: http.StatusBadRequest, code: "type"})
			return
		}
		s.openMailbox(w, r, sub, c, nil)
	case string(incident.ActFollowUp), string(incident.ActConsent), string(incident.ActStop), string(incident.ActDelete):
		s.submitToCase(w, r, sub, c, incident.Act(act))
	case withdrawAct: // the form was sent without choosing
		s.openMailbox(w, r, sub, c, incident.Errors{{Field: "act", Code: incident.Required}})
	default:
		s.openMailbox(w, r, sub, c, incident.Errors{{Field: "act", Code: incident.UnknownCode}})
	}
}

// redisplayMailbox asks for the code again, or shows the text that was to be added.
func redisplayMailbox(sub *submission, why refusal) *view {
	v := &view{page: "ask", wrong: why.fields, form: incident.Form{"code": sub.form["code"]}}
	if sub.first("act") == string(incident.ActFollowUp) && why.fields.Of("code") == "" {
		v.page, v.form, v.bad = "add", sub.form, sub.badFiles
	}
	return v
}

// submitToCase performs the act on the reporter's case.
func (s *server) submitToCase(w http.ResponseWriter, r *http.Request, sub *submission, c reportcode.Code, act incident.Act) {
	report, wrong := s.schema.Validate(sub.form, s.options.Now(), act)
	why, refused := sub.refusedFiles()
	switch {
	case refused && why.code != invalidCode:
		sub.refuse(w, r, why)
		return
	case refused:
		wrong = append(wrong, why.fields...)
	case act == incident.ActFollowUp && len(wrong) == 0 && sub.filesKept == 0 && report.IsEmpty():
		wrong = incident.Errors{{Field: "narrative", Code: incident.Nothing}}
	}
	var result intake.Result
	kept := sub.filesKept
	if len(wrong) == 0 {
		var err error
		result, err = s.once(sub, func() (intake.Result, error) {
			if err := sub.ensureDraft(); err != nil {
				return intake.Result{}, err
			}
			return sub.draft.SendFollowUp(sub.ctx, c, act, report, sub.nonce())
		})
		if err != nil {
			why := refusalFromIntake(err)
			switch {
			case why.fields.Of("code") == codeUnknown:
				sub.discard()
				s.refuseUnknown(w, r, sub, c)
				return
			case len(why.fields) == 0:
				sub.refuse(w, r, why)
				return
			}
			wrong = why.fields
		}
	}
	if len(wrong) > 0 {
		sub.discard()
		s.openMailbox(w, r, sub, c, wrong)
		return
	}
	s.codeWasTyped(result.Code)
	s.accept(w, r, sub, result, &view{page: "done", status: http.StatusOK, act: string(act), files: kept, bad: sub.badFiles})
}

// codeWasTyped drops the pages that show a code, once the reporter has typed it.
func (s *server) codeWasTyped(c reportcode.Code) {
	d := codeDigits(c)
	defer d.wipe()
	s.codePages.dropTagged(codeTag(d.String()))
}

// refuseUnknown says that a code has no case. It derives nothing: the caller has.
func (s *server) refuseUnknown(w http.ResponseWriter, r *http.Request, sub *submission, c reportcode.Code) {
	missed := incident.Errors{{Field: "code", Code: codeUnknown}}
	if wantsJSON(r) {
		s.refuse(w, r, sub.body, invalid(missed))
		return
	}
	s.codeWasTyped(c)
	s.show(w, r, sub.body, &view{page: "ask", status: http.StatusOK, wrong: missed, form: incident.Form{"code": sub.form["code"]}})
}

// openMailbox shows the mailbox of a code, with refusals if there are any. A code without a case and one without
// messages take the same status, size and, in intake, work.
func (s *server) openMailbox(w http.ResponseWriter, r *http.Request, sub *submission, c reportcode.Code, wrong incident.Errors) {
	if !s.mailboxSlots.acquire(sub.ctx, s.options.QueueTime) {
		sub.refuse(w, r, refusalBusy)
		return
	}
	defer s.mailboxSlots.release()
	box, err := s.intake.Mailbox(sub.ctx, c)
	unknown := err != nil && refusalFromIntake(err).fields.Of("code") == codeUnknown
	if err != nil && !unknown {
		sub.refuse(w, r, refusalFromIntake(err))
		return
	}
	switch {
	case unknown:
		s.refuseUnknown(w, r, sub, c)
		return
	case wantsJSON(r) && len(wrong) > 0:
		s.refuse(w, r, sub.body, invalid(wrong))
		return
	}
	s.codeWasTyped(c)
	d := codeDigits(c)
	defer d.wipe()
	v := &view{page: "mailbox", status: http.StatusOK, code: d.String(), wrong: wrong, consent: box.Consent}
	if sub.first("act") == receiptAct {
		if !v.receiptOf(box, sub.first("number")) {
			s.refuse(w, r, sub.body, refusal{status: http.StatusNotFound, code: "notfound"})
			return
		}
		s.show(w, r, sub.body, v)
		return
	}
	if len(wrong) > 0 {
		v.status, v.form, v.bad = http.StatusUnprocessableEntity, sub.form, sub.badFiles
	}
	v.messages, v.nextPage = pageOfMessages(box.Replies, pageNumber(sub.first("page")))
	for i := max(0, len(box.Sent)-maxReceipts); i < len(box.Sent); i++ {
		sent := box.Sent[i]
		v.receipts = append(v.receipts, receiptRow{Number: i + 1, Day: dayNumber(sent.Day), Act: string(sent.Act), Entered: sent.Receipt != nil})
	}
	s.show(w, r, sub.body, v)
}

func pageNumber(typed string) int {
	if n, err := strconv.Atoi(typed); err == nil && n >= 1 {
		return n
	}
	return 1
}

// maxReceipts is how many submissions are listed, the newest.
const maxReceipts = 40

// receiptOf makes the view one of a receipt. It reports false where there is no such submission.
func (v *view) receiptOf(box *intake.Mailbox, number string) bool {
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n < 1 || n > len(box.Sent) {
		return false
	}
	v.page, v.number, v.promise = "receipt", n, string(box.Sent[n-1].Receipt)
	return true
}
