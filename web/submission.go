package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"zapis/crypto/reportcode"
	"zapis/internal/incident"
	"zapis/internal/server/intake"
)

// A taking is one POST while it is being read: its words, and a draft once a file comes.
type submission struct {
	s          *server
	ctx        context.Context
	body       *minRateBody
	redisplay  redisplayFunc
	fields     *fields
	form       incident.Form
	memory     *reservation // of the memory for words
	draft      *intake.Draft
	fileErrors incident.Errors // about files
	filesSeen  int             // that came
	filesKept  int             // of them, in the draft
	oversized  bool            // the request announced more than we take: its words are read, its files refused
	slot       semaphore       // the place that the request holds, if any
}

// again draws the page that a refused request came from, with what was typed still in it: going back in a browser
// would lose that, or send it all again.
type redisplayFunc func(loc *localizer, sub *submission, why refusal) (name string, page any)

// take reads a POST. It returns nil where it has answered already, because the request was refused.
func (s *server) readSubmission(w http.ResponseWriter, r *http.Request, redisplay redisplayFunc) *submission {
	_ = http.NewResponseController(w).EnableFullDuplex() // so that a refusal can be written while they still send
	sub := &submission{s: s, ctx: r.Context(), body: newMinRateBody(w, r, s.options.minRate()), redisplay: redisplay,
		oversized: r.ContentLength > s.limits.Report+maxFormBytes}
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

// enter takes a place in a room, and waits for one as long as is reasonable.
func (sub *submission) acquire(sem semaphore) bool {
	if !sem.acquire(sub.ctx, sub.s.options.QueueTime) {
		return false
	}
	sub.slot = sem
	return true
}

// refuse answers with the page that the request came from, if anything of it is there, or else with a page of its own.
// What was sealed goes first.
func (sub *submission) refuse(w http.ResponseWriter, r *http.Request, why refusal) {
	sub.discard()
	if wantsJSON(r) || len(sub.form) == 0 && why.code != invalidCode {
		sub.s.refuse(w, r, sub.body, why)
		return
	}
	sub.redisplayForm(w, r, why)
}

// comeBack answers with the page that the request came from.
func (sub *submission) redisplayForm(w http.ResponseWriter, r *http.Request, why refusal) {
	sub.s.respond(w, r, sub.body, func() {
		why.retryAfter(w)
		loc := sub.s.localizerFor(r)
		name, page := sub.redisplay(loc, sub, why)
		loc.sendPage(w, why.status, name, page)
	})
}

// file seals one file into the draft. Words have a room of their own, which files never enter: intake has or has not a
// place among the uploads.
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
		if wrong.Code == incident.FileTooLarge || wrong.Code == incident.ReportTooLarge {
			return refusalTooLarge
		}
		if len(sub.fileErrors) == 0 {
			sub.fileErrors = incident.Errors{wrong}
		}
		return nil
	}
	return refusalFromIntake(err)
}

// begin makes the draft where no file has made it yet.
func (sub *submission) ensureDraft() (err error) {
	if sub.draft == nil {
		sub.draft, err = sub.s.intake.Begin(sub.ctx)
	}
	return err
}

func (sub *submission) first(name string) string {
	if v := sub.form[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// nonce is the form's hidden field, kept where it looks like one of ours, so that the same form sent twice shows.
func (sub *submission) nonce() string {
	if n := sub.first("form"); nonceShape.MatchString(n) {
		return n
	}
	return ""
}

var nonceShape = regexp.MustCompile(`^[0-9a-f]{32}$`)

// code reads the code that came with the form, or says what is wrong with how it was written.
func (sub *submission) code() (reportcode.Code, incident.Errors) {
	typed := sub.form["code"]
	wrong := ""
	switch len(typed) {
	case 0:
		wrong = incident.Required
	case 1:
		c, err := reportcode.Parse(typed[0])
		if err == nil {
			return c, nil
		}
		wrong = codeLength
		if errors.Is(err, reportcode.ErrCheckDigits) {
			wrong = codeDigit
		}
		if typed[0] == "" {
			wrong = incident.Required
		}
	default:
		wrong = incident.Twice
	}
	return reportcode.Code{}, incident.Errors{{Field: "code", Code: wrong}}
}

// What may be wrong with a code, beside the codes of incident.
const (
	codeLength  = "code_length"  // not 32 digits
	codeDigit   = "code_digit"   // the check digits do not fit: a slip of the pen
	codeUnknown = "code_unknown" // no report with this code
)

func (sub *submission) discard() {
	if sub.draft != nil {
		sub.draft.Discard()
		sub.draft = nil
	}
}

// done ends the taking, whatever came of it, and wipes what was typed.
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

// tidy puts a date that was written with dots, as people here write it, into the form that we keep: 17.05.2026
// becomes 2026-05-17, and 5.2026 becomes 2026-05. Whatever is no such day comes back as it was typed.
func normalizeDates(f incident.Form) {
	for _, name := range []string{"deadline", "when"} {
		for i, v := range f[name] {
			v = strings.TrimSpace(v)
			for dotted, kept := range dottedLayouts {
				if day, err := time.Parse(dotted, strings.ReplaceAll(v, ". ", ".")); err == nil {
					v = day.Format(kept)
				}
			}
			f[name][i] = v
		}
	}
}

// dottedDates gives, for each layout that people write, the one that we keep.
var dottedLayouts = map[string]string{"2.1.2006": "2006-01-02", "1.2006": "2006-01"}
