package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"zapis/internal/intake"
)

// A form of ours comes from our own page; another page's is refused, whatever else is right about it. A program without a
// browser's headers is let through.
func TestOrigins(t *testing.T) {
	h := newHouse(t, intake.Limits{}, Options{})
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

// A panic's words may be a reporter's: the page says nothing of them, and nobody is told but where it happened.
func TestPanic(t *testing.T) {
	all := locales(t)
	g, err := newTongue(all["pl"], testSite(), all)
	if err != nil {
		t.Fatal(err)
	}
	var told string
	s := &server{tongues: map[string]*tongue{"pl": g}, options: Options{Broken: func(stack []byte) { told += string(stack) }}}
	boom := s.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("CANARY came at six") }))
	w := httptest.NewRecorder()
	boom.ServeHTTP(w, httptest.NewRequest("GET", "/pl/", nil))
	if w.Code != 500 || !strings.Contains(w.Body.String(), "Coś się u nas zepsuło") || w.Body.Len() != pageSize || w.Header().Get("Connection") != "close" {
		t.Errorf("status %d, %d bytes", w.Code, w.Body.Len())
	}
	if strings.Contains(w.Body.String()+told, "CANARY") || !strings.Contains(told, "TestPanic") {
		t.Errorf("told: %s", told)
	}

	late := s.guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
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
	abort := s.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	abort.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/pl/", nil))
}

// Past its bounds the server says so, in words, and stores nothing.
func TestFullHouse(t *testing.T) {
	h := newHouse(t, intake.Limits{Uploads: 1}, Options{Words: 2, Queue: time.Millisecond})
	// Two that began, and do not go on.
	var hanging []*io.PipeWriter
	answers := make(chan int, 2)
	begun := make(chan struct{}, 2)
	for range 2 {
		r, w := io.Pipe()
		hanging = append(hanging, w)
		req := h.request("POST", "/send", r, "Content-Type", "application/x-www-form-urlencoded")
		go func() {
			resp, err := h.Client().Do(req)
			if err != nil {
				answers <- 0
				return
			}
			resp.Body.Close()
			answers <- resp.StatusCode
		}()
		go func() {
			// The second write ends once the transport wants more, which it does after the first went out.
			_, _ = io.WriteString(w, "narrative=one&consent=")
			_, _ = io.WriteString(w, "sto")
			begun <- struct{}{}
		}()
		<-begun
	}
	var got answer
	for got = h.post("/en/send", valid()); got.StatusCode == 200; got = h.post("/en/send", valid()) {
		// They may still be on their way in.
	}
	if got.StatusCode != 503 || got.Header.Get("Retry-After") != "60" || !strings.Contains(got.body, "Too many people are here at this moment") {
		t.Errorf("status %d", got.StatusCode)
	}
	for _, w := range hanging {
		_, _ = io.WriteString(w, "re")
		w.Close()
		if status := <-answers; status != 200 {
			t.Errorf("one of those who were there gets status %d", status)
		}
	}
	if got := h.post("/en/send", valid()); got.StatusCode != 200 {
		t.Errorf("once they are gone: status %d", got.StatusCode)
	}
}

// Files never take the room of words.
func TestUploadsLeaveRoomForWords(t *testing.T) {
	h := newHouse(t, intake.Limits{Uploads: 1}, Options{Words: 1, Queue: time.Minute})
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

func TestRefusalsOfIntake(t *testing.T) {
	for err, want := range map[error]refusal{
		intake.ErrFull:   {status: 507, code: "full"},
		intake.ErrBusy:   busy,
		os.ErrPermission: {status: 500, code: "broken"},
	} {
		if got := intakeRefusal(err); got.status != want.status || got.code != want.code || got.Error() != "refused: "+want.code {
			t.Errorf("%v: %d %s", err, got.status, got.code)
		}
	}
}

func TestWantsJSON(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "application/json": true, "text/html,application/xhtml+xml,*/*;q=0.8": false, "text/html, application/json": false,
		"application/json;q=0": false, "application/json; charset=utf-8": true, "*/*": false, ";;, application/json": true,
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Accept", accept)
		if wantsJSON(r) != want {
			t.Errorf("%q: %v", accept, !want)
		}
	}
}
