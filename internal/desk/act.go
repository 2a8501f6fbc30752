package desk

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
)

// readForm reads a form of at most maxForm bytes.
func readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return exit.New(exit.Usage, "go back and send less", "the form could not be read: %w", err)
	}
	return nil
}

// caseOfForm reads a form and returns the case that its address names.
func (o opened) caseOfForm(w http.ResponseWriter, r *http.Request) (*casework.Case, error) {
	if err := readForm(w, r); err != nil {
		return nil, err
	}
	return o.cases.Find(r.PathValue("id"))
}

// decide keeps acts and tells the finder. It gives the events' IDs.
func (o opened) decide(acts ...casework.Decision) ([]string, error) {
	events, err := o.trustee.Decide(acts...)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range events {
		ids = append(ids, e.ID())
		if err := o.find.Changed(e.Case); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// postAct decides one thing about a case, as one form of its page says.
func (s *Server) postAct(w http.ResponseWriter, r *http.Request, o opened) error {
	c, err := o.caseOfForm(w, r)
	if err != nil {
		return err
	}
	page := "/case/" + c.ID
	act, notice := decisionOf(r.PostForm)
	act.Case = c.ID
	events, err := o.decide(act)
	if err != nil {
		s.sendTo(w, r, page, noticeOf(plainly(err)))
		return nil
	}
	s.sendTo(w, r, page, Notice{Text: notice, Undo: events, Back: page})
	return nil
}

// plainly leaves out the case's name, which the page has.
func plainly(err error) error {
	if inner := errors.Unwrap(err); inner != nil && errors.Is(inner, deskstate.ErrEvent) {
		for next := errors.Unwrap(inner); next != nil; next = errors.Unwrap(next) {
			inner = next
		}
		return exit.New(exit.StatusOf(err), exit.HintOf(err), "%w", inner)
	}
	return err
}

// decisionOf reads the form of an act, and says what it does. What is not allowed, the desk's log refuses.
func decisionOf(form map[string][]string) (act casework.Decision, notice string) {
	get := func(name string) string {
		if v := form[name]; len(v) > 0 {
			return strings.TrimSpace(v[0])
		}
		return ""
	}
	act = casework.Decision{Kind: deskstate.Kind(get("kind")), Why: get("why"), Payload: map[string]string{}}
	if replaces := get("replaces"); replaces != "" {
		act.Replaces = []string{replaces}
	}
	switch act.Kind {
	case deskstate.KindState:
		act.Payload["to"] = get("to")
		if from := get("from"); from != "" {
			act.Payload["from"] = from
		}
		return act, "Moved to: " + codeWords("state", get("to")) + "."
	case deskstate.KindNote:
		act.Payload["text"] = strings.ReplaceAll(get("text"), "\r\n", "\n")
		return act, "The note is kept. It reaches the other trustees with your next outbox."
	case deskstate.KindConfirm:
		act.Payload["event"] = get("event")
		return act, "Confirmed."
	case deskstate.KindSet:
		field, _ := deskstate.FieldByName(get("field"))
		act.Payload["field"] = get("field")
		if field.Shape != deskstate.ShapeRecord {
			act.Payload["value"] = get("value")
		}
		for _, part := range field.Parts {
			if v := get("part." + part.Name); v != "" {
				act.Payload[part.Name] = strings.ReplaceAll(v, "\r\n", "\n")
			}
		}
		notice = fieldLabel(field.Name) + " is kept."
		if field.NeedsSecond(get("value")) {
			notice = fieldLabel(field.Name) + " is kept. It counts once a second person has confirmed it."
		}
	}
	return act, notice
}

// postUndo undoes events by new ones, all or none.
func (s *Server) postUndo(w http.ResponseWriter, r *http.Request, o opened) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	back := "/"
	if given := r.PostForm.Get("back"); strings.HasPrefix(given, "/") && !strings.HasPrefix(given, "//") {
		back = given
	}
	ids := r.PostForm["event"]
	if len(ids) == 0 || len(ids) > perPage {
		s.sendTo(w, r, back, Notice{Failed: true, Text: "Nothing is named that could be undone."})
		return nil
	}
	var acts []casework.Decision
	for _, id := range ids {
		acts = append(acts, casework.Decision{Kind: deskstate.KindUndo, Undoes: id, Why: strings.TrimSpace(r.PostForm.Get("why"))})
	}
	events, err := o.decide(acts...)
	if err != nil {
		s.sendTo(w, r, back, noticeOf(err))
		return nil
	}
	text := "Undone. The act and its undoing both stay in the history."
	if len(events) > 1 {
		text = fmt.Sprintf("%d acts are undone. They and their undoing stay in the history.", len(events))
	}
	s.sendTo(w, r, back, Notice{Text: text, Undo: events, Back: back})
	return nil
}

// postReply writes to the reporter, and asks for a consent where the form says so. A case that was sent twice is answered
// in both copies if the trustee wants.
func (s *Server) postReply(w http.ResponseWriter, r *http.Request, o opened) error {
	c, err := o.caseOfForm(w, r)
	if err != nil {
		return err
	}
	page := "/case/" + c.ID
	form := casework.Answer{Text: strings.TrimSpace(strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n")), AskFor: r.PostForm.Get("ask"),
		Both: r.PostForm.Get("both") != "", Wait: r.PostForm.Get("wait") != ""}
	done, err := o.trustee.Answer(c, form)
	if len(done.Answered) > 0 {
		err = errors.Join(err, s.keeper.sort(r.Context()))
	}
	if err != nil {
		one := noticeOf(err)
		if len(done.Answered) > 0 {
			one.Text = "Answered: " + strings.Join(done.Answered, ", ") + ". But " + one.Text
		}
		s.sendTo(w, r, page, one)
		return nil
	}
	s.sendTo(w, r, page, Notice{Text: "Answered: " + strings.Join(done.Answered, ", ") + ". The reporter reads it once your next outbox has reached the operator.",
		Undo: done.Moved, Back: page})
	return nil
}
