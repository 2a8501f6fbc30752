package web

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
)

// blankForm is the page that everybody asks for first, made at the start but for the two places in it that differ each
// time: whoever asks for it a thousand times a second is to cost as little as can be.
type blankForm struct{ begin, middle, end []byte }

// The marks stand in for what differs.
var (
	nonceMark  = strings.Repeat("n", 32)
	fillerMark = "{filler}"
)

func (g *tongue) blank() (b blankForm, err error) {
	p := g.form(nil, nonceMark, nil)
	p.Filler = fillerMark
	page, err := g.render("form", p)
	if err != nil {
		return b, err
	}
	var rest []byte
	var one, two bool
	b.begin, rest, one = bytes.Cut(page, []byte(nonceMark))
	b.middle, b.end, two = bytes.Cut(rest, []byte(fillerMark))
	if !one || !two || bytes.Contains(b.end, []byte(nonceMark)) || bytes.Contains(b.end, []byte(fillerMark)) {
		return b, errors.New("the form does not have its hidden field and then its filler, once each")
	}
	return b, nil
}

// showBlank sends the form without anything in it.
func (g *tongue) showBlank(w http.ResponseWriter) {
	b := pageBuffers.Get().(*bytes.Buffer)
	defer func() {
		b.Reset()
		pageBuffers.Put(b)
	}()
	b.Write(g.empty.begin)
	b.WriteString(newNonce())
	b.Write(g.empty.middle)
	b.WriteString(filler())
	b.Write(g.empty.end)
	g.send(w, http.StatusOK, b)
}
