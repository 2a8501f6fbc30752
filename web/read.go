package web

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"strings"
	"unicode/utf8"

	"zapis/internal/incident"
)

// Bounds of what is held in memory of one form. They are wider than what the fields take, so that a text which is too
// long comes back whole to be shortened; past them it is cut, and refused as too long all the same.
const (
	narrativeRoom = 128 << 10
	fieldRoom     = 8 << 10
	wordsRoom     = 160 << 10 // of all fields together
	wordsBody     = 4 << 20   // bytes of a body that are not files: what is past the bounds above is read and dropped
	nameRoom      = 64
	maxFields     = 512
)

// handleFile takes in one file, with the fields that came before it; what it returns ends the reading, unless it is nil.
type handleFile func(before incident.Form, name string, content io.Reader) error

// readForm reads a body as a stream, fields and files in any order. It returns what was typed even where it fails, as
// far as it came. Errors are refusals.
func readForm(r *http.Request, body *pacedBody, file handleFile) (incident.Form, error) {
	f := &fields{form: make(incident.Form)}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil && kind == "":
		err = refusal{status: http.StatusUnsupportedMediaType, code: "type"}
	case kind == "application/x-www-form-urlencoded":
		err = f.readURLEncoded(bufio.NewReaderSize(body, 4<<10))
	case kind == "multipart/form-data" && params["boundary"] == "":
		err = refusal{status: http.StatusBadRequest, code: "cut"}
	case kind == "multipart/form-data":
		err = f.readMultipart(multipart.NewReader(closed(bufio.NewReaderSize(body, 32<<10)), params["boundary"]), file)
	default:
		err = refusal{status: http.StatusUnsupportedMediaType, code: "type"}
	}
	return f.form, readingFault(err, body)
}

// closed makes the end of a body an error. multipart returns io.EOF after the last boundary, but also for a body that
// breaks off in a part's header: with this, it is the former alone. A last boundary without its line break is complete.
func closed(body io.Reader) io.Reader {
	return io.MultiReader(body, strings.NewReader("\r\n"), &sticky{err: io.ErrUnexpectedEOF})
}

// sticky passes on what r gives, and remembers what ended it.
type sticky struct {
	r   io.Reader
	err error
}

func (s *sticky) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.err = err
	return n, err
}

// readingFault makes a refusal of whatever ended the reading.
func readingFault(err error, body *pacedBody) error {
	var why refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &why):
		return why
	case errors.Is(err, os.ErrDeadlineExceeded), body.err != nil && errors.Is(body.err, os.ErrDeadlineExceeded):
		// Not 408: Chromium answers that by sending the body again, three times over.
		return refusal{status: http.StatusBadRequest, code: "slow"}
	}
	return refusal{status: http.StatusBadRequest, code: "cut"}
}

// fields gathers a form within its bounds.
type fields struct {
	form  incident.Form
	count int
	held  int // bytes kept
	read  int // bytes read that were not files
}

func (f *fields) readMultipart(parts *multipart.Reader, file handleFile) error {
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f.readPart(part, file); err != nil {
			return err
		}
	}
}

func (f *fields) readPart(part *multipart.Part, file handleFile) error {
	name, sent, isFile := partNames(part.Header)
	if name == incident.FileField && isFile {
		// A browser sends an empty part without a name for a file field that nobody touched.
		content := bufio.NewReaderSize(part, 512)
		if _, err := content.Peek(1); err != nil {
			if err != io.EOF {
				return err
			}
			if sent == "" {
				return nil
			}
		}
		return file(f.form, sent, content)
	}
	return f.add(name, part)
}

// partNames reads the name of a part's field and of its file, the latter as it was sent: Part.FileName strips folders,
// and what a name is cut down to is for incident to say.
func partNames(h textproto.MIMEHeader) (field, file string, isFile bool) {
	_, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if err != nil {
		return "", "", false
	}
	file, isFile = params["filename"]
	return params["name"], file, isFile
}

// add reads one field's value, keeps it within bounds, and reads the rest of it away.
func (f *fields) add(name string, value io.Reader) error {
	if f.count++; f.count > maxFields || len(name) > nameRoom {
		return tooMuch
	}
	room := fieldRoom
	if name == "narrative" {
		room = narrativeRoom
	}
	if name == "filler" {
		room = 0
	}
	kept, err := io.ReadAll(io.LimitReader(value, int64(min(room, wordsRoom-f.held))))
	if err != nil {
		return err
	}
	rest, err := io.CopyN(io.Discard, value, int64(wordsBody-f.read))
	if err == nil {
		return tooMuch
	}
	if err != io.EOF {
		return err
	}
	if rest > 0 {
		kept = wholeRunes(kept)
	}
	f.held += len(kept)
	f.read += len(kept) + int(rest)
	if name != "filler" {
		f.form[name] = append(f.form[name], string(kept))
	}
	clear(kept)
	return nil
}

// wholeRunes takes a broken character off the end of a text that was cut.
func wholeRunes(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if tail := b[len(b)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}
