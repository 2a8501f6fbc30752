// Package web is what a reporter meets: pages without a script, in seven languages, that take words and files and
// give a code.
//
//	GET  /            the questions, in the language that the browser asks for; /be/ … /en/ choose one
//	POST /send        words (and files, for clients that send all at once): the page with the code
//	POST /files       more files for the case that a code opens
//	GET  /mailbox     asks for the code; POST opens, and answers, adds, changes, takes back
//
// A body is read as a stream, once: words into memory within their limits, files straight into intake, which seals
// them. Nothing is logged, no cookie is set, no address is used. What is refused comes back with what was typed.
// Domain errors are codes; the sentences stand in locales/*.txt.
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

	"zapis/internal/server/intake"
)

// Options bound what one machine takes on. The zero value of each field means its default.
type Options struct {
	Rate       int64         // the least that a sender has to bring, in bytes a second, over Window; 1024
	Window     time.Duration // 30 s
	Drain      time.Duration // for how long a refused upload is still taken in; 60 s
	QueueTime  time.Duration // for how long a form that came whole waits for its turn; 20 s
	Forms      int           // forms without files being worked on at once; 256
	FormMemory int64         // bytes of words that are held while they are being read; 64 MiB
	FormGrace  time.Duration // for how long anybody may send before somebody else's words come first; 10 s
	Mailboxes  int           // mailboxes being opened at once; 64. Those that wait share the machine with reports

	Now func() time.Time // the clock that dates are compared with; time.Now

	// Broken, where set, is told of a panic in a handler: its stack, which names functions, and never its message.
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
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (o Options) minRate() minRate { return minRate{o.Rate, o.Window} }

// AnswerTime is for how long a reader may take a page at that pace; a connection that takes longer is dropped.
func (o Options) AnswerTime() time.Duration {
	o = o.withDefaults()
	return o.Window + time.Duration(pageSize/o.Rate+1)*time.Second
}

// Pages is the handler of all public pages.
type Pages struct {
	http.Handler
	server *server
}

// Busy is the handler for those for whom there is no place: it says so, and takes nothing in.
func (p *Pages) Busy() http.Handler { return p.server.middleware(http.HandlerFunc(p.server.sendBusy)) }

type server struct {
	intake     *intake.Intake
	limits     intake.Limits
	site       Site
	options    Options
	policy     string // Content-Security-Policy
	localizers map[string]*localizer
	matcher    language.Matcher
	tags       []string // the languages in the matcher's order

	formSlots, mailboxSlots semaphore
	memory                  *memoryBudget
	scrubber                *scrubber
}

// New makes the handler of all public pages. It fails where the operator's facts are incomplete (Site.Check),
// or where a locale or template is broken.
func New(in *intake.Intake, site Site, options Options) (*Pages, error) {
	if err := site.Check(); err != nil {
		return nil, fmt.Errorf("the operator's facts are incomplete: %w", err)
	}
	if in == nil {
		return nil, errors.New("web: no intake")
	}
	locales, err := loadLocales()
	if err != nil {
		return nil, err
	}
	options = options.withDefaults()
	s := &server{
		intake: in, limits: in.Limits(), site: site, options: options, policy: contentPolicy(styleSheet),
		localizers: make(map[string]*localizer),
		formSlots:  make(semaphore, options.Forms), mailboxSlots: make(semaphore, options.Mailboxes),
		memory: newMemoryBudget(options.FormMemory, options.FormGrace), scrubber: newScrubber(),
	}
	s.tags = append([]string{reference}, slices.DeleteFunc(slices.Clone(languages), func(c string) bool { return c == reference })...)
	var tags []language.Tag
	for _, code := range s.tags {
		l := locales[code]
		tags = append(tags, l.tag)
		loc, err := newLocalizer(l, site, locales)
		if err != nil {
			return nil, err
		}
		s.localizers[code] = loc
	}
	s.matcher = language.NewMatcher(tags)
	return &Pages{s.middleware(s.routes()), s}, nil
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
	r.Handle(in, s.byMethod(map[string]http.HandlerFunc{http.MethodGet: func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"/", http.StatusPermanentRedirect)
	}}))
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, nil, refusal{status: http.StatusNotFound, code: "notfound"})
	})
	return r
}

// contentPolicy allows our one style sheet, by its hash, and forms to ourselves.
func contentPolicy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}

// tongueOf picks the language that the address names, or else the one that the browser asks for.
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
	loc.sendPrerendered(w, loc.emptyForm)
}
