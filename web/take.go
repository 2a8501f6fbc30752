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

	"zapis/crypto/code"
	"zapis/internal/incident"
	"zapis/internal/intake"
)

// A taking is one POST while it is being read: its words, and a draft once a file comes.
type taking struct {
	s       *server
	ctx     context.Context
	body    *pacedBody
	again   again
	fields  *fields
	typed   incident.Form
	share   *share // of the memory for words
	draft   *intake.Draft
	wrong   incident.Errors // about files
	files   int             // that came
	kept    int             // of them, in the draft
	tooMuch bool            // the request announced more than we take: its words are read, its files refused
	room    room            // the place that the request holds, if any
}

// again draws the page that a refused request came from, with what was typed still in it: going back in a browser
// would lose that, or send it all again.
type again func(g *tongue, t *taking, why refusal) (name string, page any)

// take reads a POST. It returns nil where it has answered already, because the request was refused.
func (s *server) take(w http.ResponseWriter, r *http.Request, again again) (taken *taking) {
	_ = http.NewResponseController(w).EnableFullDuplex() // so that a refusal can be written while they still send
	t := &taking{s: s, ctx: r.Context(), body: newPacedBody(w, r, s.options.pace()), again: again,
		tooMuch: r.ContentLength > s.limits.Report+wordsBody}
	s.quiet.begin()
	t.share = s.held.begin(t.body)
	defer func() {
		if taken == nil {
			t.done()
		}
	}()
	var err error
	t.fields, err = readForm(r, t.body, t.share, t.file)
	t.share.read()
	t.typed = t.fields.form
	tidy(t.typed)
	if err == nil && t.files == 0 && !t.enter(s.words) {
		err = busy
	}
	if err != nil {
		var why refusal
		if !errors.As(err, &why) {
			why = refusal{status: http.StatusBadRequest, code: "cut"}
		}
		t.refuse(w, r, why)
		return nil
	}
	return t
}

// enter takes a place in a room, and waits for one as long as is reasonable.
func (t *taking) enter(r room) bool {
	if !r.enter(t.ctx, t.s.options.Queue) {
		return false
	}
	t.room = r
	return true
}

// refuse answers with the page that the request came from, if anything of it is there, or else with a page of its own.
// What was sealed goes first.
func (t *taking) refuse(w http.ResponseWriter, r *http.Request, why refusal) {
	t.discard()
	if wantsJSON(r) || len(t.typed) == 0 && why.code != invalidCode {
		t.s.refuse(w, r, t.body, why)
		return
	}
	t.comeBack(w, r, why)
}

// comeBack answers with the page that the request came from.
func (t *taking) comeBack(w http.ResponseWriter, r *http.Request, why refusal) {
	t.s.answer(w, r, t.body, func() {
		why.retryAfter(w)
		g := t.s.tongueOf(r)
		name, page := t.again(g, t, why)
		g.show(w, why.status, name, page)
	})
}

// file seals one file into the draft. Words have a room of their own, which files never enter: intake has or has not a
// place among the uploads.
func (t *taking) file(before incident.Form, name string, content io.Reader) error {
	t.files++
	t.body.crowd = t.s.intake.Crowded
	if t.tooMuch {
		return tooMuch
	}
	if err := t.begin(); err != nil {
		return intakeRefusal(err)
	}
	if slices.Contains(before["files_identify"], "yes") {
		t.draft.MarkIdentify()
	}
	source := &sticky{r: content}
	err := t.draft.AddFile(name, source)
	var wrong incident.FieldError
	switch {
	case err == nil:
		t.kept++
		return nil
	case source.err != nil && source.err != io.EOF:
		return source.err
	case errors.As(err, &wrong):
		if wrong.Code == incident.FileTooLarge || wrong.Code == incident.ReportTooLarge {
			return tooMuch
		}
		if len(t.wrong) == 0 {
			t.wrong = incident.Errors{wrong}
		}
		return nil
	}
	return intakeRefusal(err)
}

// begin makes the draft where no file has made it yet.
func (t *taking) begin() (err error) {
	if t.draft == nil {
		t.draft, err = t.s.intake.Begin(t.ctx)
	}
	return err
}

func (t *taking) one(name string) string {
	if v := t.typed[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// nonce is the form's hidden field, kept where it looks like one of ours, so that the same form sent twice shows.
func (t *taking) nonce() string {
	if n := t.one("form"); nonceShape.MatchString(n) {
		return n
	}
	return ""
}

var nonceShape = regexp.MustCompile(`^[0-9a-f]{32}$`)

// code reads the code that came with the form, or says what is wrong with how it was written.
func (t *taking) code() (code.Code, incident.Errors) {
	typed := t.typed["code"]
	wrong := ""
	switch len(typed) {
	case 0:
		wrong = incident.Required
	case 1:
		c, err := code.Parse(typed[0])
		if err == nil {
			return c, nil
		}
		wrong = codeLength
		if errors.Is(err, code.ErrCheckDigits) {
			wrong = codeDigit
		}
		if typed[0] == "" {
			wrong = incident.Required
		}
	default:
		wrong = incident.Twice
	}
	return code.Code{}, incident.Errors{{Field: "code", Code: wrong}}
}

// What may be wrong with a code, beside the codes of incident.
const (
	codeLength  = "code_length"  // not 32 digits
	codeDigit   = "code_digit"   // the check digits do not fit: a slip of the pen
	codeUnknown = "code_unknown" // no report with this code
)

func (t *taking) discard() {
	if t.draft != nil {
		t.draft.Discard()
		t.draft = nil
	}
}

// done ends the taking, whatever came of it, and wipes what was typed.
func (t *taking) done() {
	t.discard()
	if t.room != nil {
		t.room.leave()
		t.room = nil
	}
	t.share.release()
	if t.fields != nil {
		t.fields.wipe()
	}
	t.typed = nil
	t.s.quiet.end()
}

// tidy puts a date that was written with dots, as people here write it, into the form that we keep: 17.05.2026
// becomes 2026-05-17, and 5.2026 becomes 2026-05. Whatever is no such day comes back as it was typed.
func tidy(f incident.Form) {
	for _, name := range []string{"deadline", "when"} {
		for i, v := range f[name] {
			v = strings.TrimSpace(v)
			for dotted, kept := range dottedDates {
				if day, err := time.Parse(dotted, strings.ReplaceAll(v, ". ", ".")); err == nil {
					v = day.Format(kept)
				}
			}
			f[name][i] = v
		}
	}
}

// dottedDates gives, for each layout that people write, the one that we keep.
var dottedDates = map[string]string{"2.1.2006": "2006-01-02", "1.2006": "2006-01"}
