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

// refusal is why a request is not answered as asked: an HTTP status, a stable code (a key of the locales, and
// "error" in JSON), and what is wrong with which field.
type refusal struct {
	status int
	code   string
	fields incident.Errors
}

// tooMuch is the refusal of a body past all bounds, busy that of a request for which there is no room.
var (
	refusalTooLarge = refusal{status: http.StatusRequestEntityTooLarge, code: "large"}
	refusalBusy     = refusal{status: http.StatusServiceUnavailable, code: "busy"}
)

func (why refusal) Error() string { return "refused: " + why.code }

const invalidCode = "invalid"

// invalid is the refusal of a form that arrived whole but cannot be taken as it is.
func invalid(fields incident.Errors) refusal {
	return refusal{status: http.StatusUnprocessableEntity, code: invalidCode, fields: fields}
}

// faultPage says in two sentences what went wrong.
type errorPage struct {
	base
	Heading, Text string
}

// refuse answers a refusal with a page, or with JSON where that was asked for, and then takes in what is still
// being sent, so that the browser comes to show it.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, body *minRateBody, why refusal) {
	s.respond(w, r, body, func() { s.showRefusal(w, r, why) })
}

func (s *server) showRefusal(w http.ResponseWriter, r *http.Request, why refusal) {
	why.retryAfter(w)
	if wantsJSON(r) {
		writeJSON(w, why.status, why.json())
		return
	}
	loc := s.localizerFor(r)
	loc.sendPage(w, why.status, "error", loc.errorPage(why.code, s))
}

func (why refusal) retryAfter(w http.ResponseWriter) {
	if why.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "60")
	}
}

func (loc *localizer) errorPage(code string, s *server) errorPage {
	f := loc.errorMessage(code, s)
	return errorPage{base: loc.base(""), Heading: f.Heading, Text: f.Text}
}

// faultText is what went wrong, in two sentences.
type errorMessage struct{ Heading, Text string }

func (loc *localizer) errorMessage(code string, s *server) *errorMessage {
	key := "fault." + code
	return &errorMessage{loc.t(key + ".heading"), loc.t(key+".text", "count", s.limits.Files,
		"each", loc.size(s.limits.File), "all", loc.size(s.limits.Report))}
}

// banner is the fault for the top of a page that came back; nil where the fields say what is wrong.
func (loc *localizer) errorBanner(why refusal, s *server) *errorMessage {
	if why.code == invalidCode {
		return nil
	}
	return loc.errorMessage(why.code, s)
}

// answer runs write and ends the connection: what was sent last lies in its buffer until it goes, and whoever asks again
// and again without reading would have pages made that nobody takes. Where the request's body is not at its end the
// connection is closed in good order: announce it, write, flush, take in the rest.
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

// allowTime begins the time for taking an answer: what the sender of an upload took does not count.
func (s *server) startWriteDeadline(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.options.AnswerTime()))
}

// refusalJSON is what a program gets: {"error":"invalid","fields":{"narrative":"required"}}.
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
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(b)+1))
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

// wantsJSON says that a program is asking: it would rather have JSON than a page (RFC 9110, section 12.5.1).
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

// intakeRefusal says what an error of intake means to the person who sent: errors that are theirs to mend come as
// fields, and what is neither that nor a lack of room is ours.
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
