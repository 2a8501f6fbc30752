package web

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zapis/internal/incident"
	"zapis/internal/server/intake"
)

func TestFormPage(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	for _, lang := range languages {
		got := h.get("/" + lang + "/")
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Language") != lang || !strings.Contains(got.body, `<html lang="`+lang+`">`) {
			t.Errorf("%s: status %d, language %s", lang, got.StatusCode, got.Header.Get("Content-Language"))
		}
		for _, other := range languages {
			name := h.localizer(t, other).t("lang.name")
			if !strings.Contains(got.body, ">"+name+"<") {
				t.Errorf("%s: the choice does not show %s", lang, name)
			}
		}
		if strings.Contains(got.body, "<script") || strings.Contains(got.body, "src=") || strings.Contains(got.body, "<img") {
			t.Errorf("%s: something is loaded", lang)
		}
		if n := strings.Count(got.body, "{"); n != strings.Count(styleSheet, "{") {
			t.Errorf("%s: a placeholder was left unfilled", lang)
		}
	}
}

// localizer returns a language's sentences and templates.
func (h *testServer) localizer(t *testing.T, code string) *localizer {
	t.Helper()
	return h.pages.server.localizers[code]
}

// The short way comes first: the story, and the one consent that is needed. The other questions follow.
func TestQuestionsInOrder(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	page := h.get("/en/").body
	order := []string{"narrative", "consent", "danger_now", "deadline", "deadline_what", "method", "when", "when_precision", "country_event",
		"country_now", "target", "basis", "person_agrees", "target_role", "reported_to", "consent", "contact", "contact_when", "name"}
	at := 0
	for _, name := range order {
		i := strings.Index(page[at:], `name="`+name+`"`)
		if i < 0 {
			t.Fatalf("%s does not stand after the one before it", name)
		}
		at += i
	}
	for _, f := range incident.Fields() {
		if !slices.Contains(order, f.Name) && f.Name != "language" && f.Name != "files_identify" {
			t.Errorf("the form does not ask for %s", f.Name)
		}
		for _, code := range f.Codes {
			if f.Name != "files_identify" && !strings.Contains(page, `name="`+f.Name+`" value="`+code+`"`) {
				t.Errorf("%s does not offer %s", f.Name, code)
			}
		}
	}
	for _, c := range incident.Countries() {
		if n := strings.Count(page, `<option value="`+c.Code+`">`); n != 2 {
			t.Errorf("%s stands in the two lists of countries %d times", c.Code, n)
		}
	}
	if strings.Contains(page, `type="file"`) {
		t.Error("the first page takes files")
	}
	if !regexp.MustCompile(`name="form" value="[0-9a-f]{32}"`).MatchString(page) {
		t.Error("no hidden random field")
	}
}

// What is tied by for, aria-describedby or a link has to be there, once.
func TestIDsAndReferencesMatch(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	bad := []formPart{field("narrative", ""), field("deadline", "soon"), field("when", "2190"), field("country_event", "XX"),
		field("target", "dog"), field("method", "Z9"), field("contact", "\x01")}
	pages := map[string]string{
		"form": h.get("/en/").body, "errors": h.post("/en/send", bad).body, "sent": h.post("/en/send", valid()).body,
		"ask": h.get("/en/mailbox").body, "wrong code": h.post("/en/mailbox", []formPart{field("code", "1")}).body,
	}
	id := regexp.MustCompile(` id="([^"]+)"`)
	tie := regexp.MustCompile(` (?:for|aria-describedby|aria-labelledby|form)="([^"]+)"|href="#([^"]+)"`)
	for name, page := range pages {
		ids := make(map[string]int)
		for _, m := range id.FindAllStringSubmatch(page, -1) {
			ids[m[1]]++
		}
		for id, n := range ids {
			if n != 1 {
				t.Errorf("%s: the id %s stands there %d times", name, id, n)
			}
		}
		for _, m := range tie.FindAllStringSubmatch(page, -1) {
			for _, one := range strings.Fields(m[1] + m[2]) {
				if ids[one] == 0 {
					t.Errorf("%s: tied to %s, which is not there", name, one)
				}
			}
		}
	}
}

