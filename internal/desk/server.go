package desk

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"

	"zapis/internal/cli"
	"zapis/internal/escape"
	"zapis/internal/exit"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/media"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// Options are what a Server is told by the program that starts it.
type Options struct {
	Name string // of the identity, shown while the desk is locked
	Quit func() // ends the program at once; called by the panic button

	// Media shows attachments; without it, none is shown.
	Media *media.Client
}

// maxKept is how many notices, and how many queries, are held.
const maxKept = 64

// Server is the desk's pages. Access.Guard goes in front of it.
type Server struct {
	keeper  *Keeper
	options Options
	pages   *template.Template
	mux     *http.ServeMux
	notices keyed[Notice]
	queries keyed[query]
	media   *media.Client
	stick   guarded[stickState]
	files   files
	papers  keyed[paper]
	numbers guarded[numbersDraft]
	links   guarded[suggestedState]
}

// New parses the templates and registers the pages.
func New(keeper *Keeper, o Options) (*Server, error) {
	pages, err := template.New("").Funcs(templateFuncs).Funcs(transportFuncs).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	s := &Server{keeper: keeper, options: o, pages: pages, mux: http.NewServeMux(), media: o.Media,
		notices: keyed[Notice]{most: maxKept}, queries: keyed[query]{most: maxKept}, papers: keyed[paper]{same: samePaper}}
	keeper.AfterLock(s.forget)
	for pattern, handle := range s.routes() {
		s.mux.HandleFunc(pattern, handle)
	}
	return s, nil
}

// routes are all addresses of the desk.
func (s *Server) routes() map[string]http.HandlerFunc {
	all := map[string]http.HandlerFunc{
		"GET /static/":      http.FileServerFS(staticFiles).ServeHTTP,
		"GET /unlock":       s.getUnlock,
		"POST /unlock":      s.postUnlock,
		"POST /lock":        s.postLock,
		"POST /quit":        s.postQuit,
		"GET " + failedPath: s.getFailed,
		"GET /stick":        s.getStick,
		"POST /stick":       s.postStick,
		// Decoding an attachment takes seconds, during which the desk must lock and close at once.
		"GET /case/{id}/file/{name}":         s.getFile,
		"GET /case/{id}/file/{name}/sound":   s.getSound,
		"POST /case/{id}/file/{name}/redact": s.postRedact,
		"/": func(w http.ResponseWriter, r *http.Request) {
			s.fail(w, r, http.StatusNotFound, errors.New("there is no such page"))
		},
	}
	for _, pages := range []map[string]handler{s.caseRoutes(), s.transportRoutes()} {
		for pattern, handle := range pages {
			all[pattern] = s.withVault(handle)
		}
	}
	return all
}

// caseRoutes are the pages and acts about cases.
func (s *Server) caseRoutes() map[string]handler {
	return map[string]handler{
		"GET /{$}":              s.getQueue,
		"POST /find":            s.postFind,
		"POST /bulk/choose":     s.postChoose,
		"GET /bulk":             s.getBulk,
		"POST /bulk":            s.postBulk,
		"POST /undo":            s.postUndo,
		"GET /keys":             s.getKeys,
		"GET /case/{id}":        s.getCase,
		"POST /case/{id}/act":   s.postAct,
		"POST /case/{id}/reply": s.postReply,
	}
}

// handler answers a request with the open vault. Its error becomes the error page.
type handler func(w http.ResponseWriter, r *http.Request, o opened) error

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// transportRoutes are the pages about what comes and goes: stick, quorum, bundle, numbers, links.
func (s *Server) transportRoutes() map[string]handler {
	return map[string]handler{
		"POST /stick/outbox":           s.postOutbox,
		"GET /stick/outbox.tar":        s.getOutbox,
		"GET /saved/{key}/{name}":      s.getSaved,
		"GET /preview/{key}/{name...}": s.getPreview,
		"GET /quorum":                  s.getQuorum,
		"POST /quorum/object":          s.postObject,
		"POST /quorum/ask":             s.postAsk,
		"POST /quorum/propose":         s.postPropose,
		"POST /quorum/answer/{key}":    s.postPaper,
		"GET /case/{id}/bundle":        s.getBundle,
		"POST /case/{id}/bundle":       s.postBundle,
		"POST /case/{id}/letter":       s.postLetter,
		"GET /links":                   s.getLinks,
		"POST /links":                  s.postSuggest,
		"POST /links/decide":           s.postLink,
		"GET /numbers":                 s.getNumbers,
		"POST /numbers":                s.postDraft,
		"POST /numbers/publish":        s.postPublish,
		"GET /numbers/{name}":          s.getNumbersFile,
	}
}

