package web

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zapis/internal/server/intake"

	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

// A form of ours comes from our own page; another page's is refused, whatever else is right about it. A program without a
// browser's headers is let through.
func TestOrigins(t *testing.T) {
	shorttest.Skip(t, "not tested: requests from other origins")
	h := newTestServer(t, intake.Limits{}, Options{})
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{nil, 200},
		{[]string{"Sec-Fetch-Site", "same-origin"}, 200},
		{[]string{"Sec-Fetch-Site", "none"}, 200},
		{[]string{"Origin", h.URL}, 200},
		{[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site"}, 403},
		{[]string{"Origin", "https://elsewhere.example"}, 403},
		{[]string{"Origin", "null"}, 403},
	} {
		got := h.post("/de/send", valid(), c.headers...)
		if got.StatusCode != c.status || c.status == 403 && !strings.Contains(got.body, "Das kam von einer anderen Seite") {
			t.Errorf("%v: status %d", c.headers, got.StatusCode)
		}
	}
	if got := h.get("/en/", "Sec-Fetch-Site", "cross-site"); got.StatusCode != 200 {
		t.Errorf("a link from elsewhere: status %d", got.StatusCode)
	}
	got := h.post("/send", valid(), "Origin", "null", "Accept", "application/json")
	if strings.TrimSpace(got.body) != `{"error":"origin","fields":{}}` {
		t.Errorf("as JSON: %s", got.body)
	}
}

// A panic value may contain a reporter's words: the page shows nothing of it, and only the place is reported.
func TestPanic(t *testing.T) {
	all := locales(t)
	loc, err := newLocalizer(all["pl"], testSite(), all, incident.Newest())
	if err != nil {
		t.Fatal(err)
	}
	var told string
	s := &server{localizers: map[string]*localizer{"pl": loc}, options: Options{Broken: func(stack []byte) { told += string(stack) }}}
	boom := s.middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("CANARY came at six") }))
	w := httptest.NewRecorder()
	boom.ServeHTTP(w, httptest.NewRequest("GET", "/pl/", nil))
	if w.Code != 500 || !strings.Contains(w.Body.String(), "Coś się u nas zepsuło") || w.Body.Len() != pageSize || w.Header().Get("Connection") != "close" {
		t.Errorf("status %d, %d bytes", w.Code, w.Body.Len())
	}
	if strings.Contains(w.Body.String()+told, "CANARY") || !strings.Contains(told, "TestPanic") {
		t.Errorf("told: %s", told)
	}

	late := s.middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half a page")
		panic("CANARY")
	}))
	w = httptest.NewRecorder()
	late.ServeHTTP(w, httptest.NewRequest("GET", "/pl/", nil))
	if w.Body.String() != "half a page" {
		t.Errorf("after half a page: %s", w.Body)
	}

	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("an aborted handler was not passed on")
		}
	}()
	abort := s.middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	abort.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/pl/", nil))
}

// Past its bounds the server says so, in words, gives back what was typed, and stores nothing.
func TestBusyServerRefusesAndGivesTheFormBack(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{Forms: 2, QueueTime: time.Millisecond})
	for range 2 { // two that are being worked on
		h.pages.server.formSlots <- struct{}{}
	}
	got := h.post("/en/send", valid())
	if got.StatusCode != 503 || got.Header.Get("Retry-After") != "60" ||
		!strings.Contains(got.body, "Too many people are here at this moment") || !strings.Contains(got.body, "They came at six.</textarea>") {
		t.Errorf("status %d", got.StatusCode)
	}
	if got := h.postJSON("/send", valid()); got.StatusCode != 503 || strings.TrimSpace(got.body) != `{"error":"busy","fields":{}}` {
		t.Errorf("as JSON: status %d, %s", got.StatusCode, got.body)
	}
	if h.store.Size() != 1 {
		t.Error("something was stored")
	}
	for range 2 {
		h.pages.server.formSlots.release()
	}
	if got := h.post("/en/send", valid()); got.StatusCode != 200 {
		t.Errorf("once they are gone: status %d", got.StatusCode)
	}
}

