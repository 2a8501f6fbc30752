package web

import (
	"context"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// headers are set on every answer. They forbid loading from elsewhere, storing, framing and scripts, and let forms go to
// our own origin only. The style sheet's hash is added at start.
var headers = map[string]string{
	"X-Content-Type-Options":       "nosniff",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	// Not no-referrer: with it browsers send `Origin: null` for our own forms, as a foreign page's form would.
	"Referrer-Policy": "same-origin",
	// no-transform also tells a proxy not to compress: the size of a compressed page reveals its contents.
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

// middleware wraps every handler: security headers, the origin check for POST (http.CrossOriginProtection), and recovery
// from panics.
func (s *server) middleware(next http.Handler) http.Handler {
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
			// The panic value may contain a reporter's text, so it is dropped. The stack names functions only.
			if s.options.Broken != nil {
				s.options.Broken(debug.Stack())
			}
			if !t.started {
				w.Header().Set("Connection", "close")
				s.startWriteDeadline(w)
				s.sendBroken(t, r)
			}
		}()
		checked.ServeHTTP(t, r)
	})
}

// sendBroken answers after a panic.
func (s *server) sendBroken(w http.ResponseWriter, r *http.Request) {
	loc := s.localizerFor(r)
	if r.Method == http.MethodPost && !wantsJSON(r) {
		seeOther(w, loc, "/"+loc.code+"/refused/broken")
		return
	}
	loc.sendErrorFallback(w)
}

// sendBusy answers 503 in the client's language. It reads no body.
func (s *server) sendBusy(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	s.refuse(w, r, nil, refusalBusy)
}

// trackedWriter records whether an answer has started.
type trackedWriter struct {
	http.ResponseWriter
	started bool
}

func (t *trackedWriter) WriteHeader(status int) {
	t.started = true
	t.ResponseWriter.WriteHeader(status)
}

func (t *trackedWriter) Write(b []byte) (int, error) {
	t.started = true
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (t *trackedWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// byMethod dispatches on the HTTP method and answers 405 to every other one.
func (s *server) byMethod(by map[string]http.HandlerFunc) http.Handler {
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
				// No handler reads it, and net/http would wait for the body without end.
				s.refuse(w, r, nil, refusal{status: http.StatusBadRequest, code: "type"})
				return
			}
			handle(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		s.refuseAddress(w, r, refusal{status: http.StatusMethodNotAllowed, code: "method"})
	})
}

// semaphore limits how many requests of one kind are processed at a time.
type semaphore chan struct{}

// acquire takes a slot, waiting at most d for one.
func (sem semaphore) acquire(ctx context.Context, d time.Duration) bool {
	select {
	case sem <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case sem <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (sem semaphore) release() { <-sem }
