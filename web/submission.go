package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"

	"zapis/crypto/reportcode"
	"zapis/internal/incident"
	"zapis/internal/server/intake"
)

// submission is the state of one form POST: the fields read so far and, once the first file part arrives, the draft
// being sealed. It belongs to the request's goroutine.
type submission struct {
	s          *server
	ctx        context.Context
	body       *minRateBody
	redisplay  redisplayFunc
	fields     *fields
	form       incident.Form
	memory     *reservation    // of the budget for forms
	draft      *intake.Draft   // nil until a file arrives, or the form is sent
	keepGood   bool            // a file that is refused does not refuse the others
	fileErrors incident.Errors // the first refusal of a file
	badFiles   []badFile
	tooLarge   bool      // one of badFiles is over a limit for bytes
	filesSeen  int       // file parts that came
	filesKept  int       // of them, those in the draft
	oversized  bool      // the announced body exceeds the limit: its fields are read, its files refused
	slot       semaphore // held while the form is processed; nil for uploads
}

// redisplayFunc returns the page of a refused request, with the typed answers: going back in a browser would lose
// them, or send them again.
type redisplayFunc func(sub *submission, why refusal) *view

// readSubmission reads a POST to its end. It returns nil where it has refused and answered the request.
func (s *server) readSubmission(w http.ResponseWriter, r *http.Request, redisplay redisplayFunc) *submission {
	_ = http.NewResponseController(w).EnableFullDuplex() // a refusal is written while the client still sends
	sub := &submission{s: s, ctx: r.Context(), body: newMinRateBody(w, r, s.options.minRate()), redisplay: redisplay,
		oversized: r.ContentLength > s.limits.Report+maxFormBytes}
	sub.keepGood = !wantsJSON(r) && !isSend(r)
	s.scrubber.requestStarted()
	sub.memory = s.memory.reserve(sub.body)
	complete := false
	defer func() {
		if !complete {
			sub.close()
		}
	}()
	var err error
	sub.fields, err = readForm(r, sub.body, sub.memory, sub.addFile)
	sub.memory.complete()
	sub.form = sub.fields.form
	normalizeDates(sub.form)
	if err == nil && sub.filesSeen == 0 && !sub.acquire(s.formSlots) {
		err = refusalBusy
	}
	if err != nil {
		var why refusal
		if !errors.As(err, &why) {
			why = refusal{status: http.StatusBadRequest, code: "cut"}
		}
		sub.refuse(w, r, why)
		return nil
	}
	complete = true
	return sub
}

// acquire takes a slot, and waits at most QueueTime for one.
func (sub *submission) acquire(sem semaphore) bool {
	if !sem.acquire(sub.ctx, sub.s.options.QueueTime) {
		return false
	}
	sub.slot = sem
	return true
}

// refuse answers with the page of the request, where anything of the form was read, else with a page with the reason.
// It discards what was sealed first.
func (sub *submission) refuse(w http.ResponseWriter, r *http.Request, why refusal) {
	sub.discard()
	if wantsJSON(r) || len(sub.form) == 0 && why.code != invalidCode {
		sub.s.refuse(w, r, sub.body, why)
		return
	}
	sub.show(w, r, why)
}

// show answers with the page of the request.
func (sub *submission) show(w http.ResponseWriter, r *http.Request, why refusal) {
	v := sub.redisplay(sub, why)
	v.status = why.status
	if why.code != invalidCode {
		v.refusal = why.code
	}
	sub.s.show(w, r, sub.body, v)
}

// addFile seals one file into the draft.
func (sub *submission) addFile(before incident.Form, name string, content io.Reader) error {
	sub.filesSeen++
	sub.body.contended = sub.s.intake.NearlyFull
	if sub.oversized {
		return refusalTooLarge
	}
	if err := sub.ensureDraft(); err != nil {
		return refusalFromIntake(err)
	}
	if slices.Contains(before["files_identify"], "yes") {
		sub.draft.MarkIdentify()
	}
	source := &stickyReader{r: content}
	err := sub.draft.AddFile(name, source)
	var wrong incident.FieldError
	switch {
	case err == nil:
		sub.filesKept++
		return nil
	case source.err != nil && source.err != io.EOF:
		return source.err
	case errors.As(err, &wrong):
		return sub.refuseFile(name, wrong)
	}
	return refusalFromIntake(err)
}

// refuseFile records a file that was refused. Reading continues with the next part.
func (sub *submission) refuseFile(name string, wrong incident.FieldError) error {
	large := wrong.Code == incident.FileTooLarge || wrong.Code == incident.ReportTooLarge
	if large && !sub.keepGood {
		return refusalTooLarge
	}
	sub.tooLarge = sub.tooLarge || large
	if len(sub.fileErrors) == 0 {
		sub.fileErrors = incident.Errors{wrong}
	}
	if len(sub.badFiles) < incident.Slots {
		sub.badFiles = append(sub.badFiles, badFile{shownName(name), wrong.Code})
	}
	return nil
}

// refusedFiles returns the refusal that the files cause, if there is one: with keepGood, bad files refuse the
// submission only where no file is good.
func (sub *submission) refusedFiles() (why refusal, refused bool) {
	switch {
	case len(sub.fileErrors) == 0 || sub.keepGood && sub.filesKept > 0:
		return refusal{}, false
	case sub.tooLarge:
		return refusalTooLarge, true
	}
	return invalid(sub.fileErrors), true
}

// ensureDraft begins the draft where no file has begun it yet.
func (sub *submission) ensureDraft() (err error) {
	if sub.draft == nil {
		sub.draft, err = sub.s.intake.Begin(sub.ctx)
	}
	return err
}

// first returns the first value of a field, or the empty string.
func (sub *submission) first(name string) string { return url.Values(sub.form).Get(name) }

// nonce returns the form's hidden field where it has the form of ours, else the empty string.
func (sub *submission) nonce() string {
	if n := sub.first("form"); nonceShape().MatchString(n) {
		return n
	}
	return ""
}

var nonceShape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{32}$`) })

// code parses the code of the form, or returns what is wrong with it.
func (sub *submission) code() (reportcode.Code, incident.Errors) { return readCode(sub.form["code"]) }

func (sub *submission) discard() {
	if sub.draft != nil {
		sub.draft.Discard()
		sub.draft = nil
	}
}

// close ends the submission and wipes the form.
func (sub *submission) close() {
	sub.discard()
	if sub.slot != nil {
		sub.slot.release()
		sub.slot = nil
	}
	sub.memory.release()
	if sub.fields != nil {
		sub.fields.wipe()
	}
	sub.form = nil
	sub.s.scrubber.requestEnded()
}
