package web

import (
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"zapis/crypto/code"
	"zapis/internal/incident"
	"zapis/internal/intake"
)

// The mailbox has no session: each POST carries the code, in its body and never in an address. The field `act` says what
// to do: nothing opens it, one of the acts of incident is done, receiptAct shows one receipt.
const (
	receiptAct  = "receipt"
	withdrawAct = "withdraw" // what the button for taking back sends: alone, where neither way was chosen
)

// getMailbox asks for the code.
func (s *server) getMailbox(w http.ResponseWriter, r *http.Request) {
	g := s.tongueOf(r)
	w.Header().Add("Vary", "Accept-Language")
	g.showBlank(w, g.blankAsk)
}

func (s *server) postMailbox(w http.ResponseWriter, r *http.Request) {
	t := s.take(w, r, mailboxAgain)
	if t == nil {
		return
	}
	defer t.done()
	c, wrong := t.code()
	if len(wrong) > 0 {
		t.refuse(w, r, invalid(wrong)) // nothing was looked up: the digits alone say that this is no code
		return
	}
	switch act := t.one("act"); act {
	case "", receiptAct:
		if t.files > 0 {
			t.refuse(w, r, refusal{status: http.StatusBadRequest, code: "type"})
			return
		}
		s.openMailbox(w, r, t, c, nil)
	case string(incident.ActFollowUp), string(incident.ActConsent), string(incident.ActStop), string(incident.ActDelete):
		s.addToCase(w, r, t, c, incident.Act(act))
	case withdrawAct: // the form was sent without choosing
		s.openMailbox(w, r, t, c, incident.Errors{{Field: "act", Code: incident.Required}})
	default:
		s.openMailbox(w, r, t, c, incident.Errors{{Field: "act", Code: incident.UnknownCode}})
	}
}

// mailboxAgain asks for the code again, or gives back the words that were to be added.
func mailboxAgain(g *tongue, t *taking, why refusal) (string, any) {
	if t.one("act") == string(incident.ActFollowUp) && why.fields.Of("code") == "" {
		p := mailboxPage{formPage: g.form(t.typed, t.nonce(), why.fields), Digits: t.one("code"), filesForm: g.filesForm(t.s, t, why.fields)}
		p.Path, p.Switch, p.Fault = "mailbox", reopen(p.Digits), g.banner(why, t.s)
		return "add", p
	}
	p := g.ask(t.one("code"), why.fields)
	p.Fault = g.banner(why, t.s)
	return "ask", p
}

// addToCase does what the reporter asks of their case.
func (s *server) addToCase(w http.ResponseWriter, r *http.Request, t *taking, c code.Code, act incident.Act) {
	report, wrong := incident.Validate(t.typed, s.options.Now(), act)
	wrong = append(wrong, t.wrong...)
	if act == incident.ActFollowUp && len(wrong) == 0 && t.kept == 0 && report.IsEmpty() {
		wrong = incident.Errors{{Field: "narrative", Code: incident.Nothing}}
	}
	var result intake.Result
	if len(wrong) == 0 {
		err := t.begin()
		if err == nil {
			result, err = t.draft.SendFollowUp(t.ctx, c, act, report, t.nonce())
		}
		if err != nil {
			why := intakeRefusal(err)
			if len(why.fields) == 0 {
				t.refuse(w, r, why)
				return
			}
			wrong = why.fields
		}
	}
	if len(wrong) > 0 {
		t.discard()
		s.openMailbox(w, r, t, c, wrong)
		return
	}
	s.answer(w, r, t.body, func() {
		if wantsJSON(r) {
			writeJSON(w, http.StatusCreated, accepted{c.Digits(), string(result.Promise)})
			return
		}
		g := s.tongueOf(r)
		p := donePage{base: g.base(""), Digits: c.Digits(), Heading: g.t("done." + string(act)), proof: newProof(result.Promise)}
		p.Switch = reopen(p.Digits)
		g.show(w, http.StatusOK, "done", p)
	})
}

