package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"

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
	draft      *intake.Draft   // nil until a file comes, or the form is sent
	keepGood   bool            // a file that is refused does not refuse the others
	fileErrors incident.Errors // the first refusal of a file
	badFiles   []badFile
	tooLarge   bool      // one of badFiles is over a limit for bytes
	filesSeen  int       // file parts that came
	filesKept  int       // of them, those in the draft
	oversized  bool      // the request announced more than is taken: its fields are read, its files refused
	slot       semaphore // held while the form is processed; nil for uploads
}

// redisplayFunc makes the page that a refused request came from, with what was typed: going back in a browser would lose
// that, or send it again.
type redisplayFunc func(sub *submission, why refusal) *view

// readSubmission reads a POST to its end. It returns nil where the request was refused; then it has answered.
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

// acquire takes a slot, and waits for one for QueueTime at most.
func (sub *submission) acquire(sem semaphore) bool {
	if !sem.acquire(sub.ctx, sub.s.options.QueueTime) {
		return false
	}
	sub.slot = sem
	return true
}

// refuse answers with the page that the request came from, where anything of the form was read, else with a page that
// says why. What was sealed is discarded first.
func (sub *submission) refuse(w http.ResponseWriter, r *http.Request, why refusal) {
	sub.discard()
	if wantsJSON(r) || len(sub.form) == 0 && why.code != invalidCode {
		sub.s.refuse(w, r, sub.body, why)
		return
	}
	sub.show(w, r, why)
}

// show answers with the page that the request came from.
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
	sub.body.contended = sub.s.intake.Crowded
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

// refuseFile notes a file that was refused. The reading goes on: the rest of the file is skipped, and others follow.
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

// refusedFiles returns what refuses the submission on account of its files, if anything does: with keepGood, bad files
// refuse it only where no file is good.
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
func (sub *submission) first(name string) string {
	if v := sub.form[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// nonce is the form's hidden field where it looks like one of ours, else the empty string.
func (sub *submission) nonce() string {
	if n := sub.first("form"); nonceShape.MatchString(n) {
		return n
	}
	return ""
}

var nonceShape = regexp.MustCompile(`^[0-9a-f]{32}$`)

// code reads the code that came with the form, or says what is wrong with how it was written.
func (sub *submission) code() (reportcode.Code, incident.Errors) { return readCode(sub.form["code"]) }

func (sub *submission) discard() {
	if sub.draft != nil {
		sub.draft.Discard()
		sub.draft = nil
	}
}

// close ends the submission and wipes what was typed.
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