// A sender without end does not keep others from being read. Where their fields together are too large, the one that
// has been sending longest is aborted.
func TestSlowFormsDoNotBlockOthers(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{Forms: 1, QueueTime: time.Millisecond, FormMemory: 20 << 10, FormGrace: time.Millisecond})
	type ended struct {
		status int
		body   string
	}
	hang := func() (*io.PipeWriter, chan ended) {
		r, w := io.Pipe()
		done := make(chan ended, 1)
		req := h.request("POST", "/en/send", r, "Content-Type", "application/x-www-form-urlencoded")
		go func() {
			resp, err := h.Client().Do(req)
			if err != nil {
				done <- ended{}
				return
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			done <- ended{resp.StatusCode, string(body)}
		}()
		_, _ = io.WriteString(w, "narrative=")
		_, _ = io.WriteString(w, strings.Repeat("first ", 2500))
		return w, done
	}
	_, first := hang()
	for available(h.pages.server.memory) == 20<<10 {
		// Its words are on their way.
	}
	if got := h.post("/en/send", valid()); got.StatusCode != 200 {
		t.Errorf("a report beside it: status %d", got.StatusCode)
	}
	w, second := hang()
	if got := <-first; got.status != 503 || !strings.Contains(got.body, "Too many people are here") || strings.Contains(got.body, "first first") {
		t.Errorf("the first, who had to go, hears status %d", got.status)
	}
	_, _ = io.WriteString(w, "&consent=store")
	w.Close()
	if got := <-second; got.status != 200 {
		t.Errorf("the second hears status %d", got.status)
	}
	for available(h.pages.server.memory) != 20<<10 {
		// Their handlers are about to end.
	}
}

// A form is not aborted before its time, and a complete form is never aborted.
func TestMemoryBudgetEvictsTheOldestSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemoryBudget(100, 10*time.Second)
		body := func() *minRateBody {
			_, b := pipedBody(1024, 30*time.Second)
			return b
		}
		a, b, c := m.reserve(body()), m.reserve(body()), m.reserve(body())
		if !a.grow(50) || !b.grow(50) || c.grow(1) {
			t.Fatal("what is free was not given, or what is not free was")
		}
		a.complete()
		time.Sleep(10 * time.Second)
		var why refusal
		if !c.grow(10) || b.grow(1) || !errors.As(b.body.abortCause(), &why) || why.code != "busy" || a.body.abortCause() != nil {
			t.Error("b should have had to go, and a not: its form is read")
		}
		if c.grow(41) {
			t.Error("c was asked to go for itself")
		}
		a.release()
		b.release()
		c.release()
		if m.free != 100 || m.inProgress.Len() != 0 {
			t.Errorf("%d of 100 bytes are free, %d forms are being read", m.free, m.inProgress.Len())
		}
	})
}

