package e2e

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"zapis/internal/localefile"
)

// languages are those of the form.
var languages = localefile.Languages()

// shot is a page as it was sent, with its headers.
type shot struct {
	name   string // "form", "errors", …
	lang   string
	status int
	header http.Header
	body   []byte
}

// ask fetches a page, or posts fields and files to it.
func ask(t *testing.T, name, lang, where string, fields ...string) shot {
	t.Helper()
	method, body, kind := http.MethodGet, new(bytes.Buffer), ""
	if len(fields) > 0 {
		method = http.MethodPost
		form := multipart.NewWriter(body)
		for i := 0; i < len(fields); i += 2 {
			var err error
			if fields[i] == "file" {
				var w io.Writer
				if w, err = form.CreateFormFile("file", fields[i+1]); err == nil {
					_, err = io.WriteString(w, "a file")
				}
			} else {
				err = form.WriteField(fields[i], fields[i+1])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		form.Close()
		kind = form.FormDataContentType()
	}
	req, err := http.NewRequestWithContext(t.Context(), method, where, body)
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return shot{name, lang, resp.StatusCode, resp.Header, page}
}

var digitsOnPage = regexp.MustCompile(`(?s)id="code">(.*?)</p>`)

// codeOn reads the code that a page shows.
func codeOn(t *testing.T, page shot) string {
	t.Helper()
	m := digitsOnPage.FindSubmatch(page.body)
	if m == nil {
		t.Fatalf("no code on\n%.3000s", page.body)
	}
	return strings.Join(regexp.MustCompile(`\d{4}`).FindAllString(string(m[1]), -1), " ")
}

// answer has a trustee answer the only report, and the answer carried back.
func answer(t *testing.T, h house, words string) {
	t.Helper()
	must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", "carry.tar")
	anna := func(words ...string) string {
		t.Helper()
		return must(t, h.dir, append(words, h.as("anna")...)...)
	}
	anna("zapis", "import", "--vault", "vault", "--ledger", h.card, "carry.tar")
	anna("zapis", "reply", "--vault", "vault", list(t, h, "anna")[0].Case, "--text", words)
	anna("zapis", "outbox", "--vault", "vault", "--out", "outbox.tar")
	must(t, h.dir, "zapisd", "accept", "--dir", h.ledger, "outbox.tar")
}

const sampleStory = "Two men waited at the door. They asked for my brother and knew where he works.\nI don't know who sent them."
const sampleReply = "Thank you. We have read it.\nDo you remember roughly when it was? A month is enough."

// everyShot is what everyPage returns, asked of a server once for all tests.
var everyShot once[[]shot]

// everyPage returns each page that a reporter can come to, in each language.
func everyPage(t *testing.T) []shot {
	t.Helper()
	return everyShot.get(t, func() []shot { return askEveryPage(t) })
}

func askEveryPage(t *testing.T) []shot {
	t.Helper()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0")
	first := ask(t, "sent", "en", srv.at+"/en/send", "narrative", sampleStory, "consent", "store", "language", "en")
	code := codeOn(t, first)
	answer(t, h, sampleReply)
	wrong := code[:len(code)-1] + strconv.Itoa((int(code[len(code)-1]-'0')+1)%10)

	var pages []shot
	for _, lang := range languages {
		add := func(status int, name, path string, fields ...string) {
			t.Helper()
			page := ask(t, name, lang, srv.at+"/"+lang+"/"+path, fields...)
			if page.status != status {
				t.Fatalf("%s %s: status %d, want %d\n%.2000s", lang, name, page.status, status, page.body)
			}
			pages = append(pages, page)
		}
		mailbox := func(status int, name string, fields ...string) {
			t.Helper()
			add(status, name, "mailbox", append([]string{"code", code}, fields...)...)
		}
		add(200, "form", "")
		add(422, "errors", "send", "narrative", "", "deadline", "soon", "when", "13.2025", "country_event", "XX", "danger_now", "perhaps",
			"method", "T99", "contact", strings.Repeat("ж", 1500), "consent", "lawyer", "target", "all", "reported_to", "x")
		add(200, "sent", "send", "narrative", sampleStory, "consent", "store", "language", lang)
		add(200, "next", "next")
		add(200, "guide", "guide")
		add(422, "no files", "files", "code", code, "form", strings.Repeat("0", 32))
		add(200, "files", "files", "code", code, "file", "a file.txt")
		add(200, "ask", "mailbox")
		add(422, "asked again", "mailbox", "code", wrong)
		mailbox(200, "mailbox")
		mailbox(422, "follow-up errors", "act", "follow-up", "narrative", "")
		mailbox(422, "consent errors", "act", "consent", "consent", "nonsense")
		mailbox(200, "follow-up", "act", "follow-up", "narrative", "It was in May.")
		mailbox(200, "consent", "act", "consent", "consent", "store", "person_agrees", "self")
		mailbox(200, "receipt", "act", "receipt", "number", "1")
		add(404, "gone", "page/"+strings.Repeat("0", 32))
		add(422, "asked in groups", "mailbox", "code", "1234", "code", "12", "code", "1234", "code", "1234", "code", "1234", "code", "1234", "code", "1234", "code", "1234")
		add(404, "not found", "elsewhere")
		add(405, "method", "send")
	}
	return pages
}

// replay serves pages as they were sent, each at /number, and nothing else.
func replay(t *testing.T, pages []shot) (at string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil || n >= len(pages) {
			if r.URL.Path != "/favicon.ico" {
				t.Errorf("the page asked for %s", r.URL)
			}
			http.NotFound(w, r)
			return
		}
		pages[n].head(w)
		w.Write(pages[n].body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// head sends the headers of a page.
func (s shot) head(w http.ResponseWriter) {
	for key, values := range s.header {
		w.Header()[key] = values
	}
	w.WriteHeader(http.StatusOK) // Chromium shows some others its own way
}

// replayCut serves one page in two parts: the second, after the words, follows once more is called.
func replayCut(t *testing.T, p shot, words string) (at string, more func()) {
	t.Helper()
	i := bytes.Index(p.body, []byte(words))
	if i < 0 {
		t.Fatalf("%s holds no %s", p, words)
	}
	i += len(words)
	rest := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.head(w)
		w.Write(p.body[:i])
		w.(http.Flusher).Flush()
		select {
		case <-rest:
		case <-r.Context().Done():
		}
		w.Write(p.body[i:])
	}))
	t.Cleanup(srv.Close)
	return srv.URL, func() { close(rest) }
}

func (s shot) String() string { return fmt.Sprintf("%s in %s", s.name, s.lang) }
