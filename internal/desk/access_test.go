package desk

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// started is a desk whose only page says "inside", on a loopback listener.
func started(t *testing.T) (*Access, *httptest.Server) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	a := NewAccess(s.Listener.Addr())
	s.Config.Handler = a.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "inside") }))
	s.Start()
	t.Cleanup(s.Close)
	return a, s
}

// ask sends a request to the desk's listener, whatever host it names.
func ask(t *testing.T, s *httptest.Server, method, path string, change func(*http.Request)) (int, string, *http.Response) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp
}

func host(a *Access) func(*http.Request) { return func(r *http.Request) { r.Host = a.host } }

// enter uses the token and returns a change that makes a request one of the admitted browser.
func enter(t *testing.T, a *Access, s *httptest.Server) func(*http.Request) {
	t.Helper()
	status, body, resp := ask(t, s, "GET", strings.TrimPrefix(a.URL(), a.Origin()), host(a))
	if status != http.StatusSeeOther || len(resp.Cookies()) != 1 {
		t.Fatalf("%d %q, %d cookies", status, body, len(resp.Cookies()))
	}
	c := resp.Cookies()[0]
	if c.Domain != "" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 0 || !c.Expires.IsZero() {
		t.Errorf("the cookie is not host-only, strict and of the session: %v", c)
	}
	return func(r *http.Request) { r.Host = a.host; r.AddCookie(c) }
}

func TestAdmitsTheBrowserWithTheToken(t *testing.T) {
	a, s := started(t)
	in := enter(t, a, s)
	status, body, resp := ask(t, s, "GET", "/", in)
	if status != 200 || body != "inside" {
		t.Errorf("%d %q", status, body)
	}
	if got := resp.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: %q", got)
	}
}

func TestTheTokenCountsOnce(t *testing.T) {
	a, s := started(t)
	path := strings.TrimPrefix(a.URL(), a.Origin())
	enter(t, a, s)
	if status, body, _ := ask(t, s, "GET", path, host(a)); status != 403 || !strings.Contains(body, "was used already") {
		t.Errorf("%d %q", status, body)
	}
	if status, _, _ := ask(t, s, "GET", enterPath, host(a)); status != 403 {
		t.Errorf("an empty token: %d", status)
	}
}

func TestRefusesStrangers(t *testing.T) {
	a, s := started(t)
	in := enter(t, a, s)
	for name, c := range map[string]struct {
		method string
		change func(*http.Request)
		status int
		says   string
	}{
		"without the cookie":           {"GET", host(a), 403, "was not let in"},
		"with another cookie":          {"GET", func(r *http.Request) { host(a)(r); r.AddCookie(&http.Cookie{Name: cookieName, Value: "x"}) }, 403, "was not let in"},
		"by the loopback address":      {"GET", func(r *http.Request) { in(r); r.Host = s.Listener.Addr().String() }, 421, "does not answer to that name"},
		"by a rebound name":            {"GET", func(r *http.Request) { in(r); r.Host = "evil.example" }, 421, "does not answer to that name"},
		"by the name without its port": {"GET", func(r *http.Request) { in(r); r.Host, _, _ = net.SplitHostPort(a.host) }, 421, "does not answer to that name"},
		"from another site":            {"GET", func(r *http.Request) { in(r); r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403, "Another page asked"},
		"from another port":            {"GET", func(r *http.Request) { in(r); r.Header.Set("Sec-Fetch-Site", "same-site") }, 403, "Another page asked"},
		"a form of another origin":     {"POST", func(r *http.Request) { in(r); r.Header.Set("Origin", "http://127.0.0.1:1") }, 403, ""},
		"a form without an origin":     {"POST", func(r *http.Request) { in(r); r.Header.Set("Origin", "null") }, 403, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, body, resp := ask(t, s, c.method, "/", c.change)
			if status != c.status || !strings.Contains(body, c.says) || strings.Contains(body, "inside") {
				t.Errorf("%d %q", status, body)
			}
			if resp.Header.Get("Content-Security-Policy") == "" || resp.Header.Get("Cache-Control") != "no-store" {
				t.Error("a refusal lacks the headers")
			}
		})
	}
}

func TestRefusesOtherUsersOfTheComputer(t *testing.T) {
	a, s := started(t)
	in := enter(t, a, s)
	a.owner = func(_, _ net.Addr) bool { return false }
	if status, body, _ := ask(t, s, "GET", "/", in); status != 403 || !strings.Contains(body, "another user") {
		t.Errorf("%d %q", status, body)
	}
}
