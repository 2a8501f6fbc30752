package web

import (
	"context"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// headers are sent with every answer: nothing is loaded from anywhere, nothing is kept, no page of ours is framed or
// scripted, and forms go to us alone. The style's hash is filled in at the start.
var headers = map[string]string{
	"X-Content-Type-Options":       "nosniff",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	// Not no-referrer: browsers then send `Origin: null` with our own forms, which is what a foreign page's look like.
	"Referrer-Policy": "same-origin",
	// no-transform also tells a proxy not to compress: a compressed page's size tells what is in it.
	"Cache-Control": "no-store, no-transform",
	"Permissions-Policy": "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), clipboard-write=(), " +
		"display-capture=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), " +
		"picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), web-share=(), xr-spatial-tracking=()",
}

func (s *server) setHeaders(h http.Header, path string) {
	for name, value := range headers {
		h.Set(name, value)
	}
	h.Set("Content-Security-Policy", s.policy)
	if onion := strings.TrimSuffix(s.site.Onion, "/"); onion != "" {
		h.Set("Onion-Location", onion+path)
	}
}

// guard stands before every handler.
func (s *server) guard(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, nil, refusal{status: http.StatusForbidden, code: "origin"})
	}))
	checked := origin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.setHeaders(w.Header(), r.URL.Path)
		t := &trackedWriter{ResponseWriter: w}
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			// The panic's own words may hold a reporter's, so they go nowhere. The stack names functions only.
			if s.options.Broken != nil {
				s.options.Broken(debug.Stack())
			}
			if !t.begun {
				w.Header().Set("Connection", "close")
				s.allowTime(w)
				s.tongueOf(r).showBroken(t)
			}
		}()
		checked.ServeHTTP(t, r)
	})
}

// turnAway tells those for whom there is no place that there is none, in their language.
func (s *server) turnAway(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	s.refuse(w, r, nil, busy)
}

// trackedWriter knows whether an answer has begun.
type trackedWriter struct {
	http.ResponseWriter
	begun bool
}

func (t *trackedWriter) WriteHeader(status int) {
	t.begun = true
	t.ResponseWriter.WriteHeader(status)
}

func (t *trackedWriter) Write(b []byte) (int, error) {
	t.begun = true
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (t *trackedWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// methods answers each method by its handler, and the others with 405 and a calm page.
func (s *server) methods(by map[string]http.HandlerFunc) http.Handler {
	var allowed []string
	for m := range by {
		allowed = append(allowed, m)
		if m == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	slices.Sort(allowed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if handle, ok := by[method]; ok {
			if method == http.MethodGet && r.Body != nil && r.Body != http.NoBody {
				// Nothing of ours reads it, and net/http would wait for it for ever.
				s.refuse(w, r, nil, refusal{status: http.StatusBadRequest, code: "type"})
				return
			}
			handle(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		s.refuse(w, r, nil, refusal{status: http.StatusMethodNotAllowed, code: "method"})
	})
}

// A room bounds how many requests of one kind are being worked on at the same time.
type room chan struct{}

// enter takes a place, and waits for one for as long as d.
func (r room) enter(ctx context.Context, d time.Duration) bool {
	select {
	case r <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case r <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (r room) leave() { <-r }
