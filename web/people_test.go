package web

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"zapis/internal/incident"
	"zapis/internal/server/intake"
	"zapis/internal/shorttest"
)

// Of several files one is bad: the others are kept, and the page says which it was and why.
func TestOneBadFileIsNamed(t *testing.T) {
	shorttest.Skip(t, "not tested: one bad file among several")
	h := newTestServer(t, intake.Limits{File: 1 << 10}, Options{})
	digits := h.send(t)
	for i, c := range []struct {
		path string
		bad  formPart
		says string
	}{
		{"/en/files", upload("third.txt", ""), "“third.txt”: One file is empty."},
		{"/en/mailbox", upload("фільм.mp4", strings.Repeat("x", 2<<10)), "“фільм.mp4”: One file is too large."},
		{"/en/files", upload(strings.Repeat("n", 300), "x"), "…" + strings.Repeat("n", 40) + "”: The name of one file is too long."},
	} {
		pieces := []formPart{field("code", digits), upload("first.txt", "one"), c.bad, upload("second.txt", "two")}
		if c.path == "/en/mailbox" {
			pieces = append(pieces, field("act", "follow-up"), field("narrative", "x"))
		}
		got := h.post(c.path, pieces)
		page := html.UnescapeString(got.body)
		if got.StatusCode != 200 || !strings.Contains(page, "These files were not stored") || !strings.Contains(page, c.says) {
			t.Errorf("%s: status %d, and the page does not say %q", c.path, got.StatusCode, c.says)
		}
		if h.partsOnDisk() != 2*(i+1) {
			t.Errorf("%s: %d files on the disk", c.path, h.partsOnDisk())
		}
	}
	seventeen := []formPart{field("code", digits)}
	for range 16 {
		seventeen = append(seventeen, upload("a.txt", "a"))
	}
	got := h.post("/en/files", append(seventeen, upload("one too many.txt", "a")))
	if got.StatusCode != 200 || !strings.Contains(got.body, "16 files are locked") || !strings.Contains(got.body, "“one too many.txt”: These are too many files.") {
		t.Errorf("seventeen files: status %d", got.StatusCode)
	}
	// Where none is good, nothing is stored.
	size := h.store.Size()
	got = h.post("/en/files", []formPart{field("code", digits), upload("a.txt", ""), upload("b.txt", "")})
	if page := html.UnescapeString(got.body); got.StatusCode != 422 || h.store.Size() != size || !strings.Contains(page, "“a.txt”: One file is empty.") || !strings.Contains(page, "“b.txt”") {
		t.Errorf("two bad files: status %d", got.StatusCode)
	}
}

// Text that was pasted is taken as it is, without its invisible characters.
func TestPastedTextIsCleaned(t *testing.T) {
	shorttest.Skip(t, "not tested: pasted text")
	h := newTestServer(t, intake.Limits{}, Options{})
	const pasted = "First\x0bSecond\x0cPage\u0085End\x1e\x00.\r\n"
	var pieces []formPart
	for _, f := range incident.Fields() {
		if f.Kind == incident.KindText {
			pieces = append(pieces, field(f.Name, pasted))
		}
	}
	if got := h.post("/en/send", append(pieces, field("consent", "store"))); got.StatusCode != http.StatusOK {
		t.Errorf("status %d", got.StatusCode)
	}
	if got := h.post("/en/send", pieces); got.StatusCode != 422 || !strings.Contains(got.body, "First\nSecond\nPage\nEnd.\n</textarea>") {
		t.Errorf("it came back otherwise: status %d", got.StatusCode)
	}
	code := h.send(t)
	if got := h.post("/en/mailbox", []formPart{field("code", code), field("act", "follow-up"), field("narrative", pasted)}); got.StatusCode != 200 {
		t.Errorf("a follow-up: status %d", got.StatusCode)
	}
}

