package casework

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"zapis/internal/incident"
	"zapis/internal/trustee/casefile"
)

// A row is what a list has of a case, as the cache of cases stores it: the case's id and when it was received (RFC 3339), then
// for each field that is not empty its name, and the field's texts in quotes. A field that is true has its name alone.
// Consent in force is not stored: it follows from what was ticked.
//
//	c03143147a8 2026-11-29T14:00:00Z index "7" danger "yes" given "store" "lawyer" fits

// rowFields visits the fields of a row in their order.
func rowFields(s *casefile.Summary, c rowCodec) {
	c.index("index", &s.Index)
	c.flag("missing", &s.Missing)
	c.text("danger", &s.Danger)
	c.text("deadline", &s.Deadline)
	c.text("agrees", &s.PersonAgrees)
	c.text("target", &s.Target)
	c.texts("given", &s.ConsentGiven)
	c.text("withdrawn", &s.Withdrawn)
	c.other("erase", s.ToErase != nil, &s.ToErase)
	c.text("signed", (*string)(&s.EraseSigned))
	c.texts("methods", &s.Methods)
	c.text("country", &s.Country)
	c.text("language", &s.Language)
	c.text("basis", &s.Basis)
	c.number("files", &s.Attachments)
	c.number("more", &s.FollowUps)
	c.number("collected", &s.Collected)
	c.number("waiting", &s.Waiting)
	c.number("unsigned", &s.NotSigned)
	c.other("numbers", len(s.Numbering.Missing)+len(s.Numbering.Twice) > 0, &s.Numbering)
	c.flag("fits", &s.Fits)
	c.other("holds", len(s.Holds) > 0, &s.Holds)
	c.other("duty", len(s.Duty) > 0, &s.Duty)
	c.text("same", &s.SamePage)
}

// rowCodec writes the fields of a row, or reads them.
type rowCodec interface {
	text(name string, v *string)
	texts(name string, v *[]string)
	number(name string, v *int)
	index(name string, v **uint64)
	flag(name string, v *bool)
	other(name string, has bool, v any) // as JSON, which takes long to read: for what few cases have
}

// appendRow appends the row of a case.
func appendRow(b []byte, s *casefile.Summary) ([]byte, error) {
	w := rowWriter{b: s.Received.AppendFormat(append(append(b, s.Case...), ' '), time.RFC3339Nano)}
	rowFields(s, &w)
	return w.b, w.err
}

type rowWriter struct {
	b   []byte
	err error // the first
}

func (w *rowWriter) put(name, value string) {
	w.b = append(append(append(w.b, ' '), name...), ' ')
	w.b = strconv.AppendQuote(w.b, value)
}

func (w *rowWriter) text(name string, v *string) {
	if *v != "" {
		w.put(name, *v)
	}
}

func (w *rowWriter) texts(name string, v *[]string) {
	for i, one := range *v {
		if i == 0 {
			w.put(name, one)
			continue
		}
		w.b = strconv.AppendQuote(append(w.b, ' '), one)
	}
}

func (w *rowWriter) number(name string, v *int) {
	if *v != 0 {
		w.put(name, strconv.Itoa(*v))
	}
}

func (w *rowWriter) index(name string, v **uint64) {
	if *v != nil {
		w.put(name, strconv.FormatUint(**v, 10))
	}
}

func (w *rowWriter) flag(name string, v *bool) {
	if *v {
		w.b = append(append(w.b, ' '), name...)
	}
}

func (w *rowWriter) other(name string, has bool, v any) {
	if !has {
		return
	}
	text, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.put(name, string(text))
}

var errRow = errors.New("it is no row of a list")

// rowReader reads rows. It keeps the texts that it has read, up to a bound: ten thousand cases have few codes, and a text of its
// own for each would be most of what a list allocates.
type rowReader struct {
	rest []byte
	err  error // the first
	seen map[string]string
}

// maxSeen bounds the texts that a rowReader keeps.
const maxSeen = 4096

func newRowReader() *rowReader { return &rowReader{seen: make(map[string]string)} }

// read reads a row into s.
func (r *rowReader) read(row []byte, s *casefile.Summary) error {
	r.rest, r.err = row, nil
	*s = casefile.Summary{Case: string(r.word())}
	var err error
	s.Received, err = time.Parse(time.RFC3339Nano, string(r.word()))
	rowFields(s, r)
	if err != nil || r.err != nil || len(r.rest) > 0 {
		return errRow
	}
	s.Consent = incident.InForce(s.ConsentGiven, s.Target, s.PersonAgrees)
	return nil
}

// word takes what stands before the next space, or the end.
func (r *rowReader) word() []byte {
	word, rest, _ := bytes.Cut(r.rest, []byte(" "))
	r.rest = rest
	return word
}

// named takes the name, and reports whether it stood there.
func (r *rowReader) named(name string) bool {
	if len(r.rest) < len(name) || string(r.rest[:len(name)]) != name || len(r.rest) > len(name) && r.rest[len(name)] != ' ' {
		return false
	}
	r.rest = r.rest[min(len(name)+1, len(r.rest)):]
	return true
}

// quoted takes a text in quotes. It is valid until the row is.
func (r *rowReader) quoted() []byte {
	end := bytes.IndexByte(r.rest[min(1, len(r.rest)):], '"') + 2
	if end < 2 || r.rest[0] != '"' {
		return r.fail()
	}
	text := r.rest[1 : end-1]
	if bytes.IndexByte(text, '\\') >= 0 {
		quoted, err := strconv.QuotedPrefix(string(r.rest))
		if err != nil {
			return r.fail()
		}
		plain, err := strconv.Unquote(quoted)
		if err != nil {
			return r.fail()
		}
		text, end = []byte(plain), len(quoted)
	}
	if end < len(r.rest) && r.rest[end] != ' ' {
		return r.fail()
	}
	r.rest = r.rest[min(end+1, len(r.rest)):]
	return text
}

// code takes a text in quotes that other rows may have too.
func (r *rowReader) code() string {
	text := r.quoted()
	known, have := r.seen[string(text)]
	if !have {
		known = string(text)
		if len(r.seen) < maxSeen {
			r.seen[known] = known
		}
	}
	return known
}

func (r *rowReader) fail() []byte {
	r.rest, r.err = nil, errRow
	return nil
}

func (r *rowReader) text(name string, v *string) {
	if r.named(name) {
		*v = r.code()
	}
}

func (r *rowReader) texts(name string, v *[]string) {
	if !r.named(name) {
		return
	}
	*v = append(*v, r.code())
	for len(r.rest) > 0 && r.rest[0] == '"' {
		*v = append(*v, r.code())
	}
}

func (r *rowReader) number(name string, v *int) {
	if !r.named(name) {
		return
	}
	var err error
	if *v, err = strconv.Atoi(r.code()); err != nil {
		r.fail()
	}
}

func (r *rowReader) index(name string, v **uint64) {
	if !r.named(name) {
		return
	}
	n, err := strconv.ParseUint(string(r.quoted()), 10, 64)
	if err != nil {
		r.fail()
	}
	*v = &n
}

func (r *rowReader) flag(name string, v *bool) { *v = r.named(name) }

func (r *rowReader) other(name string, _ bool, v any) {
	if r.named(name) && json.Unmarshal(r.quoted(), v) != nil {
		r.fail()
	}
}
