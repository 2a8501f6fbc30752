package web

import (
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"zapis/crypto/reportcode"
	"zapis/internal/incident"
	"zapis/internal/server/intake"
)

// The mailbox has no session: each POST carries the code, in its body and never in an address. The field `act` says what
// to do: nothing opens it, one of the acts of incident is done, receiptAct shows one receipt.
const (
	receiptAct  = "receipt"
	withdrawAct = "withdraw" // what the button for taking back sends: alone, where neither way was chosen
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
		sub.refuse(w, r, invalid(wrong)) // nothing was looked up: the digits alone say that this is no code
		return
	}
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

// mailboxAgain asks for the code again, or gives back the words that were to be added.
func redisplayMailbox(loc *localizer, sub *submission, why refusal) (string, any) {
	if sub.first("act") == string(incident.ActFollowUp) && why.fields.Of("code") == "" {
		p := mailboxPage{formPage: loc.form(sub.form, sub.nonce(), why.fields), Digits: sub.first("code"), filesForm: loc.filesForm(sub.s, sub, why.fields)}
		p.Path, p.Switch, p.Error = "mailbox", mailboxSwitch(p.Digits), loc.errorBanner(why, sub.s)
		return "add", p
	}
	p := loc.ask(sub.first("code"), why.fields)
	p.Error = loc.errorBanner(why, sub.s)
	return "ask", p
}