func TestPageSize(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	fillerValue := regexp.MustCompile(`name="filler" value="(\.*)"`)
	lengths := make(map[int]bool)
	for _, lang := range languages {
		for _, path := range []string{"/", "/mailbox", "/nowhere"} {
			page := h.get("/" + lang + path).body
			if len(page) != pageSize {
				t.Errorf("/%s%s has %d bytes, not %d", lang, path, len(page), pageSize)
			}
			bare, _, _ := strings.Cut(page, padOpening)
			if m := fillerValue.FindStringSubmatch(bare); m != nil {
				bare = strings.Replace(bare, m[1], "", 1)
				lengths[len(m[1])] = true
			}
			if len(bare) > pageLimit {
				t.Errorf("/%s%s has %d bytes before its filler, more than %d", lang, path, len(bare), pageLimit)
			}
		}
	}
	if len(lengths) < 10 {
		t.Errorf("fourteen fillers have %d lengths", len(lengths))
	}
	page := h.post("/en/send", valid()).body
	if len(page) != pageSize {
		t.Errorf("the page with the code has %d bytes, not %d", len(page), pageSize)
	}
}

func TestHeaders(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	sum := sha256.Sum256([]byte(styleSheet))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	for _, got := range []testResponse{h.get("/"), h.get("/nowhere"), h.post("/en/send", nil), h.post("/en/send", valid()), h.postJSON("/en/send", nil)} {
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "same-origin", "Cache-Control": "no-store, no-transform",
		} {
			if v := got.Header.Get(name); v != want {
				t.Errorf("%s: %s is %q, want %q", got.Request.URL.Path, name, v, want)
			}
		}
		if !strings.Contains(got.Header.Get("Permissions-Policy"), "camera=()") || got.Header.Get("Set-Cookie") != "" ||
			got.Header.Get("Content-Encoding") != "" || got.Header.Get("Onion-Location") != "" {
			t.Errorf("%s: headers are %v", got.Request.URL.Path, got.Header)
		}
	}
	if page := h.get("/").body; !strings.Contains(page, "<style>"+styleSheet+"</style>") {
		t.Error("the style on the page is not the one that the policy allows")
	}
}

func TestOnionLocation(t *testing.T) {
	site := testSite()
	site.Onion = "http://zapisexampleexampleexample.onion/"
	s := &server{site: site}
	got := http.Header{}
	s.setHeaders(got, "/be/mailbox")
	if v := got.Get("Onion-Location"); v != "http://zapisexampleexampleexample.onion/be/mailbox" {
		t.Errorf("Onion-Location is %q", v)
	}
}

func TestAcceptLanguage(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	for accept, want := range map[string]string{
		"": "en", "be": "be", "be-BY,ru;q=0.9": "be", "ru-RU": "ru", "uk-UA,uk;q=0.8,en;q=0.5": "uk", "pl": "pl", "lt-LT": "lt",
		"de-AT,en;q=0.3": "de", "en-US,en": "en", "ja": "en", "fr, de;q=0.4": "de", "%%%": "en", "*": "en",
	} {
		if got := h.get("/", "Accept-Language", accept); got.Header.Get("Content-Language") != want {
			t.Errorf("%q gets %s, want %s", accept, got.Header.Get("Content-Language"), want)
		}
	}
	if got := h.get("/pl/", "Accept-Language", "be"); got.Header.Get("Content-Language") != "pl" {
		t.Error("the address does not come before what the browser asks for")
	}
}

