package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"zapis/crypto/reportcode"
	"zapis/internal/server/intake"
	"zapis/internal/shorttest"
)

var shownCode = regexp.MustCompile(`id="code">((?:<span>\d{4}</span> ){8})`)

// codeOn reads the code off a page.
func codeOn(t *testing.T, page string) string {
	t.Helper()
	m := shownCode.FindStringSubmatch(page)
	if m == nil {
		t.Fatal("the page shows no code")
	}
	digits := strings.TrimSpace(strings.NewReplacer("<span>", "", "</span>", "").Replace(m[1]))
	if _, err := reportcode.Parse(digits); err != nil {
		t.Fatalf("the page shows a code that is none: %v", err)
	}
	return digits
}

// send files the least report and returns its code.
func (h *testServer) send(t *testing.T) string {
	t.Helper()
	return codeOn(t, h.post("/en/send", valid()).body)
}

func TestSend(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	before := h.store.Size()
	got := h.post("/en/send", valid(field("danger_now", "unsure"), field("method", "D5"), field("method", "T10"),
		field("when", "17.5.2026"), field("country_event", "PL"), field("contact", "by letter"), field("filler", strings.Repeat(".", 9000))))
	if got.StatusCode != http.StatusOK {
		t.Fatalf("status %d", got.StatusCode)
	}
	codeOn(t, got.body)
	for _, want := range []string{"We have your report", "Write it on paper now", "zapis/promise/v1", `href="data:application/octet-stream;base64,`, `href="/en/next">I have written it down`} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	next := html.UnescapeString(h.get("/en/next").body)
	for _, want := range []string{`name="files_identify"`, `type="file"`, "help@example.org", "We read reports on Mondays and on Thursdays.",
		strings.TrimPrefix(h.URL, "http://") + "/en/mailbox", `aria-label="Group 8 of 8"`, "Close all windows of this browser."} {
		if !strings.Contains(next, want) {
			t.Errorf("the page after the code does not have %q", want)
		}
	}
	if strings.Index(next, `name="files_identify"`) > strings.Index(next, `type="file"`) {
		t.Error("the tick stands after the files that it is about")
	}
	if h.store.Size() != before+1 {
		t.Errorf("the ledger grew from %d to %d entries, not by one", before, h.store.Size())
	}
}

