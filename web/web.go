// Package web serves the reporter's pages: forms without scripts, in seven languages, that accept a text and files and
// return a code. docs/pages.md describes them.
//
//	GET  /             the form; /be/ … /en/ choose a language, else the browser's is used
//	POST /send         a report: the page with the code
//	GET  /next         after the code was written down: adding files, where and when to look for an answer
//	POST /files        files for the case that a code opens
//	GET  /mailbox      asks for the code; POST opens the mailbox, adds, changes, withdraws
//	GET  /page/NAME    a page that a POST was redirected to (heldpage.go)
//	GET  /guide        the reporter's guide
//
// A body is read as a stream, once: fields into memory within their limits, files directly into intake, which seals
// them. Nothing is logged, no cookie is set, no address is used. A refused form is shown again with the typed answers.
// Domain errors are codes; locales/*.txt has the sentences.
package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"golang.org/x/text/language"

	"zapis/internal/incident"
	"zapis/internal/server/intake"
	"zapis/internal/server/keylock"
)

// Options limit the load of one machine. The zero value of each field means its default.
type Options struct {
	Rate       int64         // least rate of a sender, in bytes a second, measured over Window; 1024
	Window     time.Duration // 30 s
	Drain      time.Duration // how long the rest of a refused upload is read and discarded; 60 s
	QueueTime  time.Duration // how long a form that came whole waits for a slot; 20 s
	Forms      int           // forms without files processed at once; 256
	FormMemory int64         // bytes of form fields held while they are being read; 64 MiB
	FormGrace  time.Duration // how long a sender is not evicted for the memory it holds; 10 s
	Mailboxes  int           // mailboxes being opened at once; 64
	Answers    int           // answers to forms being made at once; 32

	Now func() time.Time // the clock that dates are compared with; time.Now

	// OnDuty reports whether somebody on duty was there within the last two hours; nil for never.
	OnDuty func() bool

	// Broken, where set, is called after a panic in a handler with its stack, which names functions, never its message.
	Broken func(stack []byte)
}

