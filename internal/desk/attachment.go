package desk

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/media"
	"zapis/internal/trustee/mediaproxy"
)

// attachment is an exhibit in memory, with the case that it is of. It lives as long as its request.
type attachment struct {
	exhibit casefile.Exhibit
	caseID  string
	data    []byte
}

// load opens the exhibit that the address names; the opening is recorded. Nothing of the vault is held afterwards.
func (s *Server) load(r *http.Request) (a attachment, err error) {
	err = s.with(func(v *casework.Trustee, cases *casework.Cases) error {
		found, err := cases.Find(r.PathValue("id"))
		if err != nil {
			return err
		}
		c, err := v.Show(found)
		if err != nil {
			return err
		}
		e, ok := c.Exhibit(r.PathValue("name"))
		if !ok {
			return exit.New(exit.Failed, "go back to the case", "there is no exhibit %q in %s", r.PathValue("name"), c.ID)
		}
		a.exhibit, a.caseID = e, c.ID
		a.data, err = v.ViewExhibit(found, e, media.MaxInput)
		return err
	})
	return a, err
}

// pageLinks is a step to another page of a file.
type pageLinks struct{ Earlier, Later string }

type filePage struct {
	layout
	CaseID  string
	Exhibit casefile.Exhibit
	Sent    string // the name that the sender gave it, with hidden marks written out
	View    *media.View
	Clear   bool         // asked to be seen
	Picture template.URL // a data: address of what the worker encoded
	Sound   string
	Text    string
	Reason  string   // why it is not shown
	Notes   []string // what a reader should know
	Ask     string   // the address that shows it
	Hide    string   // the address that hides it again
	pageLinks
	Canvas bool // it can be redacted
	Rows   []int
}

// boxRows is how many boxes the form without scripts has room for.
const boxRows = 8

// getFile shows an attachment: first grey and blurred, and as it is once that was asked for.
func (s *Server) getFile(w http.ResponseWriter, r *http.Request) {
	a, err := s.load(r)
	if err != nil {
		s.answer(w, r, err)
		return
	}
	defer clear(a.data)
	page := filePage{layout: s.layout(r, a.exhibit.Name+" of "+a.caseID), CaseID: a.caseID, Exhibit: a.exhibit, Sent: escape.Text(a.exhibit.Original),
		Clear: r.URL.Query().Get("clear") != "", Rows: make([]int, boxRows)}
	number, _ := strconv.Atoi(r.URL.Query().Get("page"))
	number = max(0, number)
	s.view(r, &page, a, number)
	here := "/case/" + a.caseID + "/file/" + url.PathEscape(a.exhibit.Name)
	at := func(n int, see bool) string {
		q := url.Values{"page": {strconv.Itoa(n)}}
		if see {
			q.Set("clear", "1")
		}
		return here + "?" + q.Encode()
	}
	page.Ask, page.Hide = at(number, true), at(number, false)
	if number > 0 {
		page.Earlier = at(number-1, page.Clear)
	}
	if page.View != nil && number+1 < page.View.Pages {
		page.Later = at(number+1, page.Clear)
	}
	if page.View != nil && page.View.Shape == media.ShapeSound {
		page.Sound = here + "/sound?page=" + strconv.Itoa(number)
	}
	if err := s.render(w, http.StatusOK, "file.html", page); err != nil {
		s.fail(w, r, http.StatusInternalServerError, err)
	}
}

// view asks the worker for what the page shows.
func (s *Server) view(r *http.Request, page *filePage, a attachment, number int) {
	if s.media == nil {
		page.Reason = refusals[media.NotStarted]
		return
	}
	request := media.Request{Data: a.data, Name: a.exhibit.Original, Page: number, Blurred: !page.Clear}
	if page.Clear {
		request.Side = media.PageSide
	}
	v, err := s.media.View(r.Context(), request)
	if err != nil {
		page.Reason = refusalWords(err)
		return
	}
	page.View = v
	if v.Refused != "" {
		page.Reason = refusals[v.Refused]
	}
	for _, n := range v.Notes {
		page.Notes = append(page.Notes, notes[n])
	}
	if len(v.Picture) > 0 {
		page.Picture = template.URL("data:" + v.PictureType + ";base64," + base64.StdEncoding.EncodeToString(v.Picture))
	}
	if page.Clear {
		page.Text = v.Text
	}
	page.Canvas = page.Clear && (v.Shape == media.ShapePicture || v.Shape == media.ShapePages) && v.Width > 0
}

