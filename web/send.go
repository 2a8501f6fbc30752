package web

import (
	"net/http"
	"strings"

	"zapis/crypto/code"
	"zapis/internal/incident"
	"zapis/internal/intake"
)

// accepted is what a program gets for a report or a follow-up. Promise is the whole promise file.
type accepted struct {
	Code    string `json:"code"`
	Promise string `json:"promise"`
}

// postSend takes a first report.
func (s *server) postSend(w http.ResponseWriter, r *http.Request) {
	t := s.take(w, r, formAgain)
	if t == nil {
		return
	}
	defer t.done()
	report, wrong := incident.Validate(t.typed, s.options.Now(), incident.ActReport)
	if wrong = append(wrong, t.wrong...); len(wrong) > 0 {
		t.refuse(w, r, invalid(wrong))
		return
	}
	err := t.begin()
	var result intake.Result
	if err == nil {
		result, err = t.draft.Send(t.ctx, report, t.nonce())
	}
	if err != nil {
		t.refuse(w, r, intakeRefusal(err))
		return
	}
	s.answer(w, r, t.body, func() {
		if wantsJSON(r) {
			writeJSON(w, http.StatusCreated, accepted{result.Code.Digits(), string(result.Promise)})
			return
		}
		g := s.tongueOf(r)
		g.show(w, http.StatusOK, "sent", g.sent(s, result))
	})
}

// formAgain is the form with what was typed. Its languages are buttons, so that nothing is lost by choosing one.
func formAgain(g *tongue, t *taking, why refusal) (string, any) {
	p := g.form(t.typed, t.nonce(), why.fields)
	p.Fault = g.banner(why, t.s)
	p.Part = t.fields.part
	p.Switch = &languageSwitch{Path: "again", Form: "report"}
	return "form", p
}

// postAgain shows the form in another language with what was typed. Nothing is stored.
func (s *server) postAgain(w http.ResponseWriter, r *http.Request) {
	t := s.take(w, r, formAgain)
	if t == nil {
		return
	}
	defer t.done()
	_, wrong := incident.Validate(t.typed, s.options.Now(), incident.ActReport)
	why := invalid(wrong)
	if len(wrong) == 0 {
		why.status = http.StatusOK
		t.comeBack(w, r, why) // also to a program: nothing was refused, and there is nothing but the page
		return
	}
	t.refuse(w, r, why)
}

// postFiles takes files for the case that the code opens.
func (s *server) postFiles(w http.ResponseWriter, r *http.Request) {
	t := s.take(w, r, filesAgain)
	if t == nil {
		return
	}
	defer t.done()
	c, wrong := t.code()
	report, more := incident.Validate(t.typed, s.options.Now(), incident.ActFollowUp)
	wrong = append(append(wrong, more...), t.wrong...)
	if len(wrong) == 0 && t.kept == 0 && report.IsEmpty() {
		wrong = incident.Errors{{Field: incident.FileField, Code: incident.Nothing}}
	}
	if len(wrong) > 0 {
		t.refuse(w, r, invalid(wrong))
		return
	}
	err := t.begin()
	var result intake.Result
	if err == nil {
		result, err = t.draft.SendFollowUp(t.ctx, c, incident.ActFollowUp, report, t.nonce())
	}
	if err != nil {
		t.refuse(w, r, intakeRefusal(err))
		return
	}
	s.answer(w, r, t.body, func() {
		if wantsJSON(r) {
			writeJSON(w, http.StatusCreated, accepted{c.Digits(), string(result.Promise)})
			return
		}
		g := s.tongueOf(r)
		g.show(w, http.StatusOK, "sent", g.added(s, c, t.kept, result))
	})
}

// filesAgain is the form for files: choosing them again is the one thing that a browser cannot spare anybody.
func filesAgain(g *tongue, t *taking, why refusal) (string, any) {
	p := g.filesPage(t.s, t.one("code"))
	p.Heading = g.t("files.heading")
	p.Fault = g.banner(why, t.s)
	p.Errors = g.errorLinks(why.fields, onFiles)
	p.filesForm = g.filesForm(t.s, t, why.fields)
	if code := why.fields.Of("code"); code != "" {
		p.CodeWrong = g.sentence(incident.FieldError{Field: "code", Code: code})
	}
	p.Switch = reopen(p.Digits)
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

func (g *tongue) filesForm(s *server, t *taking, wrong incident.Errors) filesForm {
	f := filesForm{Slots: s.limits.Files, Each: g.size(s.limits.File), All: g.size(s.limits.Report)}
	if t != nil {
		f.Identify = t.one("files_identify") == "yes"
	}
	if code := wrong.Of(incident.FileField); code != "" {
		f.FileWrong = g.sentence(incident.FieldError{Field: incident.FileField, Code: code})
	}
	return f
}

func (g *tongue) filesPage(s *server, digits string) sentPage {
	return sentPage{base: g.base("mailbox"), Digits: digits, Nonce: newNonce(), Filler: filler(), filesForm: g.filesForm(s, nil, nil)}
}

// sent is the page for a first report.
func (g *tongue) sent(s *server, result intake.Result) sentPage {
	p := g.filesPage(s, result.Code.Digits())
	p.Heading, p.Thanks = g.t("sent.heading"), g.t("sent.thanks")
	p.Code = strings.Fields(p.Digits)
	p.proof = newProof(result.Promise)
	p.Switch = &languageSwitch{Path: "sent", Hidden: []hiddenField{{"code", p.Digits}, {"promise", p.Proof}}}
	return p
}

// added is the page for files that came later.
func (g *tongue) added(s *server, c code.Code, files int, result intake.Result) sentPage {
	p := g.filesPage(s, c.Digits())
	p.Heading, p.Thanks = g.n("files.done", files), g.t("files.done.text")
	p.proof = newProof(result.Promise)
	p.Switch = reopen(p.Digits)
	return p
}

// postSent shows the page with the code again, in another language. Nothing is looked up: the page comes from what the
// page before it sent along.
func (s *server) postSent(w http.ResponseWriter, r *http.Request) {
	t := s.take(w, r, mailboxAgain)
	if t == nil {
		return
	}
	defer t.done()
	c, wrong := t.code()
	promise := strings.ReplaceAll(t.one("promise"), "\r\n", "\n")
	if len(wrong) > 0 || t.files > 0 || !strings.HasPrefix(promise, "zapis/promise/v1\n") {
		t.discard()
		s.refuse(w, r, t.body, refusal{status: http.StatusBadRequest, code: "type"})
		return
	}
	s.answer(w, r, t.body, func() {
		g := s.tongueOf(r)
		g.show(w, http.StatusOK, "sent", g.sent(s, intake.Result{Code: c, Promise: []byte(promise)}))
	})
}
