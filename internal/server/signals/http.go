package signals

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"zapis/crypto/duty"
	"zapis/store"
)

const (
	path       = "/signals"
	pollPath   = "/signals/poll"
	answerPath = "/signals/answer"
	keysPath   = "/signals/keys"
)

// bodyTime is how long a message may take to arrive.
const bodyTime = 10 * time.Second

// Handles reports whether a path is one that Handler answers.
func Handles(p string) bool { return p == path || strings.HasPrefix(p, path+"/") }

// ServeHTTP answers under /signals.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	take := map[string]func(context.Context, []byte) error{pollPath: s.Poll, answerPath: s.Answer}[r.URL.Path]
	switch {
	case take != nil && r.Method == http.MethodPost:
		s.take(w, r, take)
	case take != nil:
		h.Set("Allow", "POST")
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
	case r.Body != http.NoBody:
		h.Set("Connection", "close")
		http.Error(w, "no body", http.StatusBadRequest)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
	default:
		s.send(w, r.URL.EscapedPath())
	}
}

func (s *Server) send(w http.ResponseWriter, p string) {
	if p == keysPath {
		history, err := s.store.KeyHistory()
		reply(w, "text/plain; charset=utf-8", history, err)
		return
	}
	n := uint64(0)
	if p != path {
		var err error
		digits := strings.TrimPrefix(p, path+"/")
		if n, err = strconv.ParseUint(digits, 10, 40); err != nil || n == 0 || strconv.FormatUint(n, 10) != digits {
			http.Error(w, "not here", http.StatusNotFound)
			return
		}
	}
	file, err := s.Batch(n)
	reply(w, "application/octet-stream", file, err)
}

func reply(w http.ResponseWriter, contentType string, file []byte, err error) {
	switch {
	case errors.Is(err, store.ErrUnknown):
		http.Error(w, "not here", http.StatusNotFound)
	case err != nil:
		http.Error(w, "it can't be read", http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(file)))
		_, _ = w.Write(file) // who has gone away is told nothing
	}
}

// take reads a signed message and answers with a line. What does not verify is told why: only a duty key's owner asks.
func (s *Server) take(w http.ResponseWriter, r *http.Request, do func(context.Context, []byte) error) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime))
	message, err := io.ReadAll(http.MaxBytesReader(w, r.Body, duty.MaxMessage))
	if err != nil {
		w.Header().Set("Connection", "close")
		http.Error(w, "the message did not come whole, or is too long", http.StatusBadRequest)
		return
	}
	switch err := do(r.Context(), message); {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, duty.ErrMismatch):
		http.Error(w, err.Error(), http.StatusForbidden)
	case errors.Is(err, ErrNotUrgent):
		http.Error(w, err.Error(), http.StatusNotFound)
	case errors.Is(err, ErrClock), errors.Is(err, ErrAnswered), errors.Is(err, errTime):
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		http.Error(w, "the server can't take it now", http.StatusServiceUnavailable)
	}
}