// getSound gives ten minutes of a sound as the worker encoded them.
func (s *Server) getSound(w http.ResponseWriter, r *http.Request) {
	a, err := s.load(r)
	if err != nil {
		s.answer(w, r, err)
		return
	}
	defer clear(a.data)
	number, _ := strconv.Atoi(r.URL.Query().Get("page"))
	var v *media.View
	if s.media == nil {
		err = &media.Error{Code: media.NotStarted}
	} else {
		v, err = s.media.View(r.Context(), media.Request{Data: a.data, Name: a.exhibit.Original, Page: max(0, number)})
	}
	if err != nil || len(v.Sound) == 0 {
		s.answer(w, r, exit.New(exit.Failed, "", "there is no sound to play"))
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(v.Sound))
}

// postRedact burns boxes into a page and brings the copy into the case.
func (s *Server) postRedact(w http.ResponseWriter, r *http.Request) {
	if err := readForm(w, r); err != nil {
		s.answer(w, r, err)
		return
	}
	number, _ := strconv.Atoi(r.PostForm.Get("page"))
	number = max(0, number)
	reason := strings.TrimSpace(r.PostForm.Get("reason"))
	back := fmt.Sprintf("/case/%s/file/%s?clear=1&page=%d", url.PathEscape(r.PathValue("id")), url.PathEscape(r.PathValue("name")), number)
	boxes, err := boxesOf(r.PostForm)
	if err == nil && reason == "" {
		err = exit.New(exit.Usage, "", "Say in one line why these places are covered.")
	}
	if err != nil {
		s.sendTo(w, r, back, noticeOf(err))
		return
	}
	a, err := s.load(r)
	if err != nil {
		s.answer(w, r, err)
		return
	}
	defer clear(a.data)
	name, err := s.redact(r, a, number, boxes, reason)
	switch {
	case errors.Is(err, ErrLocked), errors.Is(err, errBusy):
		s.answer(w, r, err)
	case err != nil:
		s.sendTo(w, r, back, Notice{Failed: true, Text: refusalWords(err), Hint: cli.Hint(err)})
	default:
		s.sendTo(w, r, "/case/"+a.caseID, Notice{Text: fmt.Sprintf("%s is the redacted copy of %s. The boxes are burned in, and the copy was decoded again to prove it. "+
			"It joins the case once your outbox has reached the operator and a carry file has come back. The original is untouched.", name, a.exhibit.Name)})
	}
}

func (s *Server) redact(r *http.Request, a attachment, number int, boxes []media.Box, reason string) (name string, err error) {
	if s.media == nil {
		return "", &media.Error{Code: media.NotStarted}
	}
	made, err := s.media.Redact(r.Context(), media.Request{Data: a.data, Name: a.exhibit.Original, Page: number}, boxes, reason)
	if err != nil {
		return "", err
	}
	err = s.with(func(v *casework.Trustee, cases *casework.Cases) error {
		found, err := cases.Find(a.caseID)
		if err != nil {
			return err
		}
		name, err = v.KeepRedacted(found, a.exhibit, casework.Redaction{PNG: made.PNG, Page: number, Boxes: len(boxes), Reason: reason})
		return err
	})
	return name, err
}

// AnswerMedia answers what zapis asks by a mediaproxy: with the worker, as the pages do.
func AnswerMedia(worker *media.Client) func(mediaproxy.Request) mediaproxy.Answer {
	return func(r mediaproxy.Request) (a mediaproxy.Answer) {
		ctx, request := context.Background(), media.Request{Data: r.Data, Name: r.Name, Page: r.Page}
		var err error
		switch r.Op {
		case mediaproxy.OpHash:
			a.Hash, err = worker.Hash(ctx, request)
		case mediaproxy.OpRedact:
			var boxes []media.Box
			for _, b := range r.Boxes {
				boxes = append(boxes, media.Box{X: b[0], Y: b[1], Width: b[2], Height: b[3]})
			}
			var made *media.Redaction
			if made, err = worker.Redact(ctx, request, boxes, r.Reason); err == nil {
				a.Data = made.PNG
			}
		default:
			err = errors.New("there is no such request")
		}
		if err != nil {
			a.Refused = refusalWords(err)
		}
		return a
	}
}

