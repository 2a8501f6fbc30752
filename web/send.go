package web

import (
	"net/http"
	"strings"

	"zapis/crypto/reportcode"
	"zapis/internal/incident"
	"zapis/internal/server/intake"
)

// accepted is what a program gets for a report or a follow-up. Promise is the whole promise file.
type acceptedJSON struct {
	Code    string `json:"code"`
	Promise string `json:"promise"`
}

// postSend takes a first report.
func (s *server) postSend(w http.ResponseWriter, r *http.Request) {
	sub := s.readSubmission(w, r, redisplayReport)
	if sub == nil {
		return
	}
	defer sub.close()
	report, wrong := incident.Validate(sub.form, s.options.Now(), incident.ActReport)
	if wrong = append(wrong, sub.fileErrors...); len(wrong) > 0 {
		sub.refuse(w, r, invalid(wrong))
		return
	}
	err := sub.ensureDraft()
	var result intake.Result
	if err == nil {
		result, err = sub.draft.Send(sub.ctx, report, sub.nonce())
	}
	if err != nil {
		sub.refuse(w, r, refusalFromIntake(err))
		return
	}
	s.respond(w, r, sub.body, func() {
		if wantsJSON(r) {
			writeJSON(w, http.StatusCreated, acceptedJSON{result.Code.Digits(), string(result.Promise)})
			return
		}
		loc := s.localizerFor(r)
		loc.sendPage(w, http.StatusOK, "sent", loc.sent(s, result))
	})
}

// formAgain is the form with what was typed. Its languages are buttons, so that nothing is lost by choosing one.
func redisplayReport(loc *localizer, sub *submission, why refusal) (string, any) {
	p := loc.form(sub.form, sub.nonce(), why.fields)
	p.Error = loc.errorBanner(why, sub.s)
	p.Truncated = sub.fields.truncated
	p.Switch = &languageSwitch{Path: "again", Form: "report"}
	return "form", p
}

// postAgain shows the form in another language with what was typed. Nothing is stored.
func (s *server) postRedisplay(w http.ResponseWriter, r *http.Request) {
	sub := s.readSubmission(w, r, redisplayReport)
	if sub == nil {
		return
	}
	defer sub.close()
	_, wrong := incident.Validate(sub.form, s.options.Now(), incident.ActReport)
	why := invalid(wrong)
	if len(wrong) == 0 {
		why.status = http.StatusOK
		sub.redisplayForm(w, r, why) // also to a program: nothing was refused, and there is nothing but the page
		return
	}
	sub.refuse(w, r, why)
}

// postFiles takes files for the case that the code opens.
func (s *server) postFiles(w http.ResponseWriter, r *http.Request) {
	sub := s.readSubmission(w, r, redisplayFiles)
	if sub == nil {
		return
	}
	defer sub.close()
	c, wrong := sub.code()
	report, more := incident.Validate(sub.form, s.options.Now(), incident.ActFollowUp)
	wrong = append(append(wrong, more...), sub.fileErrors...)
	if len(wrong) == 0 && sub.filesKept == 0 && report.IsEmpty() {
		wrong = incident.Errors{{Field: incident.FileField, Code: incident.Nothing}}
	}
	if len(wrong) > 0 {
		sub.refuse(w, r, invalid(wrong))
		return
	}
	err := sub.ensureDraft()
	var result intake.Result
	if err == nil {
		result, err = sub.draft.SendFollowUp(sub.ctx, c, incident.ActFollowUp, report, sub.nonce())
	}
	if err != nil {
		sub.refuse(w, r, refusalFromIntake(err))
		return
	}
	s.respond(w, r, sub.body, func() {
		if wantsJSON(r) {
			writeJSON(w, http.StatusCreated, acceptedJSON{c.Digits(), string(result.Promise)})
			return
		}
		loc := s.localizerFor(r)
		loc.sendPage(w, http.StatusOK, "sent", loc.added(s, c, sub.filesKept, result))
	})
}

