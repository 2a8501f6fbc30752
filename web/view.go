package web

import (
	"encoding/binary"
	"net/url"
	"slices"
	"unsafe"

	"zapis/internal/incident"
	"zapis/internal/server/intake"
)

// view is the content of a page that answers a POST, independent of a language. It is packed and sealed between the
// POST and the GET that it redirects to (sealedCache).
type view struct {
	page      string // a key of presenters
	status    int    // of the GET's answer
	refusal   string // error code for the top of the page; empty where there is none, or the fields have it
	wrong     incident.Errors
	form      incident.Form // what was typed
	truncated bool          // of what was typed, only a part came back
	code      string        // a valid code, in eight groups
	promise   string        // a promise or a receipt
	act       string
	files     int       // stored with this POST
	bad       []badFile // files that were not stored
	number    int       // of the receipt that is shown
	messages  []message
	nextPage  int // number of the page of messages that follows, or 0
	receipts  []receiptRow
	consent   intake.Consent
}

// badFile is a file that was refused while others were kept.
type badFile struct{ Name, Code string }

// packer writes a view as bytes: strings and lists with their length before them.
type packer struct{ b []byte }

func (p *packer) number(n int) { p.b = binary.AppendVarint(p.b, int64(n)) }

func (p *packer) text(s string) {
	p.number(len(s))
	p.b = append(p.b, s...)
}

func (p *packer) texts(list []string) {
	p.number(len(list))
	for _, s := range list {
		p.text(s)
	}
}

func (p *packer) flag(b bool) {
	n := 0
	if b {
		n = 1
	}
	p.number(n)
}

// pack returns the view as bytes. The caller wipes them.
func (v *view) pack() []byte {
	size := 1 << 10
	for _, values := range v.form {
		for _, s := range values {
			size += len(s) + 64
		}
	}
	for _, m := range v.messages {
		size += len(m.Text) + 64
	}
	p := packer{make([]byte, 0, size+len(v.promise)+64*len(v.receipts)+512*len(v.bad)+64*len(v.wrong))} // no growing: that would leave copies
	p.text(v.page)
	p.number(v.status)
	p.text(v.refusal)
	p.number(len(v.wrong))
	for _, e := range v.wrong {
		p.text(e.Field)
		p.text(e.Code)
	}
	p.number(len(v.form))
	for name, values := range v.form {
		p.text(name)
		p.texts(values)
	}
	p.flag(v.truncated)
	p.text(v.code)
	p.text(v.promise)
	p.text(v.act)
	p.number(v.files)
	p.number(len(v.bad))
	for _, b := range v.bad {
		p.text(b.Name)
		p.text(b.Code)
	}
	p.number(v.number)
	p.number(len(v.messages))
	for _, m := range v.messages {
		p.number(m.Number)
		p.number(int(m.Day))
		p.number(int(m.Kind))
		p.text(m.Text)
		p.number(int(m.Seen))
		p.number(int(m.Again))
	}
	p.number(v.nextPage)
	p.number(len(v.receipts))
	for _, r := range v.receipts {
		p.number(r.Number)
		p.number(int(r.Day))
		p.text(r.Act)
		p.flag(r.Entered)
	}
	p.flag(v.consent.Known)
	p.texts(v.consent.Given)
	p.texts(v.consent.InForce)
	p.text(v.consent.Agrees)
	p.text(string(v.consent.Taken))
	p.number(int(dayNumber(v.consent.Since)))
	return p.b
}

// unpacker reads what packer wrote. Its strings share the bytes: wiping the bytes wipes the view.
type unpacker struct{ b []byte }

func (u *unpacker) number() int {
	n, size := binary.Varint(u.b)
	if size <= 0 {
		panic("web: a view is not what was packed") // the cache authenticates what it returns
	}
	u.b = u.b[size:]
	return int(n)
}

func (u *unpacker) text() string {
	n := u.number()
	s := unsafe.String(unsafe.SliceData(u.b), n)
	u.b = u.b[n:]
	return s
}

func (u *unpacker) texts() []string {
	var list []string
	for range u.number() {
		list = append(list, u.text())
	}
	return list
}

func (u *unpacker) flag() bool { return u.number() == 1 }

func unpackView(b []byte) *view {
	u := unpacker{b}
	v := &view{page: u.text(), status: u.number(), refusal: u.text()}
	for range u.number() {
		v.wrong = append(v.wrong, incident.FieldError{Field: u.text(), Code: u.text()})
	}
	v.form = make(incident.Form)
	for range u.number() {
		name := u.text()
		v.form[name] = u.texts()
	}
	v.truncated, v.code, v.promise, v.act, v.files = u.flag(), u.text(), u.text(), u.text(), u.number()
	for range u.number() {
		v.bad = append(v.bad, badFile{u.text(), u.text()})
	}
	v.number = u.number()
	for range u.number() {
		v.messages = append(v.messages, message{Number: u.number(), Day: day(u.number()), Kind: messageKind(u.number()), Text: u.text(),
			Seen: int64(u.number()), Again: int64(u.number())})
	}
	v.nextPage = u.number()
	for range u.number() {
		v.receipts = append(v.receipts, receiptRow{Number: u.number(), Day: day(u.number()), Act: u.text(), Entered: u.flag()})
	}
	v.consent.Known, v.consent.Given, v.consent.InForce = u.flag(), u.texts(), u.texts()
	v.consent.Agrees, v.consent.Taken = u.text(), incident.Act(u.text())
	v.consent.Since = day(u.number()).time()
	return v
}

// first returns the first value that was typed into a field, or the empty string.
func (v *view) first(name string) string { return url.Values(v.form).Get(name) }

func (v *view) has(name, value string) bool { return slices.Contains(v.form[name], value) }
