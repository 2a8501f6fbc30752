package web

import (
	"net/http"
	"strings"

	"zapis/internal/incident"
	"zapis/internal/server/intake"
)

// isSend reports whether a request sends a first report.
func isSend(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/send") }

// postSend accepts a first report.
func (s *server) postSend(w http.ResponseWriter, r *http.Request) {
	sub := s.readSubmission(w, r, redisplayReport)
	if sub == nil {
		return
	}
	defer sub.close()
	report, wrong := s.schema.Validate(sub.form, s.options.Now(), incident.ActReport)
	if wrong = append(wrong, sub.fileErrors...); len(wrong) > 0 {
		sub.refuse(w, r, invalid(wrong))
		return
	}
	result, err := s.once(sub, func() (intake.Result, error) {
		if err := sub.ensureDraft(); err != nil {
			return intake.Result{}, err
		}
		return sub.draft.Send(sub.ctx, report, sub.nonce())
	})
	if err != nil {
		sub.refuse(w, r, refusalFromIntake(err))
		return
	}
	s.accept(w, r, sub, result, &view{page: "code", status: http.StatusOK})
}

// accept answers a submission that was stored: a program with the code and the promise, a browser with a page. The files
// of a submission that was stored before leave the disk first: after the answer nothing is left of them.
func (s *server) accept(w http.ResponseWriter, r *http.Request, sub *submission, result intake.Result, v *view) {
	sub.discard()
	d := codeDigits(result.Code)
	defer d.wipe()
	defer result.Code.Wipe()
	if wantsJSON(r) {
		s.respond(w, r, sub.body, func() { writeAccepted(w, d, result.Promise) })
		return
	}
	v.code, v.promise = d.String(), string(result.Promise)
	s.show(w, r, sub.body, v)
}

// redisplayReport returns the form with the typed answers.
func redisplayReport(sub *submission, why refusal) *view {
	return &view{page: "form", wrong: why.fields, form: sub.form, truncated: sub.fields.truncated}
}

// postRedisplay shows the form in another language with the typed answers. It stores nothing.
func (s *server) postRedisplay(w http.ResponseWriter, r *http.Request) {
	sub := s.readSubmission(w, r, redisplayReport)
	if sub == nil {
		return
	}
	defer sub.close()
	_, wrong := s.schema.Validate(sub.form, s.options.Now(), incident.ActReport)
	why := invalid(wrong)
	if len(wrong) == 0 {
		why.status = http.StatusOK
		sub.show(w, r, why) // also for a program: nothing was refused, and there is only the page
		return
	}
	sub.refuse(w, r, why)
}

// postFiles accepts files for the case of a code.
func (s *server) postFiles(w http.ResponseWriter, r *http.Request) {
	sub := s.readSubmission(w, r, redisplayFiles)
	if sub == nil {
		return
	}
	defer sub.close()
	c, wrong := sub.code()
	report, more := s.schema.Validate(sub.form, s.options.Now(), incident.ActFollowUp)
	wrong = append(wrong, more...)
	why, refused := sub.refusedFiles()
	switch {
	case refused && len(wrong) == 0:
		sub.refuse(w, r, why)
		return
	case refused && why.code == invalidCode:
		wrong = append(wrong, why.fields...)
	case len(wrong) == 0 && sub.filesKept == 0 && report.IsEmpty():
		wrong = incident.Errors{{Field: incident.FileField, Code: incident.Nothing}}
	}
	if len(wrong) > 0 {
		sub.refuse(w, r, invalid(wrong))
		return
	}
	kept := sub.filesKept
	result, err := s.once(sub, func() (intake.Result, error) {
		if err := sub.ensureDraft(); err != nil {
			return intake.Result{}, err
		}
		return sub.draft.SendFollowUp(sub.ctx, c, incident.ActFollowUp, report, sub.nonce())
	})
	if err != nil {
		sub.refuse(w, r, refusalFromIntake(err))
		return
	}
	s.codeWasTyped(result.Code)
	s.accept(w, r, sub, result, &view{page: "files", status: http.StatusOK, files: kept, bad: sub.badFiles})
}

// redisplayFiles returns the form for files: a browser does not keep the selection.
func redisplayFiles(sub *submission, why refusal) *view {
	return &view{page: "files", wrong: why.fields, form: withoutNarrative(sub.form), bad: sub.badFiles}
}

func withoutNarrative(f incident.Form) incident.Form {
	return incident.Form{"code": f["code"], "files_identify": f["files_identify"]}
}

// postSent shows the page with the code in another language. It looks nothing up: the previous page sends the content
// along.
func (s *server) postSent(w http.ResponseWriter, r *http.Request) {
	sub := s.readSubmission(w, r, redisplayMailbox)
	if sub == nil {
		return
	}
	defer sub.close()
	c, wrong := sub.code()
	promise := sub.first("promise")
	if len(wrong) > 0 || sub.filesSeen > 0 || !strings.HasPrefix(promise, "zapis/promise/v1\n") {
		sub.discard()
		s.refuse(w, r, sub.body, refusal{status: http.StatusBadRequest, code: "type"})
		return
	}
	d := codeDigits(c)
	defer d.wipe()
	defer c.Wipe()
	s.show(w, r, sub.body, &view{page: "code", status: http.StatusOK, code: d.String(), promise: promise})
}

// getNext shows the page after the one with the code: adding files, when and where to look for an answer.
func (s *server) getNext(w http.ResponseWriter, r *http.Request) {
	loc := s.localizerFor(r)
	w.Header().Add("Vary", "Accept-Language")
	s.respond(w, r, nil, func() { loc.sendPage(w, http.StatusOK, "next", s.nextPage(loc, r.Host)) })
}
