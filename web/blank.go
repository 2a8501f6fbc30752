package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// A stencil is a page that was made at the start, but for the places in it that differ each time: whoever asks for one a
// thousand times a second is to cost as little as can be. All that send it share its bytes, so that whoever asks and
// does not read holds no memory of ours either.
type stencil struct {
	pieces [][]byte
	marks  []string // what stands after each piece but the last
}

// The marks stand in for what differs.
var (
	nonceMark  = strings.Repeat("n", 32)
	fillerMark = "{filler}"
)

// stencils makes the pages that are asked for without anything typed.
func (g *tongue) stencils() (err error) {
	form := g.form(nil, nonceMark, nil)
	form.Filler = fillerMark
	if g.blankForm, err = g.stencil("form", form, nonceMark, fillerMark); err != nil {
		return err
	}
	ask := g.ask("", nil)
	ask.Filler = fillerMark
	g.blankAsk, err = g.stencil("ask", ask, fillerMark)
	return err
}

// stencil cuts a page at marks, each of which stands in it once, in this order.
func (g *tongue) stencil(name string, data any, marks ...string) (stencil, error) {
	rest, err := g.render(name, data)
	if err != nil {
		return stencil{}, err
	}
	s := stencil{marks: marks}
	for _, mark := range marks {
		if n := bytes.Count(rest, []byte(mark)); n != 1 {
			return stencil{}, fmt.Errorf("the page %s has %s %d times, not once", name, mark, n)
		}
		piece, after, _ := bytes.Cut(rest, []byte(mark))
		s.pieces, rest = append(s.pieces, piece), after
	}
	s.pieces = append(s.pieces, rest)
	return s, nil
}

// showBlank fills a stencil in, pads it, and sends it.
func (g *tongue) showBlank(w http.ResponseWriter, s stencil) {
	out := make([][]byte, 0, 2*len(s.pieces)+3)
	size := len(padOpening) + len(padClosing)
	add := func(b []byte) { out, size = append(out, b), size+len(b) }
	for i, piece := range s.pieces {
		add(piece)
		switch {
		case i == len(s.marks):
		case s.marks[i] == nonceMark:
			add([]byte(newNonce()))
		default:
			add(dots[:len(filler())])
		}
	}
	full := padded(size)
	out = append(out, []byte(padOpening), dots[:full-size], []byte(padClosing))
	g.head(w, http.StatusOK, full)
	for _, b := range out {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
}

func (g *tongue) head(w http.ResponseWriter, status, size int) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", g.code)
	h.Set("Content-Length", strconv.Itoa(size))
	w.WriteHeader(status)
}
