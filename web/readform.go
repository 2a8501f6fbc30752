package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"zapis/internal/incident"
)

// Limits of what one form holds in memory. They are wider than those of the fields, so that a text that is too long is
// shown whole to be shortened; beyond them it is cut, and also refused as too long.
const (
	maxNarrativeBytes = 128 << 10
	maxFieldBytes     = 8 << 10
	maxHeldBytes      = 160 << 10 // of all fields together
	maxFormBytes      = 4 << 20   // bytes of a body that are not files; what exceeds the limits above is read and dropped
	maxFieldName      = 64
	maxFields         = 512
)

// fileHandler reads one file part; before holds the fields that came earlier. An error ends the reading.
type fileHandler func(before incident.Form, name string, content io.Reader) error

// readForm reads a body as a stream, fields and files in any order. Even where it fails it returns the fields read so
// far. Errors are refusals. The caller wipes the fields.
func readForm(r *http.Request, body *minRateBody, held *reservation, file fileHandler) (*fields, error) {
	f := &fields{form: make(incident.Form), memory: held}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch coding := r.Header.Get("Content-Encoding"); {
	case coding != "" && !strings.EqualFold(coding, "identity"), err != nil && kind == "":
		err = refusal{status: http.StatusUnsupportedMediaType, code: "type"}
	case kind == "application/x-www-form-urlencoded":
		in := bufio.NewReaderSize(body, 1<<10)
		err = f.readURLEncoded(in)
		zeroBuffer(in)
	case kind == "multipart/form-data" && params["boundary"] == "":
		err = refusal{status: http.StatusBadRequest, code: "cut"}
	case kind == "multipart/form-data":
		err = f.readMultipart(newMultipartSource(body), params["boundary"], file)
	default:
		err = refusal{status: http.StatusUnsupportedMediaType, code: "type"}
	}
	return f, readRefusal(err, body)
}

// stickyReader passes on what r returns, and keeps the error that ended it.
type stickyReader struct {
	r   io.Reader
	err error
}

func (s *stickyReader) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.err = err
	return n, err
}

// readRefusal maps the error that ended the reading to a refusal.
func readRefusal(err error, body *minRateBody) error {
	var why refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &why):
		return why
	case errors.Is(err, os.ErrDeadlineExceeded), body.err != nil && errors.Is(body.err, os.ErrDeadlineExceeded):
		// Not 408: Chromium sends the body up to three more times after it.
		return refusal{status: http.StatusBadRequest, code: "slow"}
	}
	return refusal{status: http.StatusBadRequest, code: "cut"}
}

// fields collects a form within its limits.
type fields struct {
	form      incident.Form
	memory    *reservation // the form's reservation in the memory budget
	buffers   [][]byte
	count     int
	heldBytes int  // bytes kept
	readBytes int  // bytes read that were not files
	truncated bool // a value was longer than its limit, and its end is lost
}

// wipe zeroes every value of the form. Its strings, and substrings of them, must not be used afterwards.
func (f *fields) wipe() {
	for _, w := range f.buffers {
		clear(w)
	}
	f.form, f.buffers = nil, nil
}

func (f *fields) readMultipart(in *multipartSource, boundary string, file fileHandler) error {
	parts := multipart.NewReader(in, boundary)
	defer in.zeroBuffers(parts)
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return partHeaderError(err)
		}
		if err := f.readPart(part, in, file); err != nil {
			return err
		}
	}
}

// partHeaderError maps an error of textproto in a part's header. In what browsers send it is a control character in the
// name of a file.
func partHeaderError(err error) error {
	if malformed, ok := errors.AsType[textproto.ProtocolError](err); ok && strings.Contains(string(malformed), "filename") {
		return invalid(incident.Errors{{Field: incident.FileField, Code: incident.Control}})
	}
	return err
}

// unencoded are the codings under which a part's bytes are those that are meant (RFC 7578, section 4.7). No browser names
// one. A part in base64 would be stored as base64, so it is refused.
var unencoded = []string{"", "7bit", "8bit", "binary"}

func (f *fields) readPart(part *multipart.Part, in *multipartSource, file fileHandler) error {
	if coding := strings.TrimSpace(part.Header.Get("Content-Transfer-Encoding")); !slices.Contains(unencoded, strings.ToLower(coding)) {
		return refusal{status: http.StatusUnsupportedMediaType, code: "type"}
	}
	name, sent, isFile := partNames(part.Header)
	if name != incident.FileField || !isFile {
		return f.add(name, part)
	}
	// A browser sends an empty part without a name for an untouched file field.
	var first [1]byte
	n, err := io.ReadFull(part, first[:])
	if err == io.EOF && sent == "" {
		return nil
	}
	if err != nil && err != io.EOF {
		return err
	}
	in.enlarge()
	return file(f.form, sent, io.MultiReader(bytes.NewReader(first[:n]), part))
}

// add reads one field's value, keeps it within limits, and discards the rest.
func (f *fields) add(name string, value io.Reader) error {
	if f.count++; f.count > maxFields || len(name) > maxFieldName {
		return refusalTooLarge
	}
	room := maxFieldBytes
	if name == "narrative" {
		room = maxNarrativeBytes
	}
	if name == "filler" {
		room = 0
	}
	kept, err := f.readValue(value, min(room, maxHeldBytes-f.heldBytes))
	if err != nil {
		return err
	}
	rest, err := io.CopyN(io.Discard, value, int64(maxFormBytes-f.readBytes))
	if err == nil {
		return refusalTooLarge
	}
	if err != io.EOF {
		return err
	}
	read := len(kept) + int(rest)
	if rest > 0 {
		kept = trimPartialRune(kept)
	}
	kept = cleanInPlace(kept)
	f.heldBytes += len(kept)
	f.readBytes += read
	if name != "filler" {
		f.truncated = f.truncated || rest > 0
		// The string shares the bytes, so that wiping them leaves no copy.
		f.form[name] = append(f.form[name], unsafe.String(unsafe.SliceData(kept), len(kept)))
	}
	return nil
}

// readValue reads up to room bytes. wipe covers the only copy that it leaves.
func (f *fields) readValue(value io.Reader, room int) ([]byte, error) {
	buf := make([]byte, 0, min(room, 256))
	defer func() { f.buffers = append(f.buffers, buf[:cap(buf)]) }()
	for {
		if len(buf) == room {
			return buf, nil
		}
		if len(buf) == cap(buf) {
			if !f.memory.grow(cap(buf)) {
				return nil, refusalBusy
			}
			wider := append(make([]byte, 0, min(room, 2*cap(buf))), buf...)
			clear(buf)
			buf = wider
		}
		n, err := value.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// cleanInPlace is incident.CleanText in place, so that no copy is left; it zeroes the rest.
func cleanInPlace(b []byte) []byte {
	cleaned := incident.CleanText(unsafe.String(unsafe.SliceData(b), len(b)))
	if len(cleaned) == len(b) && unsafe.StringData(cleaned) == unsafe.SliceData(b) {
		return b
	}
	n := copy(b, cleaned)
	clear(unsafe.Slice(unsafe.StringData(cleaned), len(cleaned)))
	clear(b[n:])
	return b[:n]
}

// trimPartialRune removes an incomplete character from the end of a text that was cut.
func trimPartialRune(b []byte) []byte {
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