func TestSendURLEncoded(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	form := url.Values{"narrative": {"Яны прыйшлі а шостай & пайшлі\r\n100%"}, "consent": {"store", "lawyer"}, "": {""}}
	got := h.do(h.request("POST", "/be/send", strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded; charset=utf-8"))
	if got.StatusCode != http.StatusUnprocessableEntity { // the nameless field is one that we do not know
		t.Errorf("status %d", got.StatusCode)
	}
	if !strings.Contains(html.UnescapeString(got.body), "Яны прыйшлі а шостай & пайшлі\n100%</textarea>") {
		t.Error("what was typed did not come back")
	}
	delete(form, "")
	got = h.do(h.request("POST", "/be/send", strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded"))
	if got.StatusCode != http.StatusOK {
		t.Errorf("status %d", got.StatusCode)
	}
	codeOn(t, got.body)
}

func TestSendJSON(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	got := h.postJSON("/send", append([]formPart{upload("a.txt", "a file before the words")}, valid()...))
	var taken struct{ Code, Promise string }
	h.must(json.Unmarshal([]byte(got.body), &taken))
	if got.StatusCode != http.StatusCreated || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("status %d, %s", got.StatusCode, got.Header.Get("Content-Type"))
	}
	if _, err := reportcode.Parse(taken.Code); err != nil || !strings.HasPrefix(taken.Promise, "zapis/promise/v1\n") ||
		!strings.Contains(taken.Promise, "\nattachment ") {
		t.Errorf("the answer is %s", got.body)
	}
	if n := h.partsOnDisk(); n != 1 {
		t.Errorf("%d attachments on the disk", n)
	}
}

// Every refusal is clear in words and in JSON, and leaves nothing behind.
func TestBadInput(t *testing.T) {
	shorttest.Skip(t, "not tested: each form that is refused")
	h := newTestServer(t, intake.Limits{File: 1 << 20, Report: 2 << 20}, Options{})
	seventeen := valid()
	for range 17 {
		seventeen = append(seventeen, upload("a.txt", "a"))
	}
	many := valid()
	for range 600 {
		many = append(many, field("x", "y"))
	}
	size := h.store.Size()
	for _, c := range []struct {
		name   string
		pieces []formPart
		status int
		json   string
		says   string
	}{
		{"nothing at all", nil, 422, `{"error":"invalid","fields":{"consent":"required","narrative":"required"}}`, "Please write something here, even one sentence."},
		{"an empty narrative", []formPart{field("narrative", " \r\n\t"), field("consent", "store")}, 422,
			`{"error":"invalid","fields":{"narrative":"required"}}`, "What happened? Please write something here, even one sentence."},
		{"no consent", []formPart{field("narrative", "x"), field("consent", "lawyer")}, 422,
			`{"error":"invalid","fields":{"consent":"required"}}`, "Please tick this line."},
		{"an unknown code", valid(field("method", "Z9")), 422, `{"error":"invalid","fields":{"method":"unknown_code"}}`, "We do not know this answer."},
		{"an unknown country", valid(field("country_now", "XX")), 422, `{"error":"invalid","fields":{"country_now":"unknown_code"}}`, "We do not know this answer."},
		{"a date in 2190", valid(field("deadline", "2190-01-01")), 422, `{"error":"invalid","fields":{"deadline":"out_of_range"}}`, "This date is too far away."},
		{"a when in 2190", valid(field("when", "2190")), 422, `{"error":"invalid","fields":{"when":"out_of_range"}}`, "This date has not come yet"},
		{"no date", valid(field("when", "last spring")), 422, `{"error":"invalid","fields":{"when":"not_a_date"}}`, "If you don’t know, leave it empty."},
		{"the thirtieth of February", valid(field("deadline", "30.2.2027")), 422, `{"error":"invalid","fields":{"deadline":"not_a_date"}}`, "We cannot read this date."},
		{"a month called a day", valid(field("when", "2026-05"), field("when_precision", "day")), 422,
			`{"error":"invalid","fields":{"when":"precision"}}`, "do not fit together"},
		{"seventeen files", seventeen, 422, `{"error":"invalid","fields":{"file":"too_many"}}`, "Send sixteen at most"},
		{"a field twice", valid(field("name", "a"), field("name", "b")), 422, `{"error":"invalid","fields":{"name":"twice"}}`, "This was answered twice."},
		{"a tick twice", valid(field("consent", "store")), 422, `{"error":"invalid","fields":{"consent":"repeated"}}`, "The same answer came twice."},
		{"a megabyte of words", []formPart{field("narrative", strings.Repeat("слова ", 1<<20/11)), field("consent", "store")}, 422,
			`{"error":"invalid","fields":{"narrative":"too_long"}}`, "at most 16,000 characters, and fewer in some scripts."},
		{"five megabytes of words", valid(field("contact", strings.Repeat("x", 5<<20))), 413, `{"error":"large","fields":{}}`, "That is more than we can take at once"},
		{"not UTF-8", valid(field("name", "\xff\xfe")), 422, `{"error":"invalid","fields":{"name":"not_utf8"}}`, "We cannot read these characters."},
		{"a field nobody knows", valid(field("passport", "x")), 422, `{"error":"invalid","fields":{"passport":"unknown_field"}}`, "something that we do not know"},
		{"six hundred fields", many, 413, `{"error":"large","fields":{}}`, "That is more than we can take at once"},
		{"a name of a field that never ends", valid(field(strings.Repeat("n", 300), "x")), 413, `{"error":"large","fields":{}}`, "That is more than we can take at once"},
		{"words where a file belongs", valid(field("file", "x")), 422, `{"error":"invalid","fields":{"file":"not_a_file"}}`, "This was not a file."},
		{"an empty file", valid(upload("a.txt", "")), 422, `{"error":"invalid","fields":{"file":"file_empty"}}`, "One file is empty."},
		{"a control character in a file's name", valid(upload("a\x01b.txt", "x")), 422, `{"error":"invalid","fields":{"file":"control"}}`, "The name of one file has characters in it"},
		{"a zero in a file's name", valid(upload("a\x00", "x")), 422, `{"error":"invalid","fields":{"file":"control"}}`, "The name of one file has characters in it"},
		{"a tab in a file's name", valid(upload("a\tb", "x")), 422, `{"error":"invalid","fields":{"file":"control"}}`, "The name of one file has characters in it"},
		{"a name of four kilobytes", valid(upload(strings.Repeat("n", 4096), "x")), 422, `{"error":"invalid","fields":{"file":"file_name_too_long"}}`, "The name of one file is too long."},
		{"a file over the limit", valid(upload("a.bin", strings.Repeat("x", 1<<20+1))), 413, `{"error":"large","fields":{}}`, "16 files, 1 MB for each, 2 MB together"},
		{"files over the limit", valid(upload("a", strings.Repeat("x", 1<<20)), upload("b", strings.Repeat("x", 1<<20)), upload("c", "x")), 413,
			`{"error":"large","fields":{}}`, "Nothing of it was stored."},
		{"a good file with bad words", []formPart{upload("a.txt", "kept by nobody"), field("consent", "store")}, 422,
			`{"error":"invalid","fields":{"narrative":"required"}}`, "Please write something here"},
	} {
		got := h.postJSON("/send", c.pieces)
		if got.StatusCode != c.status || strings.TrimSpace(got.body) != c.json {
			t.Errorf("%s: status %d, %s", c.name, got.StatusCode, got.body)
		}
		page := h.post("/en/send", c.pieces)
		if page.StatusCode != c.status || !strings.Contains(html.UnescapeString(page.body), c.says) {
			t.Errorf("%s: status %d, and the page does not say %q", c.name, page.StatusCode, c.says)
		}
		if h.store.Size() != size || h.partsOnDisk() != 0 {
			t.Fatalf("%s: half-stored: %d entries, %d attachments", c.name, h.store.Size()-size, h.partsOnDisk())
		}
	}
}

// A text that is too long comes back to be shortened, and the page never says that all of it did where its end is gone.
func TestTooLongComesBack(t *testing.T) {
	shorttest.Skip(t, "not tested: a text that is too long")
	h := newTestServer(t, intake.Limits{}, Options{})
	const whole, part = "Nothing is lost: what you wrote is still below.", "the beginning is below, the end is not."
	for _, c := range []struct {
		name        string
		pieces      []formPart
		says, never string
		back        int
	}{
		{"a long text", []formPart{field("narrative", strings.Repeat("w", 100_000)), field("consent", "store")}, whole, part, 100_000},
		{"a megabyte", []formPart{field("narrative", strings.Repeat("w", 1_000_000)), field("consent", "store")}, part, whole, maxNarrativeBytes},
		{"a long contact", []formPart{field("narrative", "x"), field("consent", "store"), field("contact", strings.Repeat("w", maxFieldBytes+1))}, part, whole, maxFieldBytes},
		{"a long filler", []formPart{field("narrative", ""), field("filler", strings.Repeat("w", maxFieldBytes+1))}, whole, part, 0},
	} {
		page := html.UnescapeString(h.post("/en/send", c.pieces).body)
		if !strings.Contains(page, c.says) || strings.Contains(page, c.never) {
			t.Errorf("%s: the page does not say %q, or says %q", c.name, c.says, c.never)
		}
		if run := strings.Repeat("w", c.back); !strings.Contains(page, run) || strings.Contains(page, run+"w") && c.back > 0 {
			t.Errorf("%s: other than %d bytes came back", c.name, c.back)
		}
	}
}

// Names that a file must not have elsewhere are no reason to refuse evidence: they are kept as evidence, never used.
func TestFileNames(t *testing.T) {
	shorttest.Skip(t, "not tested: names of files")
	h := newTestServer(t, intake.Limits{}, Options{})
	for _, name := range []string{"../../etc/passwd", `..\..\boot.ini`, "photo\u202egpj.exe", "", "..", strings.Repeat("й", 255), strings.Repeat("字", 255), `evidence\`, `a\|]b`, `"quoted".txt`} {
		if got := h.postJSON("/send", valid(upload(name, "x"))); got.StatusCode != http.StatusCreated {
			t.Errorf("%q: status %d, %s", name, got.StatusCode, got.body)
		}
	}
	untouched := upload("", "")
	if got := h.postJSON("/send", valid(untouched, untouched)); got.StatusCode != http.StatusCreated || strings.Contains(got.body, "attachment") {
		t.Errorf("an untouched file input: status %d", got.StatusCode)
	}
	if n := h.partsOnDisk(); n != 10 {
		t.Errorf("%d attachments on the disk, not 10", n)
	}
}

func TestBrokenBodies(t *testing.T) {
	shorttest.Skip(t, "not tested: broken bodies")
	h := newTestServer(t, intake.Limits{}, Options{})
	body, kind := multipartBody(t, valid(upload("a.bin", strings.Repeat("x", 300<<10)))...)
	encoded := func(coding string) []byte {
		return fmt.Appendf(nil, "--b\r\nContent-Disposition: form-data; name=\"narrative\"\r\nContent-Transfer-Encoding: %s\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"consent\"\r\n\r\nstore\r\n--b--\r\n", coding)
	}
	size := h.store.Size()
	for _, c := range []struct {
		name   string
		body   []byte
		kind   string
		status int
		code   string
		says   string
	}{
		{"cut in a file", body[:200<<10], kind, 400, "cut", "It did not arrive whole"},
		{"cut in the words", body[:90], kind, 400, "cut", "It did not arrive whole"},
		{"without its end", body[:len(body)-4], kind, 400, "cut", "It did not arrive whole"},
		{"with another boundary", body, "multipart/form-data; boundary=other", 400, "cut", "It did not arrive whole"},
		{"without a boundary", body, "multipart/form-data", 400, "cut", "It did not arrive whole"},
		{"empty", nil, kind, 400, "cut", "It did not arrive whole"},
		{"a broken escape", []byte("narrative=%G1&consent=store"), "application/x-www-form-urlencoded", 400, "cut", "It did not arrive whole"},
		{"JSON", []byte(`{"narrative":"x"}`), "application/json", 415, "type", "We cannot read this"},
		{"no type", []byte("narrative=x&consent=store"), "", 415, "type", "We cannot read this"},
		{"a type that is none", []byte("narrative=x"), "/;;", 415, "type", "We cannot read this"},
		{"a part without a name", []byte("--b\r\nContent-Disposition: nonsense=\"\r\n\r\nx\r\n--b--\r\n"), "multipart/form-data; boundary=b", 422, "invalid", "It was not sent"},
		{"a part in base64", encoded("base64"), "multipart/form-data; boundary=b", 415, "type", "We cannot read this"},
		{"a part in quoted-printable", encoded("Quoted-Printable"), "multipart/form-data; boundary=b", 415, "type", "We cannot read this"},
	} {
		got := h.do(h.request("POST", "/send", bytes.NewReader(c.body), "Content-Type", c.kind, "Accept", "application/json"))
		if got.StatusCode != c.status || !strings.HasPrefix(got.body, `{"error":"`+c.code+`",`) {
			t.Errorf("%s: status %d, %s", c.name, got.StatusCode, got.body)
		}
		page := h.do(h.request("POST", "/en/send", bytes.NewReader(c.body), "Content-Type", c.kind))
		if page.StatusCode != c.status || !strings.Contains(page.body, c.says) {
			t.Errorf("%s: status %d, and the page does not say %q", c.name, page.StatusCode, c.says)
		}
		if h.store.Size() != size || h.partsOnDisk() != 0 {
			t.Fatalf("%s: half-stored", c.name)
		}
	}
	got := h.do(h.request("POST", "/send", bytes.NewReader(body), "Content-Type", kind, "Accept", "application/json", "Content-Encoding", "gzip"))
	if got.StatusCode != 415 || got.body != `{"error":"type","fields":{}}`+"\n" || h.store.Size() != size || h.partsOnDisk() != 0 {
		t.Errorf("packed: status %d, %s", got.StatusCode, got.body)
	}
	if got := h.do(h.request("POST", "/send", bytes.NewReader(body), "Content-Type", kind, "Content-Encoding", "Identity")); got.StatusCode != 200 {
		t.Errorf("said to be not packed: status %d", got.StatusCode)
	}
	if got := h.do(h.request("POST", "/send", bytes.NewReader(encoded("8bit")), "Content-Type", "multipart/form-data; boundary=b")); got.StatusCode != 200 {
		t.Errorf("a part said to be as it is: status %d", got.StatusCode)
	}
}

// What was typed comes back, as text, whatever it looks like.
func TestWhatWasTypedComesBack(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	const evil = `"><script>alert(1)</script>{{.Site}}</textarea>' onfocus=x <!--`
	got := h.post("/uk/send", []formPart{
		field("narrative", evil), field("deadline", evil), field("deadline_what", evil), field("when", "2026-05"), field("when_precision", "month"),
		field("contact", evil), field("contact_when", evil), field("name", evil), field("danger_now", "yes"), field("danger_now", evil),
		field("method", "T2"), field("country_event", "LT"), field("country_now", evil), field("consent", "court"), field("consent", evil),
		field("form", evil), field("language", evil), field("filler", evil), field(`"><script>alert(2)</script>`, evil), field("basis", "seen"),
	})
	if got.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("status %d", got.StatusCode)
	}
	if strings.Contains(got.body, "<script") || strings.Contains(got.body, "' onfocus") || strings.Contains(got.body, "House of Testimony 3") {
		t.Error("what was typed became part of the page")
	}
	text := html.UnescapeString(got.body)
	if n := strings.Count(text, evil); n != 6 {
		t.Errorf("the text came back %d times, not in all 6 of the fields that take it", n)
	}
	for _, want := range []string{`value="yes" id="danger_now-yes" checked`, `value="T2" checked`, `value="LT" selected`, `value="month" id="when_precision-month" checked`,
		`value="court" id="consent-court" checked`, `value="seen" id="basis-seen" checked`, `value="2026-05"`, `role="alert"`, "<details open>"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("%s did not come back", want)
		}
	}
	if n := strings.Count(got.body, "<details open>"); n != 3 {
		t.Errorf("%d folds are open, not the 3 that have something in them", n)
	}
}

// A refused form changes its language without losing what was typed, and stores nothing in doing so.
func TestLanguageOfARefusedForm(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	nonce := strings.Repeat("a1", 16)
	bad := []formPart{field("narrative", "My words"), field("form", nonce)}
	for _, path := range []string{"/en/send", "/en/again"} {
		page := h.post(path, bad).body
		if !strings.Contains(page, `<button lang="be" formaction="/be/again" form="report">`) || !strings.Contains(page, `value="`+nonce+`"`) {
			t.Errorf("%s: the languages are not buttons of the form", path)
		}
	}
	got := h.post("/be/again", bad)
	if got.StatusCode != 422 || !strings.Contains(got.body, "My words") || !strings.Contains(got.body, "Раскажыце, што здарылася") {
		t.Errorf("status %d", got.StatusCode)
	}
	if got := h.post("/de/again", valid()); got.StatusCode != 200 || strings.Contains(got.body, `id="errors"`) || h.store.Size() != 1 {
		t.Errorf("nothing is wrong any more: status %d, %d entries", got.StatusCode, h.store.Size())
	}
	if got := h.postJSON("/de/again", bad); got.StatusCode != 422 || got.body != `{"error":"invalid","fields":{"consent":"required"}}`+"\n" {
		t.Errorf("to a program: status %d, %s", got.StatusCode, got.body)
	}
	if got := h.postJSON("/de/again", valid()); got.StatusCode != 200 || !strings.Contains(got.body, `action="/de/send"`) {
		t.Errorf("nothing is wrong, to a program: status %d, %.80s", got.StatusCode, got.body)
	}
}

// The page with the code is shown again in another language, with the same code and promise.
func TestLanguageOfTheCodePage(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	first := h.post("/en/send", valid()).body
	digits := codeOn(t, first)
	promise := html.UnescapeString(regexp.MustCompile(`(?s)name="promise" value="([^"]*)"`).FindStringSubmatch(first)[1])
	again := h.post("/lt/sent", []formPart{field("code", digits), field("promise", strings.ReplaceAll(promise, "\n", "\r\n"))})
	if again.StatusCode != 200 || codeOn(t, again.body) != digits || !strings.Contains(again.body, "Jūsų kodas") {
		t.Errorf("status %d", again.StatusCode)
	}
	link := regexp.MustCompile(`href="(data:[^"]*)"`)
	if link.FindString(again.body) != link.FindString(first) {
		t.Error("the promise is another")
	}
	for _, bad := range [][]formPart{{field("code", "1"), field("promise", promise)}, {field("code", digits), field("promise", "x")}, {field("code", digits)}} {
		if got := h.post("/lt/sent", bad); got.StatusCode != 400 || !strings.Contains(got.body, "Negalime to perskaityti") {
			t.Errorf("status %d", got.StatusCode)
		}
	}
}