func TestOperatorsTextsAreOnTheForm(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	page := html.UnescapeString(h.get("/en/").body)
	for _, want := range []string{
		"House of Testimony runs this form.", "desk@example.org", "3 trained readers open reports.",
		"Compare our address at example.org/form and the board in our office.", "Nobody is on duty. We read on Mondays and on Thursdays.",
		"for at most 10 years", "2 readers must agree", `href="/leave" rel="noreferrer noopener"`,
		"Your browser’s history stays", "<title>Form</title>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}

	all := locales(t)
	site := testSite()
	site.Duty = &Duty{Days: []time.Weekday{0, 1, 2, 3, 4, 5, 6}, From: "08:00", To: "22:00", Zone: "Warsaw time"}
	site.Quorum, site.Readers, site.Exit = 1, 1, "https://example.org/weather"
	loc, err := newLocalizer(all["en"], site, all, incident.Newest())
	h.must(err)
	raw, err := loc.render("form", loc.form(nil, newNonce(), nil, true))
	h.must(err)
	page = html.UnescapeString(string(raw))
	for _, want := range []string{
		"A duty person looks for urgent reports every day, from 08:00 to 22:00 (Warsaw time). All reports are read on Mondays and on Thursdays.",
		"1 trained reader opens reports.", "Our reader opens this only when it is needed.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "Nobody is on duty") {
		t.Error("the page says that nobody is on duty")
	}
	raw, err = loc.render("form", loc.form(nil, newNonce(), nil, false))
	h.must(err)
	page = html.UnescapeString(string(raw))
	if !strings.Contains(page, "Nobody is on duty now. We read on Mondays and on Thursdays.") || strings.Contains(page, "A duty person") {
		t.Error("the page does not say that nobody is on duty now")
	}
}

// The duty sentence stands there only while somebody on duty was there lately, in the times of duty.
func TestTheFormSaysWhetherSomebodyIsOnDuty(t *testing.T) {
	site := testSite()
	warsaw, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		t.Fatal(err)
	}
	site.Duty = &Duty{Days: []time.Weekday{time.Saturday}, From: "22:00", To: "06:00", Zone: "Warsaw time", Clock: warsaw}
	for at, within := range map[string]bool{
		"2026-11-28T20:59:00Z": false, "2026-11-28T21:00:00Z": true, "2026-11-29T05:00:00Z": true, "2026-11-29T05:01:00Z": false,
		"2026-11-28T05:00:00Z": false, // the night from Friday
		"2026-07-04T20:00:00Z": true,  // summer time
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		for _, there := range []bool{true, false} {
			s := &server{site: site, options: Options{Now: func() time.Time { return now }, OnDuty: func() bool { return there }}}
			if got := s.attended(); got != (within && there) {
				t.Errorf("%s, polled %v: attended is %v", at, there, got)
			}
		}
	}
	if (&server{site: site, options: Options{Now: time.Now}}).attended() {
		t.Error("without anybody to ask, somebody is on duty")
	}
}

func TestMethodsAndPaths(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	for _, c := range []struct {
		method, path string
		status       int
		allow, says  string
	}{
		{"GET", "/en/send", 405, "POST", "This address does not take that"},
		{"GET", "/files", 405, "POST", "This address does not take that"},
		{"DELETE", "/de/mailbox", 405, "GET, HEAD, POST", "Das geht unter dieser Adresse nicht"},
		{"POST", "/en/", 405, "GET, HEAD", "This address does not take that"},
		{"GET", "/favicon.ico", 404, "", "There is nothing here"},
		{"GET", "/fr/", 404, "", "There is nothing here"},
		{"GET", "/pl/x", 404, "", "Tu niczego nie ma"},
		{"POST", "/en//send", 404, "", "There is nothing here"},
	} {
		got := h.do(h.request(c.method, c.path, strings.NewReader("x=y")))
		if got.StatusCode != c.status || got.Header.Get("Allow") != c.allow || !strings.Contains(got.body, c.says) {
			t.Errorf("%s %s: status %d, Allow %q", c.method, c.path, got.StatusCode, got.Header.Get("Allow"))
		}
	}
	head := h.do(h.request("HEAD", "/en/", nil))
	if head.StatusCode != 200 || head.body != "" || head.ContentLength != pageSize {
		t.Errorf("HEAD: status %d, length %d", head.StatusCode, head.ContentLength)
	}
	if got := h.get("/be"); got.Request.URL.Path != "/be/" || got.StatusCode != 200 {
		t.Errorf("/be leads to %s", got.Request.URL.Path)
	}
}

