package web

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"zapis/internal/incident"
	"zapis/internal/server/intake"
)

// refusal is why a request is not answered as asked: an HTTP status, a stable code (part of locale keys, and "error" in
// JSON), and what is wrong with which field.
type refusal struct {
	status int
	code   string
	fields incident.Errors
}

// refusalTooLarge refuses a body past all bounds, refusalBusy a request for which there is no room.
var (
	refusalTooLarge = refusal{status: http.StatusRequestEntityTooLarge, code: "large"}
	refusalBusy     = refusal{status: http.StatusServiceUnavailable, code: "busy"}
)

func (why refusal) Error() string { return "refused: " + why.code }

const invalidCode = "invalid"

// invalid refuses a form that arrived whole and has something wrong in its fields.
func invalid(fields incident.Errors) refusal {
	return refusal{status: http.StatusUnprocessableEntity, code: invalidCode, fields: fields}
}

// errorPage describes in two sentences what went wrong.
type errorPage struct {
	base
	Heading, Text string
}

// refuse answers a refusal without a held page: with JSON for a program; for a POST of a form with a redirect to the
// page with the reason; otherwise with that page. Then it reads what is still being sent, since a browser shows the
// answer only after that.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, body *minRateBody, why refusal) {
	s.respond(w, r, body, func() { s.showRefusal(w, r, why) })
}

func (s *server) showRefusal(w http.ResponseWriter, r *http.Request, why refusal) {
	if name, ok := refusedName(why); ok && !wantsJSON(r) && r.Method == http.MethodPost {
		loc := s.localizerFor(r)
		seeOther(w, loc, "/"+loc.code+"/refused/"+name)
		return
	}
	s.sendRefusal(w, r, why)
}

// refuseAddress answers a request that no form of ours makes: an unknown address, or another method.
func (s *server) refuseAddress(w http.ResponseWriter, r *http.Request, why refusal) {
	s.respond(w, r, nil, func() { s.sendRefusal(w, r, why) })
}

func (s *server) sendRefusal(w http.ResponseWriter, r *http.Request, why refusal) {
	if why.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	if wantsJSON(r) {
		writeJSON(w, why.status, why.json())
		return
	}
	loc := s.localizerFor(r)
	loc.sendPage(w, why.status, "error", loc.errorPage(why.code, s))
}

// refusedName returns the name under which getRefused shows this refusal.
func refusedName(why refusal) (name string, ok bool) {
	for name, status := range refusedStatus {
		if status == why.status && refusedCode(name) == why.code {
			return name, true
		}
	}
	return "", false
}

// retryAfter is the value of Retry-After where the server is busy, in seconds.
const retryAfter = "60"

func (loc *localizer) errorPage(code string, s *server) errorPage {
	f := loc.errorMessage(code, s)
	p := errorPage{base: loc.base(""), Heading: f.Heading, Text: f.Text}
	p.Failed = true
	return p
}

// errorMessage is what went wrong, in two sentences.
type errorMessage struct{ Heading, Text string }

func (loc *localizer) errorMessage(code string, s *server) *errorMessage {
	key := "fault." + code
	return &errorMessage{loc.t(key + ".heading"), loc.t(key+".text", "count", s.limits.Files,
		"each", loc.size(s.limits.File), "all", loc.size(s.limits.Report))}
}

// fail marks a page as refused, and sets the reason where its fields don't have it.
func (b *base) fail(loc *localizer, s *server, v *view) {
	b.Failed = b.Failed || v.status >= 400 || len(v.wrong) > 0
	if v.refusal != "" {
		b.Error = loc.errorMessage(v.refusal, s)
	}
}

// respond runs write and ends the connection: otherwise the last answer stays in the connection's buffer while it is
// open, and a client that does not read could have pages rendered that it never receives. Where the request's body is
// not at its end the connection is closed in order: announce it, write, flush, read the rest.
func (s *server) respond(w http.ResponseWriter, r *http.Request, body *minRateBody, write func()) {
	unread := body != nil && !body.complete()
	if body == nil && r.Body != nil && r.Body != http.NoBody {
		_ = http.NewResponseController(w).EnableFullDuplex()
		body = newMinRateBody(w, r, s.options.minRate())
		unread = true
	}
	w.Header().Set("Connection", "close")
	s.startWriteDeadline(w)
	write()
	if unread {
		_ = http.NewResponseController(w).Flush()
		body.drain(s.options.Drain)
	}
}

// startWriteDeadline starts the time for reading an answer: the time of an upload does not count.
func (s *server) startWriteDeadline(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.options.AnswerTime()))
}

// refusalJSON is the answer to a program: {"error":"invalid","fields":{"narrative":"required"}}.
type refusalJSON struct {
	Error  string            `json:"error"`
	Fields map[string]string `json:"fields"`
}

func (why refusal) json() refusalJSON {
	out := refusalJSON{Error: why.code, Fields: make(map[string]string)}
	for _, e := range why.fields {
		out.Fields[e.Field] = e.Code
	}
	return out
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs of strings: a fault of ours
	}
	sendJSON(w, status, append(b, '\n'))
}

func sendJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_ = http.NewResponseController(w).Flush()
	_, _ = w.Write(body)
}

// acceptedSize is the size of an answer with a code, in bytes: more than net/http buffers, so that it bypasses the
// buffers, which nothing would overwrite. JSON allows the spaces at its end.
const acceptedSize = 8 << 10

// writeAccepted answers a program whose submission was stored: {"code":"4827 …","promise":"zapis/promise/v1\n…"}.
// Promise is the whole promise file. The code is only in a buffer that is wiped.
func writeAccepted(w http.ResponseWriter, code digits, promise []byte) {
	quoted, err := json.Marshal(string(promise))
	if err != nil {
		panic(err) // a string
	}
	b := make([]byte, 0, max(acceptedSize, len(quoted)+128))
	defer func() { clear(b[:cap(b)]) }()
	b = append(append(append(b, `{"code":"`...), code...), `","promise":`...)
	b = append(append(b, quoted...), '}')
	for len(b) < acceptedSize-1 {
		b = append(b, ' ')
	}
	sendJSON(w, http.StatusCreated, append(b, '\n'))
}

// wantsJSON reports whether the client is a program: one that prefers JSON to a page (RFC 9110, section 12.5.1).
func wantsJSON(r *http.Request) bool {
	wish := make(map[string]float64)
	for _, accept := range r.Header.Values("Accept") {
		for _, one := range strings.Split(accept, ",") {
			kind, params, err := mime.ParseMediaType(one)
			if err != nil {
				continue
			}
			q, err := strconv.ParseFloat(params["q"], 64)
			if err != nil {
				q = 1
			}
			wish[kind] = max(wish[kind], q)
		}
	}
	return wish["application/json"] > wish["text/html"]
}

// refusalFromIntake maps an error of intake to a refusal: errors that the sender can correct become fields; an error
// that is neither that nor a lack of room is internal.
func refusalFromIntake(err error) refusal {
	var one incident.FieldError
	var some incident.Errors
	switch {
	case errors.As(err, &one):
		return invalid(incident.Errors{one})
	case errors.As(err, &some):
		return invalid(some)
	case errors.Is(err, intake.ErrUnknownCode):
		return invalid(incident.Errors{{Field: "code", Code: codeUnknown}})
	case errors.Is(err, intake.ErrBusy), errors.Is(err, intake.ErrAgain):
		return refusalBusy
	case errors.Is(err, intake.ErrFull):
		return refusal{status: http.StatusInsufficientStorage, code: "full"}
	}
	return refusal{status: http.StatusInternalServerError, code: "broken"}
}