// boxesOf reads the rows of the form that are filled in: x, y, width and height in pixels.
func boxesOf(form url.Values) ([]media.Box, error) {
	var list []media.Box
	x, y, width, height := form["x"], form["y"], form["width"], form["height"]
	n := len(x)
	if len(y) != n || len(width) != n || len(height) != n {
		return nil, exit.New(exit.Usage, "", "A box has four numbers.")
	}
	for i := range x {
		given := []string{x[i], y[i], width[i], height[i]}
		var b media.Box
		filled := 0
		for j, into := range []*int{&b.X, &b.Y, &b.Width, &b.Height} {
			if given[j] == "" {
				continue
			}
			v, err := strconv.Atoi(given[j])
			if err != nil || v < 0 || v > 1<<16 {
				return nil, exit.New(exit.Usage, "", "Box %d: %q is no number of pixels.", i+1, escape.Text(given[j]))
			}
			*into = v
			filled++
		}
		switch {
		case filled == 0:
		case filled < 4 || b.Width == 0 || b.Height == 0:
			return nil, exit.New(exit.Usage, "", "Box %d needs four numbers: from the left, from the top, width and height.", i+1)
		default:
			list = append(list, b)
		}
	}
	if len(list) == 0 {
		return nil, exit.New(exit.Usage, "", "Draw a box, or write its four numbers.")
	}
	return list, nil
}

// refusalWords says why an attachment is not shown, or not redacted.
func refusalWords(err error) string {
	if refused, ok := errors.AsType[*media.Error](err); ok && refusals[refused.Code] != "" {
		return refusals[refused.Code]
	}
	return escape.Error(err)
}

// refusals are the sentences for the worker's codes.
var refusals = map[media.Code]string{
	media.NotShown:      "Files of this kind are not shown here. Open it on a disposable machine, as the steps below say.",
	media.TooLarge:      "It is too large to be shown here.",
	media.TooManyPixels: "The picture says that it has more pixels than are decoded here. Nothing of it was decoded.",
	media.Damaged:       "It is cut off, or it is not what its first bytes promise.",
	media.Password:      "The PDF opens with a passphrase only.",
	media.NoSuchPage:    "It has no such page.",
	media.BadBoxes:      "No box covers anything of the picture.",
	media.NotProved:     "The redacted copy did not pass its own check, and was thrown away. The original is untouched.",
	media.TimedOut:      "Decoding it took too long, and was stopped.",
	media.Crashed:       "Decoding it failed. That may be an attack on the decoder: be careful with this file elsewhere too.",
	media.NotIsolated:   "This system can't shut the decoder off from files and network, so nothing is decoded.",
	media.NoHEIC:        "This program was built without the decoder for HEIC.",
	media.BadAnswer:     "The decoder gave an answer that it may not give. That may be an attack: be careful with this file elsewhere too.",
	media.NotStarted:    "The decoder could not be started.",
	media.ClientClosed:  "The desk was locked meanwhile.",
}

// notes are the sentences for what a view comes with.
var notes = map[media.Note]string{
	media.NoteAnimated:    "It is an animation: only the first picture is shown.",
	media.NoteScripts:     "The file holds scripts. They were not run.",
	media.NoteTrailing:    "More bytes stand behind the end of the picture.",
	media.NoteThumbnail:   "The file holds a small copy of itself, which may show what was cut or covered later.",
	media.NoteEarlier:     "The file holds an earlier version of itself.",
	media.NoteNotSearched: "Parts of the file could not be searched for places.",
	media.NoteCut:         "The file ends early: what could be read is shown.",
	media.NoteHTML:        "The mail is a web page: its words are shown, and nothing is loaded.",
	media.NoteGuessed:     "The text does not say its encoding: it was guessed.",
}