func TestSiteCheck(t *testing.T) {
	if err := testSite().Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Site){
		"organisation: reporters must read who runs this form":                                             func(s *Site) { s.Organisation = " " },
		"contact: reporters must be able to reach you otherwise":                                           func(s *Site) { s.Contact = "" },
		"check-at: name at least two places where the form's address can be compared":                      func(s *Site) { s.CheckAt = s.CheckAt[:1] },
		"readers: say how many trained people open reports":                                                func(s *Site) { s.Readers, s.Quorum = 0, 1 },
		"quorum: must lie between 1 and the number of readers, and is 4":                                   func(s *Site) { s.Quorum = 4 },
		"reading-days: name each weekday on which reports are read, once":                                  func(s *Site) { s.ReadingDays = []time.Weekday{1, 1} },
		"years: say for how many years a report is kept, from 1 to 100":                                    func(s *Site) { s.Years = 0 },
		"support: name somebody whom a reporter can turn to":                                               func(s *Site) { s.Support = "" },
		"duty-days: name each weekday of duty, once":                                                       func(s *Site) { s.Duty = &Duty{From: "08:00", To: "09:00", Zone: "CET"} },
		"duty-hours: from and to are hours and minutes, as 08:00":                                          func(s *Site) { s.Duty = &Duty{Days: s.ReadingDays, From: "8", To: "09:00", Zone: "CET"} },
		"duty-zone: say whose clock it is":                                                                 func(s *Site) { s.Duty = &Duty{Days: s.ReadingDays, From: "08:00", To: "09:00"} },
		"onion: must be http:// and a .onion name, and nothing after it":                                   func(s *Site) { s.Onion = "https://example.org" },
		"exit: must be an https:// address":                                                                func(s *Site) { s.Exit = "javascript:alert(1)" },
		"years: say for how many years a report is kept, from 1 to 100\nexit: must be an https:// address": func(s *Site) { s.Years, s.Exit = 101, "weather" },
	} {
		site := testSite()
		change(&site)
		if got := errorText(site.Check()); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if _, err := New(nil, site, Options{}); errorText(err) != "the operator's facts are incomplete: "+want {
			t.Errorf("New: %v", err)
		}
	}
	if _, err := New(nil, testSite(), Options{}); errorText(err) != "web: no intake" {
		t.Errorf("New without intake: %v", err)
	}
}

// A link in the list of what is wrong leads to something on its page, also where a program sent what the page never asks for.
func TestErrorLinksLeadToTheirFields(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	digits := h.send(t)
	bad := []formPart{field("passport", "x"), field("file", "x"), field("act", "stop")}
	for _, f := range incident.Fields() {
		bad = append(bad, field(f.Name, "\xff"))
	}
	link, ids := regexp.MustCompile(`<li><a href="#([^"]*)"`), regexp.MustCompile(` id="([^"]*)"`)
	for path, more := range map[string][]formPart{"/send": nil, "/again": nil, "/files": {field("code", "1")}, "/mailbox": {field("code", digits)}} {
		page := h.post("/en"+path, append(more, bad...)).body
		on := make(map[string]bool)
		for _, m := range ids.FindAllStringSubmatch(page, -1) {
			on[m[1]] = true
		}
		links := link.FindAllStringSubmatch(page, -1)
		if len(links) < len(incident.Fields()) {
			t.Errorf("%s: %d links", path, len(links))
		}
		for _, m := range links {
			if !on[m[1]] {
				t.Errorf("%s: a link leads to #%s, which is not there", path, m[1])
			}
		}
	}
}