// A code is typed into eight boxes. The group that is wrong is named and marked, where that can be known.
func TestCodeInGroups(t *testing.T) {
	shorttest.Skip(t, "not tested: a code in groups")
	h := newTestServer(t, intake.Limits{}, Options{})
	digits := h.send(t)
	boxes := func(groups ...string) (pieces []formPart) {
		for _, g := range groups {
			pieces = append(pieces, field("code", g))
		}
		return pieces
	}
	with := func(i int, group string) []formPart {
		g := strings.Fields(digits)
		g[i] = group
		return boxes(g...)
	}
	if got := h.post("/en/mailbox", boxes(strings.Fields(digits)...)); got.StatusCode != 200 || !strings.Contains(got.body, "Your report") {
		t.Errorf("in groups: status %d", got.StatusCode)
	}
	if got := h.post("/en/mailbox", boxes(digits, "", "", "", "", "", "", "")); got.StatusCode != 200 || !strings.Contains(got.body, "Your report") {
		t.Errorf("pasted into the first: status %d", got.StatusCode)
	}
	marked := regexp.MustCompile(`aria-label="Group (\d) of 8"[^>]* aria-invalid="true"`)
	third := strings.Fields(digits)[2]
	wrong := string('0'+(third[0]-'0'+1)%10) + third[1:]
	for _, c := range []struct {
		pieces []formPart
		says   string
		marks  string
	}{
		{with(2, "123"), "Please look at group 3 again.", "3"},
		{with(4, "12a4"), "Please look at group 5 again.", "5"},
		{with(7, ""), "Please look at group 8 again.", "8"},
		{with(2, wrong), "If it is only one, it is in group", "*3"},
	} {
		got := h.post("/en/mailbox", c.pieces)
		var marks []string
		for _, m := range marked.FindAllStringSubmatch(got.body, -1) {
			marks = append(marks, m[1])
		}
		named := strings.Join(marks, " ") == c.marks || strings.HasPrefix(c.marks, "*") && strings.Contains(strings.Join(marks, " "), c.marks[1:])
		if got.StatusCode != 422 || !strings.Contains(got.body, c.says) || !named {
			t.Errorf("status %d, groups %v are marked, and the page does not say %q", got.StatusCode, marks, c.says)
		}
	}
}

// The mailbox shows what is in force, ticked, and since when the report is taken back.
func TestMailboxShowsWhatIsAllowed(t *testing.T) {
	shorttest.Skip(t, "not tested: a mailbox in each state")
	h := newTestServer(t, intake.Limits{}, Options{})
	digits := codeOn(t, h.post("/en/send", valid(field("consent", "lawyer"), field("consent", "un"), field("target", "relative"))).body)
	open := func() string {
		t.Helper()
		return html.UnescapeString(h.post("/en/mailbox", []formPart{field("code", digits)}).body)
	}
	page := open()
	inForce := regexp.MustCompile(`(?s)<ul class="say" id="in-force">(.*?)</ul>`)
	if got := inForce.FindString(page); !strings.Contains(got, "Keep it, locked") || strings.Contains(got, "lawyer") {
		t.Errorf("in force: %s", got)
	}
	for _, want := range []string{`value="lawyer" id="consent-lawyer" checked`, `value="un" id="consent-un" checked`, `value="store" id="consent-store" checked`,
		`id="person_agrees-skip" checked`, "we only keep it and count it", "Report, 2026-11-21"} {
		if !strings.Contains(page, want) {
			t.Errorf("the mailbox does not have %q", want)
		}
	}
	if strings.Contains(page, `value="police" id="consent-police" checked`) {
		t.Error("what was never ticked is ticked")
	}
	h.post("/en/mailbox", []formPart{field("code", digits), field("act", "consent"), field("consent", "store"), field("consent", "lawyer"), field("person_agrees", "yes")})
	page = open()
	if got := inForce.FindString(page); !strings.Contains(got, "Show it to a lawyer") || !strings.Contains(page, `id="person_agrees-yes" checked`) || strings.Contains(page, `id="taken"`) {
		t.Errorf("after a yes: %s", got)
	}
	h.post("/en/mailbox", []formPart{field("code", digits), field("act", "stop")})
	page = open()
	if !strings.Contains(page, "You have taken this report back, since 2026-11-21.") || inForce.MatchString(page) || !strings.Contains(page, "Taken back, 2026-11-21") {
		t.Error("after it was taken back the mailbox looks as before")
	}
	if strings.Contains(page, `value="lawyer" id="consent-lawyer" checked`) {
		t.Error("a consent is ticked that was taken back")
	}
}

