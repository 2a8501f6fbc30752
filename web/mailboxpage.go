package web

import (
	"encoding/base64"
	"html/template"
	"slices"
	"time"

	"zapis/internal/incident"
	"zapis/internal/server/intake"
)

// askPage asks for the code.
type askPage struct {
	base
	Filler string
	codeEntry
}

func (loc *localizer) ask(typed []string, wrong incident.Errors) askPage {
	return askPage{base: loc.base("mailbox"), Filler: newFiller(), codeEntry: loc.codeEntry(typed, wrong)}
}

func presentAsk(s *server, loc *localizer, v *view) (string, any) {
	p := loc.ask(v.form["code"], v.wrong)
	p.fail(loc, s, v)
	return "ask", p
}

// donePage confirms an act.
type donePage struct {
	base
	Digits  string
	Heading string
	Reading string
	Bad     []string
	proof
}

func presentDone(_ *server, loc *localizer, v *view) (string, any) {
	p := donePage{base: loc.base(""), Digits: v.code, Heading: loc.t("done." + v.act), Reading: loc.readingDays(), Bad: loc.badFiles(v.bad),
		proof: newProof(v.promise)}
	p.Switch = mailboxSwitch(v.code)
	return "done", p
}

// proof is a promise or a receipt, to read and to save. A data link needs no second request, which would have to name
// the report.
type proof struct {
	Proof     string
	ProofLink template.URL
}

func newProof(file string) proof {
	return proof{file, template.URL("data:application/octet-stream;base64," + base64.StdEncoding.EncodeToString([]byte(file)))}
}

// mailboxSwitch makes the languages of a page buttons that open the mailbox.
func mailboxSwitch(digits string) *languageSwitch {
	return &languageSwitch{Path: "mailbox", Hidden: []hiddenField{{"code", digits}}}
}

// mailboxPage is an open mailbox.
type mailboxPage struct {
	formPage
	Digits   string
	Messages []shownMessage
	Next     int // the number of the page of messages that follows, or 0
	Receipts []shownReceipt
	Reading  string
	Consent  shownConsent
	filesForm
}

// shownConsent is what the reporter allows now, as sentences.
type shownConsent struct {
	Known    bool
	Allowed  []string // in force
	Narrowed bool     // more is ticked than is in force
	Taken    string   // that, and since when, the case is withdrawn; empty where it is not
}

func (loc *localizer) consent(c intake.Consent) shownConsent {
	shown := shownConsent{Known: c.Known, Narrowed: len(c.InForce) < len(c.Given)}
	for _, code := range c.InForce {
		shown.Allowed = append(shown.Allowed, loc.consentLabel(code))
	}
	switch {
	case c.Taken == "":
	case c.Since.IsZero():
		shown.Taken = loc.t("mailbox.taken." + string(c.Taken))
	default:
		shown.Taken = loc.t("mailbox.taken."+string(c.Taken)+".since", "date", loc.date(c.Since))
	}
	return shown
}

// day counts days since 1970-01-01, UTC; 0 is no day.
type day int32

func dayNumber(t time.Time) day {
	if t.IsZero() {
		return 0
	}
	return day(t.Unix() / (24 * 60 * 60))
}

func (d day) time() time.Time {
	if d == 0 {
		return time.Time{}
	}
	return time.Unix(int64(d)*24*60*60, 0).UTC()
}

type receiptRow struct {
	Number  int
	Day     day
	Act     string
	Entered bool
}

type shownReceipt struct {
	Number  int
	What    string // "Report, 2026-05-17"
	Entered bool
}

func presentMailbox(s *server, loc *localizer, v *view) (string, any) {
	typed := v.form
	if !slices.Contains([]string{"consent", ""}, v.first("act")) || len(v.wrong) == 0 {
		typed = prefilled(v)
	}
	p := mailboxPage{formPage: loc.form(typed, newNonce(), v.wrong, s.attended()), Digits: v.code, Next: v.nextPage, Reading: loc.readingDays(),
		Consent: loc.consent(v.consent), filesForm: loc.filesForm(s, v, v.wrong)}
	p.Path = "mailbox"
	p.Errors = loc.errorLinks(v.wrong, onMailbox)
	p.fail(loc, s, v)
	p.Switch = mailboxSwitch(v.code)
	for _, m := range v.messages {
		p.Messages = append(p.Messages, loc.message(m))
	}
	for _, row := range v.receipts {
		what := loc.t("sent.act." + row.Act)
		if row.Day != 0 {
			what += ", " + loc.date(row.Day.time())
		}
		p.Receipts = append(p.Receipts, shownReceipt{row.Number, what, row.Entered})
	}
	return "mailbox", p
}

// prefilled holds the values typed into the mailbox's other forms, and the consents in force.
func prefilled(v *view) incident.Form {
	f := incident.Form{}
	for name, values := range v.form {
		if name != "consent" && name != "person_agrees" {
			f[name] = values
		}
	}
	if v.consent.Known {
		f["consent"] = v.consent.Given
		if v.consent.Agrees != "" {
			f["person_agrees"] = []string{v.consent.Agrees}
		}
	}
	return f
}

func presentAdd(s *server, loc *localizer, v *view) (string, any) {
	code := ""
	if c, wrong := readCode(v.form["code"]); len(wrong) == 0 {
		code = c.Digits()
		c.Wipe()
	}
	v.code = code
	p := mailboxPage{formPage: loc.form(v.form, v.first("form"), v.wrong, s.attended()), Digits: code, filesForm: loc.filesForm(s, v, v.wrong)}
	p.fail(loc, s, v)
	p.Path, p.Switch = "mailbox", mailboxSwitch(code)
	return "add", p
}

// IsWrong reports whether one of these fields was refused.
func (p mailboxPage) IsWrong(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return p.wrong.Of(n) != "" })
}

// Withdrawal returns the two ways of withdrawing; neither is preselected.
func (p mailboxPage) Withdrawal() control {
	c := control{ID: "act", Label: p.loc.t("mailbox.take"), Wrong: p.wrongWith("act")}
	for _, act := range []incident.Act{incident.ActStop, incident.ActDelete} {
		key := "mailbox." + string(act)
		c.Choices = append(c.Choices, choice{ID: "act-" + string(act), Code: string(act), Label: p.loc.t(key), Hint: p.loc.t(key + ".hint")})
	}
	return c
}

// receiptPage shows one receipt.
type receiptPage struct {
	base
	Digits  string
	Number  int
	Entered bool
	proof
}

func presentReceipt(_ *server, loc *localizer, v *view) (string, any) {
	p := receiptPage{base: loc.base("mailbox"), Digits: v.code, Number: v.number}
	p.Switch = mailboxSwitch(v.code)
	if v.promise != "" {
		p.Entered, p.proof = true, newProof(v.promise)
	}
	return "receipt", p
}
