package web

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"text/template/parse"

	"zapis/internal/incident"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed style.css
var styleSheet string

// localizer holds one language's sentences, parsed templates and prerendered pages. It is read-only after start.
type localizer struct {
	*locale
	schema        *incident.Schema // what the form asks
	site          Site
	pages         *template.Template
	countries     []country
	guide         []guideBlock
	links         []languageLink
	errorFallback []byte      // the error page that needs no rendering
	emptyForm     prerendered // the empty form, while no duty officer has been active lately
	dutyForm      prerendered // and where somebody was
	emptyAsk      prerendered
}

// newLocalizer parses the templates with the language's own t and n. A template that uses a key which the locale does not
// have fails here, and not while serving.
func newLocalizer(l *locale, site Site, all map[string]*locale, schema *incident.Schema) (*localizer, error) {
	loc := &localizer{locale: l, schema: schema, site: site.in(l.code), countries: localizedCountries(l)}
	var err error
	if loc.guide, err = loadGuide(l.code); err != nil {
		return nil, err
	}
	for _, code := range languages {
		loc.links = append(loc.links, languageLink{code, all[code].t("lang.name"), code == l.code})
	}
	pages, err := template.New("").Funcs(template.FuncMap{
		"t":                 l.t,
		"n":                 l.n,
		"style":             func() template.CSS { return template.CSS(styleSheet) },
		"otherCountries":    func() []country { return otherCountries(loc.countries) },
		"frequentCountries": func() []country { return frequentCountries(loc.countries) },
	}).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	loc.pages = pages
	for _, key := range templateKeys(pages) {
		if !l.has(key) && !l.has(key+"#"+l.form(1)) {
			return nil, fmt.Errorf("locale %s: a template asks for %s", l.code, key)
		}
	}
	loc.errorFallback, err = loc.render("error", errorPage{base: loc.base(""), Heading: l.t("fault.broken.heading"), Text: l.t("fault.broken.text")})
	if err == nil {
		err = loc.prerenderAll()
	}
	return loc, err
}

// templateKeys lists the locale keys in the templates.
func templateKeys(pages *template.Template) []string {
	var keys []string
	var walk func(n parse.Node)
	list := func(l *parse.ListNode) {
		if l != nil {
			for _, n := range l.Nodes {
				walk(n)
			}
		}
	}
	branch := func(b parse.BranchNode) { walk(b.Pipe); list(b.List); list(b.ElseList) }
	walk = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ListNode:
			list(n)
		case *parse.ActionNode:
			walk(n.Pipe)
		case *parse.IfNode:
			branch(n.BranchNode)
		case *parse.RangeNode:
			branch(n.BranchNode)
		case *parse.WithNode:
			branch(n.BranchNode)
		case *parse.TemplateNode:
			if n.Pipe != nil {
				walk(n.Pipe)
			}
		case *parse.PipeNode:
			for _, c := range n.Cmds {
				walk(c)
			}
		case *parse.CommandNode:
			if name, ok := n.Args[0].(*parse.IdentifierNode); ok && (name.Ident == "t" || name.Ident == "n") {
				if key, ok := n.Args[1].(*parse.StringNode); ok {
					keys = append(keys, key.Text)
				}
			}
			for _, a := range n.Args {
				walk(a)
			}
		}
	}
	for _, t := range pages.Templates() {
		if t.Tree != nil {
			walk(t.Tree.Root)
		}
	}
	return keys
}

// base is what every page has.
type base struct {
	Lang      string
	Path      string // below the language: "", "mailbox"
	LeaveURL  string
	Site      Site
	Languages []languageLink
	Failed    bool            // the page shows what went wrong
	Switch    *languageSwitch // nil where the languages are links
	Error     *errorMessage   // what went wrong, where it does not concern a field
}

type languageLink struct {
	Code, Name string
	Current    bool
}