func (o Options) withDefaults() Options {
	o.Rate = cmp.Or(o.Rate, 1024)
	o.Window = cmp.Or(o.Window, 30*time.Second)
	o.Drain = cmp.Or(o.Drain, time.Minute)
	o.QueueTime = cmp.Or(o.QueueTime, 20*time.Second)
	o.Forms = cmp.Or(o.Forms, 256)
	o.FormMemory = cmp.Or(o.FormMemory, 64<<20)
	o.FormGrace = cmp.Or(o.FormGrace, 10*time.Second)
	o.Mailboxes = cmp.Or(o.Mailboxes, 64)
	o.Answers = cmp.Or(o.Answers, 32)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (o Options) minRate() minRate { return minRate{o.Rate, o.Window} }

// AnswerTime returns how long a client may take to read a page; a slower connection is dropped.
func (o Options) AnswerTime() time.Duration {
	o = o.withDefaults()
	return o.Window + time.Duration(pageSize/o.Rate+1)*time.Second
}

// Pages is the handler of all public pages.
type Pages struct {
	http.Handler
	server *server
}

// Busy returns the handler for connections over the limit: it answers 503 and reads no body.
func (p *Pages) Busy() http.Handler { return p.server.middleware(http.HandlerFunc(p.server.sendBusy)) }

type server struct {
	intake     *intake.Intake
	schema     *incident.Schema // the version of the vocabulary that was in force when the server started
	limits     intake.Limits
	site       Site
	options    Options
	policy     string // Content-Security-Policy
	localizers map[string]*localizer
	matcher    language.Matcher
	tags       []string // the languages in the matcher's order

	formSlots, mailboxSlots, answering semaphore

	memory    *memoryBudget
	scrubber  *scrubber
	heldPages *sealedCache // pages that POSTs were redirected to, but those with a code
	codePages *sealedCache // pages that show a code
	repeats   *sealedCache // results of submissions (repeat.go)
	repeating keylock.Locks
}

// New makes the handler of all public pages. It fails where the operator's texts are incomplete (Site.Check), or where a
// locale, guide or template is broken.
func New(in *intake.Intake, site Site, options Options) (*Pages, error) {
	if err := site.Check(); err != nil {
		return nil, fmt.Errorf("the operator's facts are incomplete: %w", err)
	}
	if in == nil {
		return nil, errors.New("web: no intake")
	}
	schema, err := in.Schema()
	if err != nil {
		return nil, fmt.Errorf("the form can't be shown: %w", err)
	}
	localizers, err := loadLocalizers(site, schema)
	if err != nil {
		return nil, err
	}
	return newPages(in, site, options, schema, localizers), nil
}

// loadLocalizers makes the localizers of all languages: they render a site's pages under one version of the vocabulary.
func loadLocalizers(site Site, schema *incident.Schema) (map[string]*localizer, error) {
	locales, err := loadLocales()
	if err != nil {
		return nil, err
	}
	all := make(map[string]*localizer)
	for _, code := range languages {
		if all[code], err = newLocalizer(locales[code], site, locales, schema); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// newPages makes the handler out of what New has checked.
func newPages(in *intake.Intake, site Site, options Options, schema *incident.Schema, localizers map[string]*localizer) *Pages {
	options = options.withDefaults()
	s := &server{
		intake: in, schema: schema, limits: in.Limits(), site: site, options: options, policy: contentPolicy(styleSheet),
		localizers: localizers,
		formSlots:  make(semaphore, options.Forms), mailboxSlots: make(semaphore, options.Mailboxes), answering: make(semaphore, options.Answers),
		heldPages: newSealedCache(heldPageBytes, time.Now), codePages: newSealedCache(codePageBytes, time.Now),
		repeats: newSealedCache(repeatBytes, time.Now),
		memory:  newMemoryBudget(options.FormMemory, options.FormGrace), scrubber: newScrubber(),
	}
	s.tags = append([]string{reference}, slices.DeleteFunc(slices.Clone(languages), func(c string) bool { return c == reference })...)
	var tags []language.Tag
	for _, code := range s.tags {
		tags = append(tags, localizers[code].tag)
	}
	s.matcher = language.NewMatcher(tags)
	return &Pages{s.middleware(s.routes()), s}
}

func (s *server) routes() http.Handler {
	r := mux.NewRouter().SkipClean(true)
	in := "/{lang:" + strings.Join(languages, "|") + "}"
	page := func(path string, by map[string]http.HandlerFunc) {
		r.Handle("/"+path, s.byMethod(by))
		r.Handle(in+"/"+path, s.byMethod(by))
	}
	page("", map[string]http.HandlerFunc{http.MethodGet: s.getForm})
	page("send", map[string]http.HandlerFunc{http.MethodPost: s.postSend})
	page("sent", map[string]http.HandlerFunc{http.MethodPost: s.postSent})
	page("again", map[string]http.HandlerFunc{http.MethodPost: s.postRedisplay})
	page("mailbox", map[string]http.HandlerFunc{http.MethodGet: s.getMailbox, http.MethodPost: s.postMailbox})
	page("files", map[string]http.HandlerFunc{http.MethodPost: s.postFiles})
	page("next", map[string]http.HandlerFunc{http.MethodGet: s.getNext})
	page("guide", map[string]http.HandlerFunc{http.MethodGet: s.getGuide})
	page("leave", map[string]http.HandlerFunc{http.MethodGet: s.getLeave})
	page("page/{name:[0-9a-f]{32}}", map[string]http.HandlerFunc{http.MethodGet: s.getHeldPage})
	page("refused/{name:[a-z]+}", map[string]http.HandlerFunc{http.MethodGet: s.getRefused})
	r.Handle(in, s.byMethod(map[string]http.HandlerFunc{http.MethodGet: func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"/", http.StatusPermanentRedirect)
	}}))
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuseAddress(w, r, refusal{status: http.StatusNotFound, code: "notfound"})
	})
	return r
}

// contentPolicy allows our one style sheet, by its hash, and forms to ourselves.
func contentPolicy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}

// localizerFor returns the language in the address, else the one that the browser prefers.
func (s *server) localizerFor(r *http.Request) *localizer {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if loc, ok := s.localizers[first]; ok {
		return loc
	}
	asked, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(asked) == 0 {
		return s.localizers[reference]
	}
	_, i, _ := s.matcher.Match(asked...)
	return s.localizers[s.tags[i]]
}

func (s *server) getForm(w http.ResponseWriter, r *http.Request) {
	loc := s.localizerFor(r)
	w.Header().Add("Vary", "Accept-Language")
	if s.attended() {
		loc.sendPrerendered(w, loc.dutyForm)
		return
	}
	loc.sendPrerendered(w, loc.emptyForm)
}

// getLeave is the target of "Leave now": it drops our pages from the browser's memory (Clear-Site-Data, W3C), so that
// going back shows nothing, and redirects to a page without content.
func (s *server) getLeave(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Clear-Site-Data", `"cache"`)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Location", leaveURL(s.site))
	w.WriteHeader(http.StatusSeeOther)
}