// openMailbox shows what the code opens, with what was refused, if anything. A code without a case and one without
// messages take the same status, size and, in intake, work.
func (s *server) openMailbox(w http.ResponseWriter, r *http.Request, t *taking, c code.Code, wrong incident.Errors) {
	if !s.codes.enter(t.ctx, s.options.Queue) {
		t.refuse(w, r, busy)
		return
	}
	defer s.codes.leave()
	box, err := s.intake.Mailbox(t.ctx, c)
	unknown := err != nil && intakeRefusal(err).fields.Of("code") == codeUnknown
	if err != nil && !unknown {
		t.refuse(w, r, intakeRefusal(err))
		return
	}
	status := http.StatusOK
	if len(wrong) > 0 && !unknown {
		status = http.StatusUnprocessableEntity
	}
	s.answer(w, r, t.body, func() {
		g := s.tongueOf(r)
		missed := incident.Errors{{Field: "code", Code: codeUnknown}}
		switch {
		case wantsJSON(r) && unknown:
			writeJSON(w, http.StatusUnprocessableEntity, invalid(missed).json())
		case wantsJSON(r) && len(wrong) > 0:
			writeJSON(w, status, invalid(wrong).json())
		case unknown:
			g.show(w, http.StatusOK, "ask", g.ask(t.one("code"), missed))
		case t.one("act") == receiptAct:
			s.showReceipt(w, r, box, c, t.one("number"))
		default:
			g.show(w, status, "mailbox", g.mailbox(s, t, box, c, wrong))
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

func (g *tongue) ask(typed string, wrong incident.Errors) askPage {
	p := askPage{base: g.base("mailbox"), Digits: typed, Filler: filler()}
	if len(wrong) > 0 {
		p.Wrong = g.sentence(wrong[0])
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
func reopen(digits string) *languageSwitch {
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
const messagesRoom = 24 << 10

// maxReceipts is how many submissions are listed, the newest.
const maxReceipts = 40

func (g *tongue) mailbox(s *server, t *taking, box *intake.Mailbox, c code.Code, wrong incident.Errors) mailboxPage {
	typed := incident.Form{}
	if len(wrong) > 0 {
		typed = t.typed
	}
	p := mailboxPage{formPage: g.form(typed, newNonce(), wrong), Digits: c.Digits(), filesForm: g.filesForm(s, t, wrong)}
	p.Path = "mailbox"
	p.Errors = g.errorLinks(wrong, onMailbox)
	p.Switch = reopen(p.Digits)
	page, err := strconv.Atoi(t.one("page"))
	if err != nil || page < 1 {
		page = 1
	}
	p.Messages, p.Next = g.messages(box.Replies, page)
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
func (g *tongue) messages(replies []intake.Reply, page int) (on []message, next int) {
	at, used := 1, 0
	for i, reply := range replies {
		text := reply.Text
		switch {
		case reply.Erased:
			text = g.t("mailbox.erased")
		case reply.Broken:
			text = g.t("mailbox.broken")
		}
		for first := true; first || text != ""; first = false {
			piece, rest := cutEscaped(text, messagesRoom-used)
			if piece == "" && text != "" {
				at, used = at+1, 0
				continue
			}
			if at == page {
				on = append(on, message{g.t("mailbox.message", "n", i+1), piece})
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

func (s *server) showReceipt(w http.ResponseWriter, r *http.Request, box *intake.Mailbox, c code.Code, number string) {
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n < 1 || n > len(box.Sent) {
		s.showRefusal(w, r, refusal{status: http.StatusNotFound, code: "notfound"})
		return
	}
	g := s.tongueOf(r)
	p := receiptPage{base: g.base("mailbox"), Digits: c.Digits(), Number: n}
	p.Switch = reopen(p.Digits)
	if receipt := box.Sent[n-1].Receipt; receipt != nil {
		p.Entered, p.proof = true, newProof(receipt)
	}
	g.show(w, http.StatusOK, "receipt", p)
}