// Each group of radio buttons has an empty choice, which is chosen where nothing else is.
func TestEveryRadioGroupCanBeSkipped(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	page := h.get("/en/").body
	radio := regexp.MustCompile(`<input type="radio" name="([a-z_]+)" value="([^"]*)" id="[^"]+"( checked)?>`)
	skips := make(map[string]int)
	for _, m := range radio.FindAllStringSubmatch(page, -1) {
		if m[2] == "" && m[3] != "" {
			skips[m[1]]++
		} else if m[3] != "" {
			t.Errorf("%s=%s is chosen on an empty form", m[1], m[2])
		} else if _, ok := skips[m[1]]; !ok {
			t.Errorf("%s does not begin with an empty choice", m[1])
		}
	}
	if len(skips) != 6 {
		t.Errorf("%d groups can be skipped, not six: %v", len(skips), skips)
	}
	if got := h.post("/en/send", valid(field("target", ""), field("basis", "seen"), field("person_agrees", ""))); got.StatusCode != 200 {
		t.Errorf("skipped: status %d", got.StatusCode)
	}
}

// The tab says that something is wrong, and what people write keeps its direction.
func TestTitleAndDirection(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	for path, page := range map[string]string{"send": h.post("/en/send", nil).body, "mailbox": h.post("/en/mailbox", []formPart{field("code", "1")}).body,
		"files": h.post("/en/files", []formPart{field("code", "1")}).body, "nothing": h.get("/en/nothing").body} {
		if !strings.Contains(page, "<title>Please look again · Form</title>") {
			t.Errorf("%s: the title says nothing", path)
		}
	}
	page := h.get("/en/").body
	if !strings.Contains(page, "<title>Form</title>") {
		t.Error("the title of an empty form is another")
	}
	for _, name := range []string{"narrative", "contact", "name", "when"} {
		if !regexp.MustCompile(`name="` + name + `"[^>]* dir="auto"`).MatchString(page) {
			t.Errorf("%s has no dir=auto", name)
		}
	}
}

// The operator's texts come in the language of the page, where the operator has them.
func TestOperatorsTextsInEveryLanguage(t *testing.T) {
	site := testSite()
	site.Duty = &Duty{Days: site.ReadingDays, From: "08:00", To: "20:00", Zone: "Warsaw time"}
	site.In = map[string]Texts{"be": {Organisation: "Дом сведчання", Support: "чалавек для размовы", CheckAt: []string{"тут", "там"}, DutyZone: "час Варшавы"}}
	if err := site.Check(); err != nil {
		t.Fatal(err)
	}
	all := locales(t)
	for lang, wants := range map[string][]string{"be": {"Дом сведчання", "desk@example.org", "тут і там", "час Варшавы"}, "pl": {"House of Testimony", "Warsaw time"}} {
		loc, err := newLocalizer(all[lang], site, all, incident.Newest())
		if err != nil {
			t.Fatal(err)
		}
		page, err := loc.render("form", loc.form(nil, newNonce(), nil, true))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(html.UnescapeString(string(page)), want) {
				t.Errorf("%s: the page does not say %q", lang, want)
			}
		}
	}
	site.In = map[string]Texts{"be": {CheckAt: []string{"one"}}}
	if got := errorText(site.Check()); got != "check-at.be: name at least two places, or none" {
		t.Error(got)
	}
	site.In = map[string]Texts{"fr": {}}
	if got := errorText(site.Check()); got != "fr: the form does not speak it" {
		t.Error(got)
	}
}

// The reporter's guide is there in every language, says as much in each, and the form leads to it.
func TestGuideInEveryLanguage(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	reference := h.localizer(t, "en").guide
	for _, lang := range languages {
		got := h.get("/" + lang + "/guide")
		if got.StatusCode != 200 || len(got.body) != pageSize || !strings.Contains(h.get("/"+lang+"/").body, `href="/`+lang+`/guide"`) {
			t.Errorf("%s: status %d, %d bytes", lang, got.StatusCode, len(got.body))
		}
		guide := h.localizer(t, lang).guide
		if len(guide) != len(reference) {
			t.Errorf("%s: %d blocks, en has %d", lang, len(guide), len(reference))
			continue
		}
		for i, b := range guide {
			if b.Level != reference[i].Level || len(b.Items) != len(reference[i].Items) {
				t.Errorf("%s: block %d is of another kind", lang, i+1)
			}
			if lang != "en" && b.Text != "" && b.Text == reference[i].Text {
				t.Errorf("%s: block %d is in English", lang, i+1)
			}
		}
	}
}
