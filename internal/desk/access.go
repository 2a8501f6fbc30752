package desk

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"zapis/internal/peer"
)

// Access admits one browser of one user to the desk.
//
// The desk answers to a random host name under .localhost only: cookies of a loopback address are shared by all of its
// ports, and a page that rebinds its own name to 127.0.0.1 sends its own name. The browser gets in with a one-time token,
// which the program prints, and keeps a host-only cookie after that. Where the kernel says which user owns the other end
// of a loopback connection (Linux), connections of other users are refused before anything is read.
type Access struct {
	host   string // "desk-0123456789abcdef.localhost:4711"
	cookie string // the value of the cookie that admits, 64 hexadecimal digits
	owner  func(local, remote net.Addr) (ok bool)

	mu    sync.Mutex
	token string // "" once it was used
}

const (
	cookieName = "zapis-desk"
	enterPath  = "/enter/"
)

// NewAccess makes the host name, the token and the cookie of one run. listener is the address that the desk listens on;
// its port becomes a part of the host name.
func NewAccess(listener net.Addr) *Access {
	_, port, err := net.SplitHostPort(listener.String())
	if err != nil {
		port = "80"
	}
	return &Access{
		host: "desk-" + randomHex(8) + ".localhost:" + port, cookie: randomHex(32), token: randomHex(32),
		owner: peer.SameUserTCP,
	}
}

// randomHex returns n random bytes as lower-case hexadecimal digits.
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails since Go 1.24
	return hex.EncodeToString(b)
}

// URL returns the address with the one-time token, to be opened in the trustee's browser.
func (a *Access) URL() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return "http://" + a.host + enterPath + a.token
}

// Origin returns the desk's origin: scheme, host and port.
func (a *Access) Origin() string { return "http://" + a.host }

// Guard wraps the desk's pages. It refuses foreign users, foreign hosts, requests that another origin makes, and
// browsers without the cookie. It answers the address with the token itself.
func (a *Access) Guard(pages http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	checked := origin.Handler(pages)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		switch {
		case !a.owner(local, remoteAddr(r)):
			refuse(w, http.StatusForbidden, "This desk belongs to another user of this computer.")
		case r.Host != a.host:
			refuse(w, http.StatusMisdirectedRequest, "This desk does not answer to that name. Open the address that zapis-desk printed.")
		case strings.HasPrefix(r.URL.Path, enterPath):
			a.enter(w, r)
		case !a.admitted(r):
			refuse(w, http.StatusForbidden, "This browser was not let in. Open the address that zapis-desk printed.")
		case fromElsewhere(r):
			refuse(w, http.StatusForbidden, "Another page asked for this. Open the desk yourself.")
		default:
			checked.ServeHTTP(w, r)
		}
	})
}

// enter exchanges the one-time token for the cookie.
func (a *Access) enter(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "This address is opened, not sent to.")
		return
	}
	given := strings.TrimPrefix(r.URL.Path, enterPath)
	a.mu.Lock()
	ok := a.token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(a.token)) == 1
	if ok {
		a.token = ""
	}
	a.mu.Unlock()
	if !ok {
		if a.admitted(r) {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		refuse(w, http.StatusForbidden, "This address was used already, or is not the one that zapis-desk printed. Start zapis-desk again.")
		return
	}
	// No Domain, so that it goes to this host alone; no Max-Age, so that it ends with the browser.
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: a.cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *Access) admitted(r *http.Request) bool {
	return slices.ContainsFunc(r.CookiesNamed(cookieName), func(c *http.Cookie) bool {
		return subtle.ConstantTimeCompare([]byte(c.Value), []byte(a.cookie)) == 1
	})
}

// fromElsewhere reports whether a browser says that another site made this request. A browser that sends no such header
// is held by the cookie, which is SameSite=Strict.
func fromElsewhere(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return true
}

func remoteAddr(r *http.Request) net.Addr {
	a, err := net.ResolveTCPAddr("tcp", r.RemoteAddr)
	if err != nil {
		return nil
	}
	return a
}

// headers are on every answer of the desk. They forbid storing, framing, loading from elsewhere and inline scripts.
var headers = map[string]string{
	"Cache-Control":                "no-store",
	"Content-Security-Policy":      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "same-origin", // with no-referrer, browsers send Origin: null for the desk's own forms
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
}

func setHeaders(h http.Header) {
	for name, value := range headers {
		h.Set(name, value)
	}
}

// refuse answers with one sentence as plain text.
func refuse(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(sentence + "\n"))
}
