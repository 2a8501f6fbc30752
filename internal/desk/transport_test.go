package desk_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"zapis/internal/evidence/bundle"
	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

// sends sends a file by the form of the stick's page, and gives the page that comes then.
func (b *browser) sends(name string, content []byte) string {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.origin+"/stick", &body)
	if err == nil {
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.Header.Set("Origin", b.origin)
	}
	_, page := b.do(r, err)
	return page
}

// brings is sends, and gives the page that comes once the file was taken in or refused.
func (b *browser) brings(name string, content []byte) string {
	b.t.Helper()
	page := b.sends(name, content)
	for end := time.Now().Add(time.Minute); strings.Contains(page, "This page shows how far it is"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("the carry file is still being taken in:\n%s", page)
		}
		_, page = b.get("/stick")
	}
	return page
}

func (b *browser) wants(page string, texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			b.t.Errorf("the page lacks %q:\n%s", text, page)
		}
	}
}

func TestFromStickToFirstNewReportAndBack(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.unlock()
	fresh := b.house.Report(nil, "narrative", "My passport was taken.", "danger_now", "yes")
	page := b.brings("carry.tar", b.house.Carry(0))
	b.wants(page, "Verified, and in the vault: 1 new entry, 1 report among them", "/case/"+fresh.Case, `<td data-label="What came">new</td>`, "NOW", "No outbox was written")
	if _, page := b.get("/case/" + fresh.Case); !strings.Contains(page, "My passport was taken.") {
		t.Errorf("the new report:\n%s", page)
	}
	b.wants(b.brings("carry.tar", b.house.Carry(0)), "Nothing is new")

	if err := b.keeper.With(func(v *casework.Trustee, cases *casework.Cases) error {
		c, err := cases.Find(fresh.Case)
		if err == nil {
			_, err = v.Reply(c, "We have read it.")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	_, page = b.post("/stick/outbox", nil)
	b.wants(page, "1 answer to a reporter", "1 copy of an answer for the other trustees", "1 mark that you have read a case", "1 head of your custody log", `href="/stick/outbox.tar"`)
	_, outbox := b.get("/stick/outbox.tar")
	_, page = b.get("/stick")
	b.wants(page, "Last outbox today", "the operator has left out 4", "Left out: statement")
	b.house.MustAccept([]byte(outbox))
	b.wants(b.brings("carry.tar", b.house.Carry(0)), "the operator has taken in all of them")
}

func TestTheStickRefusesWhatDoesNotVerify(t *testing.T) {
	shorttest.Skip(t, "not tested: sticks that do not verify")
	t.Parallel()
	b := start(t)
	b.unlock()
	b.house.Report(nil, "narrative", "One more.")
	good := b.house.Carry(0)
	swapped := bytes.Clone(good)
	swapped[len(swapped)/2] ^= 1
	other := vaulttest.New(t, vaulttest.Options{})
	other.Report(nil)
	for name, c := range map[string]struct {
		content []byte
		says    string
	}{
		"cut":                  {good[:len(good)/2], "the file ends in the middle of it"},
		"a byte changed":       {swapped, "its bytes have the hash"},
		"of another ledger":    {other.Carry(0), "this vault holds the ledger zapis-ledger"},
		"empty":                {nil, "the file was cut off here"},
		"an outbox":            {[]byte("outbox.txt\x00" + strings.Repeat("x", 600)), "the desk does not take this file: it is an outbox"},
		"nothing that we know": {[]byte("hello"), "the file begins like nothing that zapis writes"},
	} {
		page := b.brings("carry.tar", c.content)
		if !strings.Contains(page, c.says) || !strings.Contains(page, `role="alert"`) {
			t.Errorf("%s:\n%s", name, page)
		}
	}
	if _, page := b.post("/stick", nil); !strings.Contains(page, "no file came") {
		t.Errorf("without a file:\n%s", page)
	}
	b.wants(b.brings("carry.tar", good), "Verified, and in the vault: 1 new entry")
}

// boris is another trustee with a vault of the same ledger.
func boris(t *testing.T, h *vaulttest.House, do func(*casework.Trustee, *casework.Cases)) {
	t.Helper()
	v, err := casework.Open(filepath.Join(t.TempDir(), "boris"), vault.Options{Create: true, Now: h.Now, Tool: "test", Warn: t.Logf})
	h.Must(err)
	defer v.Close()
	card, key := h.Card(), vaulttest.Key(vaulttest.Identity(t, "boris"))
	_, err = v.Import(t.Context(), bytes.NewReader(h.Carry(0)), vault.ImportOptions{Card: &card, Key: &key})
	h.Must(err)
	h.Must(v.Use(key))
	cases, err := v.Sort(t.Context(), func(int, int) {})
	h.Must(err)
	do(v, cases)
}

var savedFile = regexp.MustCompile(`/saved/[0-9a-f]+/([a-z0-9.-]+)`)
var answerForm = regexp.MustCompile(`/quorum/answer/[0-9a-f]+`)

func TestARequestIsGrantedOnThePage(t *testing.T) {
	shorttest.Skip(t, "no request is granted on the page")
	t.Parallel()
	b := start(t)
	b.unlock()
	boris(t, b.house, func(v *casework.Trustee, cases *casework.Cases) {
		file, _, err := v.Ask(cases, b.quiet, casework.Asking{Why: "The lawyer <b>asks</b> for the name.", Expires: b.house.Now().AddDate(0, 0, 9)})
		b.house.Must(err)
		page := b.brings("request.txt", file)
		b.wants(page, "boris asks for your share", "The lawyer &lt;b&gt;asks&lt;/b&gt; for the name.", "Grant my share", "To compare by voice")
		_, page = b.post(answerForm.FindString(page), url.Values{"answer": {"yes"}})
		saved := savedFile.FindStringSubmatch(page)
		if saved == nil {
			t.Fatalf("no grant:\n%s", page)
		}
		_, grant := b.get(saved[0])
		granted, err := v.TakeGrant(b.quiet, []byte(grant))
		if err != nil || granted.From.Name != "anna" {
			t.Errorf("the grant: %v %+v", err, granted)
		}
	})
	// Who asks does not grant.
	_, page := b.post("/quorum/ask", url.Values{"case": {b.quiet}, "why": {"I must call them."}})
	b.wants(page, "The request is made", "request-"+b.quiet+"-by-anna.txt")
	saved := regexp.MustCompile(`/saved/[0-9a-f]+/request[a-z0-9.-]+`).FindString(page)
	_, own := b.get(saved)
	if page := b.brings("request.txt", []byte(own)); strings.Contains(page, "Grant my share") {
		t.Errorf("anna may grant what she asks for:\n%s", page)
	}
	if _, page := b.post("/quorum/answer/0", url.Values{"answer": {"yes"}}); !strings.Contains(page, "is not here any more") {
		t.Errorf("an unknown request:\n%s", page)
	}
}

func TestAHoldIsProposedAndApprovedOnThePage(t *testing.T) {
	shorttest.Skip(t, "no hold is proposed on the page")
	t.Parallel()
	b := start(t)
	b.unlock()
	_, page := b.post("/quorum/propose", url.Values{"what": {"hold"}, "case": {b.quiet}, "reason": {"order"}})
	b.wants(page, "The proposal is made", "Exactly this would change", b.quiet)
	_, page = b.post(answerForm.FindString(page), url.Values{"answer": {"yes"}})
	b.wants(page, "Approved. The next outbox takes your approval along.", "Nobody asks")
	_, page = b.post("/stick/outbox", nil)
	b.wants(page, "1 approval")
	_, page = b.post("/quorum/propose", url.Values{"what": {"hold"}, "case": {b.quiet}, "reason": {"whim"}})
	b.wants(page, `role="alert"`)
	_, page = b.post("/quorum/propose", url.Values{"what": {"tombstone"}, "case": {b.quiet}, "reason": {"asked"}})
	b.wants(page, "A proposal: erasing")
	_, page = b.post(answerForm.FindString(page), url.Values{"answer": {"no"}})
	b.wants(page, "Put aside. Nothing was signed.")
}

func TestABundleGoesToWhomConsentAllowsAndNobodyElse(t *testing.T) {
	shorttest.Skip(t, "no bundle is written on the page")
	t.Parallel()
	b := start(t)
	b.unlock()
	filed := b.house.Report([]vaulttest.File{{Name: "letter.txt", Content: "Come home."}}, "narrative", "They wrote to me.", "consent", "store", "consent", "lawyer", "person_agrees", "self")
	b.brings("carry.tar", b.house.Carry(0))
	path := "/case/" + filed.Case + "/bundle"
	_, page := b.get(path)
	if !strings.Contains(page, path+"?for=lawyer") || strings.Contains(page, path+"?for=police") || strings.Contains(page, "Make and check the bundle") {
		t.Errorf("the addressees:\n%s", page)
	}
	_, page = b.get(path + "?for=police")
	if strings.Contains(page, "Make and check the bundle") || !strings.Contains(page, "Nothing can be made for the police") {
		t.Errorf("for the police:\n%s", page)
	}
	_, page = b.post(path, url.Values{"for": {"police"}})
	if strings.Contains(page, "/saved/") || !strings.Contains(page, "the reporter has not given") {
		t.Errorf("a POST for the police:\n%s", page)
	}
	if _, page = b.post(path, url.Values{"for": {"public"}}); !strings.Contains(page, "there is no addressee") {
		t.Errorf("a POST for the public:\n%s", page)
	}
	_, page = b.get("/case/" + filed.Case)
	b.wants(page, `href="`+path+`" data-key="b"`, `href="/links?case=`+filed.Case+`#made" data-key="l"`)
	_, page = b.get("/links?case=" + filed.Case)
	b.wants(page, `name="case" value="`+filed.Case+`"`)
	_, page = b.get(path + "?for=lawyer")
	b.wants(page, "They wrote to me.", "Withhold A01", "Make and check the bundle", "withheld: ", "The case lacks:",
		`<option value="unstated" selected>`, bundle.ReasonUnstated.Sentence())
	_, page = b.post(path, url.Values{"for": {"lawyer"}, "withhold": {"A01"}, "reason-A01": {"others"}})
	b.wants(page, "The bundle is made, recorded and verified.", "everything fits", "A01")
	saved := savedFile.FindString(page)
	_, file := b.get(saved)
	z, err := zip.NewReader(strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatalf("%v\n%s", err, page)
	}
	preview := regexp.MustCompile(`/preview/[0-9a-f]+/[^"]+\.pdf`).FindString(page)
	if _, doc := b.get(preview); !strings.HasPrefix(doc, "%PDF-") || len(z.File) < 5 {
		t.Errorf("the preview %s: %.20q", preview, doc)
	}
	if _, page := b.post(path, url.Values{"for": {"lawyer"}, "withhold": {"A09"}}); !strings.Contains(page, "there is nothing to withhold called") {
		t.Errorf("an exhibit that is not there:\n%s", page)
	}
	b.post("/lock", nil)
	b.unlock()
	if _, page := b.get(saved); !strings.Contains(page, "not kept any more") {
		t.Errorf("after Lock the bundle is there: %.40q", page)
	}
}

func TestSuggestionsAreLinkedOrRefusedForGood(t *testing.T) {
	shorttest.Skip(t, "no suggestion of a link is answered")
	t.Parallel()
	b := start(t)
	b.unlock()
	const words = "the caller said that my mother would lose her work at the school if I went on to write about the trials"
	var ids []string
	for i := range 3 {
		ids = append(ids, b.house.Report(nil, "narrative", fmt.Sprintf("Number %d. %s", i, words)).Case)
	}
	b.brings("carry.tar", b.house.Carry(0))
	_, page := b.get("/links")
	b.wants(page, "No cases are linked", "No linked cases concern three persons")
	_, page = b.post("/links", nil)
	b.wants(page, "the same words", "lose her work", ids[0])
	for _, other := range ids[1:] {
		_, page = b.post("/links/decide", url.Values{"act": {"link"}, "case": {other}, "other": {ids[0]}, "type": {"follows"}, "why": {"the same caller"}})
		b.wants(page, "Kept. The next outbox takes it to the other trustees.", "the same caller")
	}
	b.wants(page, "3 cases, 3 persons", "Timeline")
	_, page = b.post("/links/decide", url.Values{"act": {"refuse"}, "case": {ids[1]}, "other": {ids[2]}, "reason": {"phrase"}})
	b.wants(page, "1 refused suggestion")
	for _, c := range []struct{ act, id, other, says string }{
		{"link", ids[0], "c000000", "there is no case"},
		{"link", "c111111", ids[0], "there is no case"},
		{"refuse", ids[0], ids[1], "nothing was chosen"}, // without a reason
		{"merge", ids[0], ids[1], "nothing was chosen"},
	} {
		_, page = b.post("/links/decide", url.Values{"act": {c.act}, "case": {c.id}, "other": {c.other}, "type": {"follows"}})
		b.wants(page, c.says, "<h1>Links", `role="alert"`)
	}
	b.get("/links")
	_, page = b.post("/links", nil)
	if strings.Contains(page, "lose her work") {
		t.Errorf("what was linked or refused is suggested again:\n%s", page)
	}
	undo := regexp.MustCompile(`name="event" value="([0-9a-f]{64})"`).FindStringSubmatch(page)
	from := regexp.MustCompile(`value="undo"><input type="hidden" name="case" value="(c[0-9a-f]+)"`).FindStringSubmatch(page)
	if undo == nil || from == nil {
		t.Fatalf("no undo:\n%s", page)
	}
	if _, page = b.post("/links/decide", url.Values{"act": {"undo"}, "case": {from[1]}, "event": {undo[1]}}); strings.Contains(page, "3 cases, 3 persons") {
		t.Errorf("after the undo:\n%s", page)
	}
}

// shades is a picture of soft spots, and a copy of it that is smaller, coded again and cropped by little.
func shades(t *testing.T, seed int) (whole, copied string) {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 120, 90))
	for i := range img.Pix {
		x, y := float64(i%120), float64(i/120)
		img.Pix[i] = uint8(128 + 60*math.Sin(x/float64(9+2*seed)+y/14) + 50*math.Cos(y/float64(7+3*seed)-x/31))
	}
	code := func(img image.Image) string {
		var b strings.Builder
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	small := image.NewGray(image.Rect(0, 0, 79, 59))
	for i := range small.Pix {
		small.Pix[i] = img.GrayAt(1+(i%79)*3/2, 1+(i/79)*3/2).Y
	}
	return code(img), code(small)
}

// Near pictures of two cases are found without anybody opening them: after a comparison, in the background, while the desk
// is open. A refused one is not suggested again; Lock ends what runs.
func TestNearPicturesAreFoundInTheBackground(t *testing.T) {
	shorttest.Skip(t, "no pictures are compared")
	t.Parallel()
	one, near := shades(t, 1)
	other, _ := shades(t, 4)
	b := startWith(t, time.Hour, []vaulttest.File{{Name: "one.jpg", Content: one}, {Name: "cut.jpg", Content: one[:200]}})
	second := b.house.Report([]vaulttest.File{{Name: "near.jpg", Content: near}}, "narrative", "Elsewhere.").Case
	third := b.house.Report([]vaulttest.File{{Name: "other.jpg", Content: other}}, "narrative", "Another thing.").Case
	b.unlock()
	b.brings("carry.tar", b.house.Carry(0))
	_, page := b.post("/links", nil)
	if strings.Contains(page, "nearly the same picture") {
		t.Errorf("before the pictures were read:\n%s", page)
	}
	for strings.Contains(page, "Pictures are being compared") {
		_, page = b.get("/links")
	}
	b.wants(page, "nearly the same picture: ", " of 64 points of comparison differ", b.quiet, second)
	if suggested := page[strings.Index(page, "suggestions"):]; strings.Contains(suggested, third) || strings.Contains(page, "Not all pictures") {
		t.Errorf("another picture is near:\n%s", page)
	}
	b.post("/links/decide", url.Values{"act": {"refuse"}, "case": {b.quiet}, "other": {second}, "reason": {"picture"}})
	if _, page = b.post("/links", nil); strings.Contains(page, "points of comparison") || strings.Contains(page, "being compared") {
		t.Errorf("it is suggested again, or the pictures are read again:\n%s", page)
	}
	b.wants(page, "nearly the same picture: refused by")
}

var draftKey = regexp.MustCompile(`name="draft" value="([0-9a-f]{16})"`)

func TestNumbersAreDraftedPublishedAndSaved(t *testing.T) {
	shorttest.Skip(t, "no numbers are published on the page")
	t.Parallel()
	b := start(t)
	b.unlock()
	_, page := b.post("/numbers", url.Values{"mode": {"suppress"}})
	b.wants(page, "three months ago", `role="alert"`)
	for range 12 {
		b.house.Report(nil, "narrative", "x", "country_event", "PL", "method", "D1", "consent", "store", "consent", "statistics")
	}
	b.house.Pass(200 * 24 * time.Hour)
	b.brings("carry.tar", b.house.Carry(0))
	_, page = b.post("/numbers", url.Values{"mode": {"suppress"}})
	b.wants(page, "Draft of release 1", "Reports received, not prevalence", "nothing is published yet")
	if _, page := b.get("/numbers/numbers.csv"); !strings.Contains(page, "nothing is published yet") {
		t.Errorf("a draft is given away:\n%.200s", page)
	}
	older := draftKey.FindStringSubmatch(page)
	_, page = b.post("/numbers", url.Values{"mode": {"suppress"}})
	newer := draftKey.FindStringSubmatch(page)
	if older == nil || newer == nil {
		t.Fatalf("a draft without its key:\n%s", page)
	}
	for _, stale := range []string{"", older[1]} {
		_, page = b.post("/numbers/publish", url.Values{"draft": {stale}})
		b.wants(page, "Nothing was published: the draft was made again in another window.", "Draft of release 1")
	}
	_, page = b.post("/numbers/publish", url.Values{"draft": {newer[1]}})
	b.wants(page, "Published: signed", "Release 1 of", ">polski</a>")
	for name, begin := range map[string]string{
		"chart.svg?table=method&lang=be": "<?xml", "chart.png?table=method": "\x89PNG", "map.svg": "<svg", "map.png": "\x89PNG", "numbers.csv?lang=pl": "\ufeff",
	} {
		if status, content := b.get("/numbers/" + name); status != 200 || !strings.HasPrefix(content, begin) {
			t.Errorf("%s: %d %.80q", name, status, content)
		}
	}
	_, page = b.get("/numbers?lang=xx")
	b.wants(page, "there are no numbers in")
	_, page = b.post("/numbers", nil)
	b.wants(page, "three months ago")
	_, page = b.post("/numbers/publish", nil)
	b.wants(page, "there is nothing to publish")
}