// forget drops everything of the vault that these pages have kept to show.
func (s *Server) forget() {
	s.notices.clear()
	s.queries.clear()
	s.stick.set(func(st *stickState) { *st = stickState{Running: st.Running} })
	s.files.clear()
	s.papers.clear()
	s.numbers.clear()
	s.links.clear()
}

// opened is the vault during one request.
type opened struct {
	trustee *casework.Trustee
	cases   *casework.Cases
	find    *casework.Finder
}

// withVault runs a handler with the open vault. A locked desk sends the browser to the passphrase page; an error of the
// handler becomes the error page, with its hint.
func (s *Server) withVault(handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := s.with(func(v *casework.Trustee, cases *casework.Cases) error {
			return handle(w, r, opened{v, cases, s.keeper.find})
		})
		s.answer(w, r, err)
	}
}

// errBusy means that the vault is in use until a carry file is in.
var errBusy = exit.New(exit.Failed, "wait until it is in, then do it again", "nothing was done: a carry file is being taken in")

// with is Keeper.With, or errBusy.
func (s *Server) with(use func(*casework.Trustee, *casework.Cases) error) error {
	if s.busy() {
		return errBusy
	}
	return s.keeper.With(use)
}

// answer shows an error, if there is one. A locked desk sends the browser to the passphrase page, a busy one to the page
// that shows how far the carry file is. An act has no page of its own: its error is a notice.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, err error) {
	act := r.Method == http.MethodPost
	switch {
	case errors.Is(err, ErrLocked) && act:
		s.sendTo(w, r, "/unlock", Notice{Failed: true, Text: "The desk was locked, and nothing was kept of what you sent.", Hint: "open the vault, then do it again"})
	case errors.Is(err, ErrLocked):
		http.Redirect(w, r, "/unlock", http.StatusSeeOther)
	case errors.Is(err, errBusy) && act:
		s.sendTo(w, r, "/stick", noticeOf(err))
	case errors.Is(err, errBusy):
		http.Redirect(w, r, "/stick", http.StatusSeeOther)
	case errors.Is(err, errCut):
		panic(http.ErrAbortHandler)
	case err != nil && act:
		s.sendTo(w, r, failedPath, noticeOf(err))
	case err != nil:
		s.fail(w, r, statusOf(err), err)
	}
}

// statusOf is the HTTP status of an error: 409 for what is refused, 422 for what does not verify or was asked wrongly.
func statusOf(err error) int {
	switch exit.StatusOf(err) {
	case exit.Usage, exit.Mismatch:
		return http.StatusUnprocessableEntity
	case exit.KeyMissing:
		return http.StatusForbidden
	}
	return http.StatusConflict
}

// layout is what every page has beside its own content.
type layout struct {
	Title  string
	Name   string  // of the trustee
	Notice *Notice // of the act that led here; nil where there is none
}

func (s *Server) layout(r *http.Request, title string) layout {
	page := layout{Title: title, Name: s.options.Name}
	if one, ok := s.notices.take(r.URL.Query().Get("shown")); ok {
		page.Notice = &one
	}
	return page
}

// render executes a template into a buffer and sends it, so that a template's error never leaves half a page.
func (s *Server) render(w http.ResponseWriter, status int, name string, data any) error {
	var page bytes.Buffer
	if err := s.pages.ExecuteTemplate(&page, name, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
	return nil
}

type errorPage struct {
	layout
	Text, Hint string
}

const failedPath = "/failed"

// getFailed shows the notice of an act that failed before it had a page to go back to.
func (s *Server) getFailed(w http.ResponseWriter, r *http.Request) {
	page := errorPage{layout: s.layout(r, "That did not work")}
	if page.Notice == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	page.Text, page.Hint, page.Notice = page.Notice.Text, page.Notice.Hint, nil
	if err := s.render(w, http.StatusOK, "error.html", page); err != nil {
		s.fail(w, r, http.StatusInternalServerError, err)
	}
}

// fail shows what happened and what to do.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, err error) {
	page := errorPage{s.layout(r, "That did not work"), escape.Error(err), cli.Hint(err)}
	if err := s.render(w, status, "error.html", page); err != nil {
		refuse(w, http.StatusInternalServerError, "The page could not be made.")
	}
}