// addToCase does what the reporter asks of their case.
func (s *server) submitToCase(w http.ResponseWriter, r *http.Request, sub *submission, c reportcode.Code, act incident.Act) {
	report, wrong := incident.Validate(sub.form, s.options.Now(), act)
	wrong = append(wrong, sub.fileErrors...)
	if act == incident.ActFollowUp && len(wrong) == 0 && sub.filesKept == 0 && report.IsEmpty() {
		wrong = incident.Errors{{Field: "narrative", Code: incident.Nothing}}
	}
	var result intake.Result
	if len(wrong) == 0 {
		err := sub.ensureDraft()
		if err == nil {
			result, err = sub.draft.SendFollowUp(sub.ctx, c, act, report, sub.nonce())
		}
		if err != nil {
			why := refusalFromIntake(err)
			if len(why.fields) == 0 {
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
	s.respond(w, r, sub.body, func() {
		if wantsJSON(r) {
			writeJSON(w, http.StatusCreated, acceptedJSON{c.Digits(), string(result.Promise)})
			return
		}
		loc := s.localizerFor(r)
		p := donePage{base: loc.base(""), Digits: c.Digits(), Heading: loc.t("done." + string(act)), proof: newProof(result.Promise)}
		p.Switch = mailboxSwitch(p.Digits)
		loc.sendPage(w, http.StatusOK, "done", p)
	})
}

// openMailbox shows what the code opens, with what was refused, if anything. A code without a case and one without
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
	status := http.StatusOK
	if len(wrong) > 0 && !unknown {
		status = http.StatusUnprocessableEntity
	}
	s.respond(w, r, sub.body, func() {
		loc := s.localizerFor(r)
		missed := incident.Errors{{Field: "code", Code: codeUnknown}}
		switch {
		case wantsJSON(r) && unknown:
			writeJSON(w, http.StatusUnprocessableEntity, invalid(missed).json())
		case wantsJSON(r) && len(wrong) > 0:
			writeJSON(w, status, invalid(wrong).json())
		case unknown:
			loc.sendPage(w, http.StatusOK, "ask", loc.ask(sub.first("code"), missed))
		case sub.first("act") == receiptAct:
			s.showReceipt(w, r, box, c, sub.first("number"))
		default:
			loc.sendPage(w, status, "mailbox", loc.mailbox(s, sub, box, c, wrong))
		}
	})
}

// askPage asks for the code.
type askPage struct {
	base
	Digits string
	Filler string
	Wrong  string
}

func (loc *localizer) ask(typed string, wrong incident.Errors) askPage {
	p := askPage{base: loc.base("mailbox"), Digits: typed, Filler: newFiller()}
	if len(wrong) > 0 {
		p.Wrong = loc.errorSentence(wrong[0])
	}
	return p
}

// donePage says that an act was done.
type donePage struct {
	base
	Digits  string
	Heading string
	proof
}

// proof is a promise or a receipt, to read and to save. A data link needs no second request, which would have to name
// the report.
type proof struct {
	Proof     string
	ProofLink template.URL
}

func newProof(file []byte) proof {
	return proof{string(file), template.URL("data:application/octet-stream;base64," + base64.StdEncoding.EncodeToString(file))}
}

// reopen makes the languages of a page buttons that open the mailbox.
func mailboxSwitch(digits string) *languageSwitch {
	return &languageSwitch{Path: "mailbox", Hidden: []hiddenField{{"code", digits}}}
}

// mailboxPage is an open mailbox.
type mailboxPage struct {
	formPage
	Digits   string
	Messages []message
	Next     int // the number of the page of messages that follows, or 0
	Receipts []receiptRow
	filesForm
}

type message struct {
	Heading string
	Text    string
}

type receiptRow struct {
	Number  int
	Entered bool
}

// messagesRoom is how many bytes of messages, escaped, stand on one page, so that it keeps its size.
const messagePageBytes = 24 << 10

// maxReceipts is how many submissions are listed, the newest.
const maxReceipts = 40

func (loc *localizer) mailbox(s *server, sub *submission, box *intake.Mailbox, c reportcode.Code, wrong incident.Errors) mailboxPage {
	typed := incident.Form{}
	if len(wrong) > 0 {
		typed = sub.form
	}
	p := mailboxPage{formPage: loc.form(typed, newNonce(), wrong), Digits: c.Digits(), filesForm: loc.filesForm(s, sub, wrong)}
	p.Path = "mailbox"
	p.Errors = loc.errorLinks(wrong, onMailbox)
	p.Switch = mailboxSwitch(p.Digits)
	page, err := strconv.Atoi(sub.first("page"))
	if err != nil || page < 1 {
		page = 1
	}
	p.Messages, p.Next = loc.messages(box.Replies, page)
	for i := max(0, len(box.Sent)-maxReceipts); i < len(box.Sent); i++ {
		p.Receipts = append(p.Receipts, receiptRow{i + 1, box.Sent[i].Receipt != nil})
	}
	return p
}

// Withdrawal are the two ways of taking back; neither is chosen beforehand.
func (p mailboxPage) Withdrawal() control {
	c := control{ID: "act", Label: p.g.t("mailbox.take"), Wrong: p.wrongWith("act")}
	for _, act := range []incident.Act{incident.ActStop, incident.ActDelete} {
		key := "mailbox." + string(act)
		c.Choices = append(c.Choices, choice{ID: "act-" + string(act), Code: string(act), Label: p.g.t(key), Hint: p.g.t(key + ".hint")})
	}
	return c
}

// messages lays replies out on pages of messagesRoom, breaking a long one where it must, and gives one page.
func (loc *localizer) messages(replies []intake.Reply, page int) (on []message, next int) {
	at, used := 1, 0
	for i, reply := range replies {
		text := reply.Text
		switch {
		case reply.Erased:
			text = loc.t("mailbox.erased")
		case reply.Broken:
			text = loc.t("mailbox.broken")
		}
		for first := true; first || text != ""; first = false {
			piece, rest := cutEscaped(text, messagePageBytes-used)
			if piece == "" && text != "" {
				at, used = at+1, 0
				continue
			}
			if at == page {
				on = append(on, message{loc.t("mailbox.message", "n", i+1), piece})
			}
			used += escapedLen(piece) + messageMarkup
			text = rest
		}
	}
	if page < at {
		next = page + 1
	}
	return on, next
}

// messageMarkup is about what stands around a message.
const messageMarkup = 120

func escapedLen(s string) int { return len(template.HTMLEscapeString(s)) }

// cutEscaped takes as many whole characters off s as are at most room bytes when escaped.
func cutEscaped(s string, room int) (piece, rest string) {
	if escapedLen(s) <= room {
		return s, ""
	}
	used := 0
	for i, r := range s {
		if used += escapedLen(string(r)); used > room {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// receiptPage shows one receipt.
type receiptPage struct {
	base
	Digits  string
	Number  int
	Entered bool
	proof
}

func (s *server) showReceipt(w http.ResponseWriter, r *http.Request, box *intake.Mailbox, c reportcode.Code, number string) {
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n < 1 || n > len(box.Sent) {
		s.showRefusal(w, r, refusal{status: http.StatusNotFound, code: "notfound"})
		return
	}
	loc := s.localizerFor(r)
	p := receiptPage{base: loc.base("mailbox"), Digits: c.Digits(), Number: n}
	p.Switch = mailboxSwitch(p.Digits)
	if receipt := box.Sent[n-1].Receipt; receipt != nil {
		p.Entered, p.proof = true, newProof(receipt)
	}
	loc.sendPage(w, http.StatusOK, "receipt", p)
}
