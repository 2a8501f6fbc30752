package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// prerendered is a page rendered at start, cut at the few places whose contents differ in each answer. All answers
// share its segments, so a request for the empty form executes no template, and a client that does not read its answer
// occupies no page of its own.
type prerendered struct {
	segments     [][]byte
	placeholders []string // what follows each segment except the last
}

// These strings mark the places to fill in.
var (
	noncePlaceholder  = strings.Repeat("n", 32)
	fillerPlaceholder = "{filler}"
)

// prerenderAll renders the pages without typed values: the empty form and the page that asks for the code.
func (loc *localizer) prerenderAll() (err error) {
	for attended, page := range map[bool]*prerendered{false: &loc.emptyForm, true: &loc.dutyForm} {
		form := loc.form(nil, noncePlaceholder, nil, attended)
		form.Filler = fillerPlaceholder
		if *page, err = loc.prerender("form", form, noncePlaceholder, fillerPlaceholder); err != nil {
			return err
		}
	}
	ask := loc.ask(nil, nil)
	ask.Filler = fillerPlaceholder
	loc.emptyAsk, err = loc.prerender("ask", ask, fillerPlaceholder)
	return err
}

// prerender renders a page and cuts it at the placeholders. Each must occur exactly once, in the order given.
func (loc *localizer) prerender(name string, data any, marks ...string) (prerendered, error) {
	rest, err := loc.render(name, data)
	if err != nil {
		return prerendered{}, err
	}
	s := prerendered{placeholders: marks}
	for _, mark := range marks {
		if n := bytes.Count(rest, []byte(mark)); n != 1 {
			return prerendered{}, fmt.Errorf("the page %s has %s %d times, not once", name, mark, n)
		}
		piece, after, _ := bytes.Cut(rest, []byte(mark))
		s.segments, rest = append(s.segments, piece), after
	}
	s.segments = append(s.segments, rest)
	return s, nil
}

// sendPrerendered fills in a prerendered page, pads it, and sends it.
func (loc *localizer) sendPrerendered(w http.ResponseWriter, s prerendered) {
	out := make([][]byte, 0, 2*len(s.segments)+3)
	size := len(padOpening) + len(padClosing)
	add := func(b []byte) { out, size = append(out, b), size+len(b) }
	for i, piece := range s.segments {
		add(piece)
		switch {
		case i == len(s.placeholders):
		case s.placeholders[i] == noncePlaceholder:
			add([]byte(newNonce()))
		default:
			add(paddingDots()[:len(newFiller())])
		}
	}
	full := padded(size)
	out = append(out, []byte(padOpening), paddingDots()[:full-size], []byte(padClosing))
	loc.writeHeader(w, http.StatusOK, full)
	for _, b := range out {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
}

func (loc *localizer) writeHeader(w http.ResponseWriter, status, size int) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", loc.code)
	h.Set("Content-Length", strconv.Itoa(size))
	w.WriteHeader(status)
}