// filesAgain is the form for files: choosing them again is the one thing that a browser cannot spare anybody.
func redisplayFiles(loc *localizer, sub *submission, why refusal) (string, any) {
	p := loc.filesPage(sub.s, sub.first("code"))
	p.Heading = loc.t("files.heading")
	p.Error = loc.errorBanner(why, sub.s)
	p.Errors = loc.errorLinks(why.fields, onFiles)
	p.filesForm = loc.filesForm(sub.s, sub, why.fields)
	if code := why.fields.Of("code"); code != "" {
		p.CodeWrong = loc.errorSentence(incident.FieldError{Field: "code", Code: code})
	}
	p.Switch = mailboxSwitch(p.Digits)
	return "sent", p
}

// sentPage is the page after sending: the code, the way to add files, the promise.
type sentPage struct {
	base
	Heading, Thanks string
	Code            []string // in groups; nil where it was shown before
	Digits          string
	Errors          []errorLink
	CodeWrong       string // then the code is asked for again
	Nonce, Filler   string
	filesForm
	proof
}

// filesForm is the part of a form that takes files.
type filesForm struct {
	Slots     int
	Each, All string // limits, in words
	FileWrong string
	Identify  bool
}

func (loc *localizer) filesForm(s *server, sub *submission, wrong incident.Errors) filesForm {
	f := filesForm{Slots: s.limits.Files, Each: loc.size(s.limits.File), All: loc.size(s.limits.Report)}
	if sub != nil {
		f.Identify = sub.first("files_identify") == "yes"
	}
	if code := wrong.Of(incident.FileField); code != "" {
		f.FileWrong = loc.errorSentence(incident.FieldError{Field: incident.FileField, Code: code})
	}
	return f
}

func (loc *localizer) filesPage(s *server, digits string) sentPage {
	return sentPage{base: loc.base("mailbox"), Digits: digits, Nonce: newNonce(), Filler: newFiller(), filesForm: loc.filesForm(s, nil, nil)}
}

// sent is the page for a first report.
func (loc *localizer) sent(s *server, result intake.Result) sentPage {
	p := loc.filesPage(s, result.Code.Digits())
	p.Heading, p.Thanks = loc.t("sent.heading"), loc.t("sent.thanks")
	p.Code = strings.Fields(p.Digits)
	p.proof = newProof(result.Promise)
	p.Switch = &languageSwitch{Path: "sent", Hidden: []hiddenField{{"code", p.Digits}, {"promise", p.Proof}}}
	return p
}

// added is the page for files that came later.
func (loc *localizer) added(s *server, c reportcode.Code, files int, result intake.Result) sentPage {
	p := loc.filesPage(s, c.Digits())
	p.Heading, p.Thanks = loc.n("files.done", files), loc.t("files.done.text")
	p.proof = newProof(result.Promise)
	p.Switch = mailboxSwitch(p.Digits)
	return p
}

// postSent shows the page with the code again, in another language. Nothing is looked up: the page comes from what the
// page before it sent along.
func (s *server) postSent(w http.ResponseWriter, r *http.Request) {
	sub := s.readSubmission(w, r, redisplayMailbox)
	if sub == nil {
		return
	}
	defer sub.close()
	c, wrong := sub.code()
	promise := strings.ReplaceAll(sub.first("promise"), "\r\n", "\n")
	if len(wrong) > 0 || sub.filesSeen > 0 || !strings.HasPrefix(promise, "zapis/promise/v1\n") {
		sub.discard()
		s.refuse(w, r, sub.body, refusal{status: http.StatusBadRequest, code: "type"})
		return
	}
	s.respond(w, r, sub.body, func() {
		loc := s.localizerFor(r)
		loc.sendPage(w, http.StatusOK, "sent", loc.sent(s, intake.Result{Code: c, Promise: []byte(promise)}))
	})
}
