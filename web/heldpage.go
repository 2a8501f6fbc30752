package web

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unsafe"

	"github.com/gorilla/mux"
)

// Every POST of a browser is answered with 303 and the address of a page with a random name, which is kept in memory
// for a short time. A browser stores the body of a POST, and the page that answers it, in its history and in its
// session files on the disk; of this it stores only an address that soon leads to nothing.
const (
	// pageLife is how long a page waits for the redirected browser, and how long the page with the code can be
	// reloaded.
	pageLife = 10 * time.Minute
	// reloadGrace is how long every other page can be reloaded, for a connection that broke.
	reloadGrace = time.Minute

	heldPageBytes = 32 << 20 // of pages that hold what was typed, or messages
	codePageBytes = 8 << 20  // of pages that hold a code
)

// show answers a POST with a page. A program gets it directly. A browser is sent to it; where there is no room to hold
// the page it gets it directly as well, since nothing may be lost.
func (s *server) show(w http.ResponseWriter, r *http.Request, body *minRateBody, v *view) {
	s.respond(w, r, body, func() {
		loc := s.localizerFor(r)
		if wantsJSON(r) {
			s.sendView(w, loc, v)
			return
		}
		name, ok := s.hold(v)
		if !ok {
			s.sendView(w, loc, v)
			return
		}
		seeOther(w, loc, "/"+loc.code+"/page/"+name)
	})
}

// hold keeps a view under a new name.
func (s *server) hold(v *view) (name string, ok bool) {
	// When many slow senders are cut off at once, their answers are queued, so that they do not use memory together.
	s.answering <- struct{}{}
	defer func() { <-s.answering }()
	var secret [16]byte
	rand.Read(secret[:])
	defer clear(secret[:])
	packed := v.pack()
	defer clear(packed)
	cache, tag := s.heldPages, [32]byte{}
	if v.page == "code" {
		cache, tag = s.codePages, codeTag(v.code)
	}
	return hex.EncodeToString(secret[:]), cache.put(secret[:], packed, tag, pageLife)
}

// codeTag tags the pages of one code, so that they can be dropped once the reporter has typed the code.
func codeTag(digits string) [32]byte {
	return derive(unsafe.Slice(unsafe.StringData(digits), len(digits)), "code page") // no copy: it would not be wiped
}

// seeOther redirects to one of our pages. Every redirect has the same size, whatever its target.
func seeOther(w http.ResponseWriter, loc *localizer, path string) {
	const size = 256 // of the location and the body together
	body := strings.Repeat(".", size-len(path))
	h := w.Header()
	h.Set("Location", path)
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Language", loc.code)
	h.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(http.StatusSeeOther)
	_, _ = w.Write([]byte(body))
}

// getHeldPage shows a page that a POST was redirected to.
func (s *server) getHeldPage(w http.ResponseWriter, r *http.Request) {
	secret, err := hex.DecodeString(mux.Vars(r)["name"])
	if err != nil {
		s.refuse(w, r, nil, refusal{status: http.StatusNotFound, code: "gone"})
		return
	}
	s.scrubber.requestStarted()
	defer s.scrubber.requestEnded()
	defer clear(secret)
	packed, ok := s.codePages.get(secret, 0)
	if !ok {
		packed, ok = s.heldPages.get(secret, reloadGrace)
	}
	if !ok {
		s.refuse(w, r, nil, refusal{status: http.StatusNotFound, code: "gone"})
		return
	}
	defer clear(packed)
	s.respond(w, r, nil, func() { s.sendView(w, s.localizerFor(r), unpackView(packed)) })
}

// presenters build a page's template name and data from a view.
var presenters map[string]func(s *server, loc *localizer, v *view) (template string, data any)

func init() {
	presenters = map[string]func(s *server, loc *localizer, v *view) (string, any){
		"form":    presentForm,
		"code":    presentCode,
		"files":   presentFiles,
		"ask":     presentAsk,
		"mailbox": presentMailbox,
		"add":     presentAdd,
		"done":    presentDone,
		"receipt": presentReceipt,
	}
}

// sendView renders a view in one language and sends it.
func (s *server) sendView(w http.ResponseWriter, loc *localizer, v *view) {
	if v.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	name, data := presenters[v.page](s, loc, v)
	loc.sendPage(w, v.status, name, data)
}

// getRefused shows why a request was refused, where no page is held. The address names the refusal.
func (s *server) getRefused(w http.ResponseWriter, r *http.Request) {
	name := mux.Vars(r)["name"]
	status, ok := refusedStatus[name]
	if !ok {
		status, name = http.StatusNotFound, "notfound"
	}
	s.refuse(w, r, nil, refusal{status: status, code: refusedCode(name)})
}

// refusedStatus lists the refusals that have an address, by its last part, with their status.
var refusedStatus = map[string]int{
	"busy": http.StatusServiceUnavailable, "broken": http.StatusInternalServerError, "cut": http.StatusBadRequest,
	"slow": http.StatusBadRequest, "type": http.StatusBadRequest, "unsupported": http.StatusUnsupportedMediaType,
	"origin": http.StatusForbidden, "large": http.StatusRequestEntityTooLarge, "full": http.StatusInsufficientStorage,
	"notfound": http.StatusNotFound,
}

// refusedCode returns the error code of a refusal's address: "type" comes with two statuses.
func refusedCode(name string) string {
	if name == "unsupported" {
		return "type"
	}
	return name
}
