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

	"zapis/internal/intake"
)

// Options bound what one machine takes on. The zero value of each field means its default.
type Options struct {
	Rate   int64         // the least that a sender has to bring, in bytes a second, over Window; 1024
	Window time.Duration // 30 s
	Drain  time.Duration // for how long a refused upload is still taken in; 60 s
	Queue  time.Duration // for how long a form waits for its turn to be read; 20 s
	Words  int           // forms being read at once; 512
	Codes  int           // mailboxes being opened at once; 64. Those that wait share the machine with reports

	Now func() time.Time // the clock that dates are compared with; time.Now

	// Broken, where set, is told of a panic in a handler: its stack, which names functions, and never its message.
	Broken func(stack []byte)
}

func (o Options) withDefaults() Options {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	if o.Rate == 0 {
		o.Rate = 1024
	}
	if o.Window == 0 {
		o.Window = 30 * time.Second
	}
	if o.Drain == 0 {
		o.Drain = time.Minute
	}
	if o.Queue == 0 {
		o.Queue = 20 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	def(&o.Words, 512)
	def(&o.Codes, 64)
	return o
}

type server struct {
	intake  *intake.Intake
	limits  intake.Limits
	site    Site
	options Options
	policy  string // Content-Security-Policy
	tongues map[string]*tongue
	matcher language.Matcher
	tags    []string // the languages in the matcher's order

	words, codes room
}

// New makes the handler of all public pages. It fails where the operator's facts are incomplete (Site.Check),
// or where a locale or template is broken.
func New(in *intake.Intake, site Site, options Options) (http.Handler, error) {
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
		tongues: make(map[string]*tongue),
		words:   make(room, options.Words), codes: make(room, options.Codes),
	}
	s.tags = append([]string{reference}, slices.DeleteFunc(slices.Clone(languages), func(c string) bool { return c == reference })...)
	var tags []language.Tag
	for _, code := range s.tags {
		l := locales[code]
		tags = append(tags, l.tag)
		g, err := newTongue(l, site, locales)
		if err != nil {
			return nil, err
		}
		s.tongues[code] = g
	}
	s.matcher = language.NewMatcher(tags)
	return s.guard(s.routes()), nil
}

func (s *server) routes() http.Handler {
	r := mux.NewRouter().SkipClean(true)
	in := "/{lang:" + strings.Join(languages, "|") + "}"
	page := func(path string, by map[string]http.HandlerFunc) {
		r.Handle("/"+path, s.methods(by))
		r.Handle(in+"/"+path, s.methods(by))
	}
	page("", map[string]http.HandlerFunc{http.MethodGet: s.getForm})
	page("send", map[string]http.HandlerFunc{http.MethodPost: s.postSend})
	page("sent", map[string]http.HandlerFunc{http.MethodPost: s.postSent})
	page("again", map[string]http.HandlerFunc{http.MethodPost: s.postAgain})
	page("mailbox", map[string]http.HandlerFunc{http.MethodGet: s.getMailbox, http.MethodPost: s.postMailbox})
	page("files", map[string]http.HandlerFunc{http.MethodPost: s.postFiles})
	r.Handle(in, s.methods(map[string]http.HandlerFunc{http.MethodGet: func(w http.ResponseWriter, r *http.Request) {
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
func (s *server) tongueOf(r *http.Request) *tongue {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if g, ok := s.tongues[first]; ok {
		return g
	}
	asked, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(asked) == 0 {
		return s.tongues[reference]
	}
	_, i, _ := s.matcher.Match(asked...)
	return s.tongues[s.tags[i]]
}

func (s *server) getForm(w http.ResponseWriter, r *http.Request) {
	g := s.tongueOf(r)
	w.Header().Add("Vary", "Accept-Language")
	g.show(w, http.StatusOK, "form", g.form(nil, newNonce(), nil))
}