// A request that brings a body where none belongs is refused, and its body not waited for.
func TestBodyOfARequestWithoutOneIsRefused(t *testing.T) {
	shorttest.Skip(t, "not tested: bodies of requests that have none")
	h := newTestServer(t, intake.Limits{}, Options{Window: 50 * time.Millisecond})
	for _, first := range []string{"GET /en/", "HEAD /en/", "PUT /en/send", "GET /nowhere", "OPTIONS /en/", "POST /nowhere", "POST /en/"} {
		conn, err := net.Dial("tcp", h.Listener.Addr().String())
		h.must(err)
		h.must(conn.SetDeadline(time.Now().Add(30 * time.Second)))
		_, err = io.WriteString(conn, first+" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
		h.must(err)
		out, err := io.ReadAll(conn) // to the end of the connection
		if err != nil || !strings.HasPrefix(string(out), "HTTP/1.1 40") || !strings.Contains(string(out), "\r\nConnection: close\r\n") {
			t.Errorf("%s: %v, %.60q", first, err, out)
		}
		conn.Close()
	}
}

// Clients without a place get a page in their language, for every request.
func TestBusyPages(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	outside := httptest.NewServer(h.pages.Busy())
	defer outside.Close()
	for _, c := range []struct{ method, path, says string }{
		{"GET", "/be/", `lang="be"`}, {"POST", "/lt/send", `lang="lt"`}, {"GET", "/", "Too many people are here at this moment"},
	} {
		r := h.request(c.method, c.path, nil, "Accept-Language", "en")
		r.URL.Host = strings.TrimPrefix(outside.URL, "http://")
		got := h.do(r)
		if got.StatusCode != 503 || !got.Close || len(got.body) != pageSize || !strings.Contains(got.body, c.says) || got.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s %s: status %d", c.method, c.path, got.StatusCode)
		}
	}
}

// Files never take the room of words.
func TestUploadsLeaveSlotsForForms(t *testing.T) {
	shorttest.Skip(t, "no uploads take all slots")
	h := newTestServer(t, intake.Limits{Uploads: 1}, Options{Forms: 1, QueueTime: time.Minute})
	r, w := io.Pipe()
	req := h.request("POST", "/send", r, "Content-Type", "multipart/form-data; boundary=b", "Accept", "application/json")
	done := make(chan int, 1)
	go func() {
		resp, err := h.Client().Do(req)
		if err != nil {
			done <- 0
			return
		}
		resp.Body.Close()
		done <- resp.StatusCode
	}()
	_, _ = io.WriteString(w, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n")
	chunk := strings.Repeat("x", 64<<10)
	for h.partsOnDisk() == 0 { // until it is in the room of uploads
		_, _ = io.WriteString(w, chunk)
	}
	if got := h.post("/en/send", valid(upload("b", "x"))); got.StatusCode != 503 || !strings.Contains(got.body, "Too many people") {
		t.Errorf("a second upload: status %d", got.StatusCode)
	}
	if got := h.post("/en/send", valid()); got.StatusCode != 200 {
		t.Errorf("words beside it: status %d", got.StatusCode)
	}
	_, _ = io.WriteString(w, "\r\n--b\r\nContent-Disposition: form-data; name=\"narrative\"\r\n\r\nx\r\n"+
		"--b\r\nContent-Disposition: form-data; name=\"consent\"\r\n\r\nstore\r\n--b--")
	w.Close()
	if status := <-done; status != http.StatusCreated {
		t.Errorf("the first upload: status %d", status)
	}
}

func TestRefusalFromIntake(t *testing.T) {
	for err, want := range map[error]refusal{
		intake.ErrFull:   {status: 507, code: "full"},
		intake.ErrBusy:   refusalBusy,
		os.ErrPermission: {status: 500, code: "broken"},
	} {
		if got := refusalFromIntake(err); got.status != want.status || got.code != want.code || got.Error() != "refused: "+want.code {
			t.Errorf("%v: %d %s", err, got.status, got.code)
		}
	}
}

func TestWantsJSON(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "application/json": true, "text/html,application/xhtml+xml,*/*;q=0.8": false, "text/html, application/json": false,
		"application/json;q=0": false, "application/json; charset=utf-8": true, "*/*": false, ";;, application/json": true,
		"application/json, text/html;q=0.1": true, "application/json;q=0.5, text/html;q=0.4": true, "text/html, application/json;q=0.9": false,
		"text/html;q=0, application/json;q=0.1": true, "application/json, text/plain, */*": true, "application/json;q=none": true,
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Accept", accept)
		if wantsJSON(r) != want {
			t.Errorf("%q: %v", accept, !want)
		}
	}
}

// available returns how many bytes of a budget are free.
func available(m *memoryBudget) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.free
}