// languageSwitch makes the languages buttons of a form, so that a page that holds a code or a text can be shown in another
// language: the buttons send these again.
type languageSwitch struct {
	Path   string
	Hidden []hiddenField
	Form   string // the id of the form whose fields are to go along instead of Hidden
}

type hiddenField struct{ Name, Value string }

func (loc *localizer) base(path string) base {
	return base{Lang: loc.code, Path: path, LeaveURL: leaveURL(loc.site), Site: loc.site, Languages: loc.links}
}

func leaveURL(s Site) string {
	if s.Exit != "" {
		return s.Exit
	}
	return defaultLeaveURL
}

func (loc *localizer) render(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := loc.pages.ExecuteTemplate(&b, name, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Sizes on the wire. An observer can count bytes, so a page has one of few sizes, and what a browser sends includes a
// filler of random length.
const (
	pageLimit  = 60 << 10 // a page with all its styles, before filler and padding
	fillerMax  = 16 << 10 // a filler is 0 to fillerMax-1 characters
	pageSize   = 80 << 10 // every page is padded to this, or doubled until it fits
	padOpening = "\n<!-- "
	padClosing = " -->\n"
)

// padded returns the padded size of a page of so many bytes.
func padded(needs int) int {
	size := pageSize
	for size < needs {
		size *= 2
	}
	return size
}

// pad pads a page by a comment after the document's end.
func pad(b *bytes.Buffer) {
	needs := b.Len() + len(padOpening) + len(padClosing)
	b.WriteString(padOpening)
	dots := paddingDots()
	for left := padded(needs) - needs; left > 0; left -= min(left, len(dots)) {
		b.Write(dots[:min(left, len(dots))])
	}
	b.WriteString(padClosing)
}

// paddingDots pads pages. It is read-only.
var paddingDots = sync.OnceValue(func() []byte { return bytes.Repeat([]byte("."), pageSize) })

// newFiller returns 0 to fillerMax-1 dots, so that the size of a form does not show the length of its text.
func newFiller() string {
	var b [2]byte
	rand.Read(b[:])
	return strings.Repeat(".", (int(b[0])<<8|int(b[1]))%fillerMax)
}

// newNonce returns a value for the form's hidden field. It identifies a form that is sent twice (repeat.go), and shows
// trustees which reports came from one page.
func newNonce() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Pages are rendered into buffers that are wiped after sending: they may hold typed text or a code.
var pageBuffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 2*pageSize)) }}

// sendPage renders a page, pads it, and sends it. Where rendering fails it sends the error page rendered at start.
func (loc *localizer) sendPage(w http.ResponseWriter, status int, name string, data any) {
	b := pageBuffers.Get().(*bytes.Buffer)
	defer func() {
		clear(b.Bytes())
		b.Reset()
		pageBuffers.Put(b)
	}()
	if err := loc.renderLimited(b, name, data); err != nil {
		clear(b.Bytes())
		b.Reset()
		b.Write(loc.errorFallback)
		status = http.StatusInternalServerError
	}
	loc.writePadded(w, status, b)
}

// renderLimited renders into b, at most one page per core at a time.
func (loc *localizer) renderLimited(b *bytes.Buffer, name string, data any) error {
	renderSlots <- struct{}{}
	defer func() { <-renderSlots }()
	return loc.pages.ExecuteTemplate(b, name, data)
}

var renderSlots = make(chan struct{}, runtime.NumCPU())

// sendErrorFallback sends the error page rendered at start.
func (loc *localizer) sendErrorFallback(w http.ResponseWriter) {
	loc.writePadded(w, http.StatusInternalServerError, bytes.NewBuffer(bytes.Clone(loc.errorFallback)))
}

func (loc *localizer) writePadded(w http.ResponseWriter, status int, b *bytes.Buffer) {
	pad(b)
	loc.writeHeader(w, status, b.Len())
	_, _ = w.Write(b.Bytes())
}
