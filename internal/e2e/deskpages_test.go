package e2e

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"zapis/internal/desk"
	"zapis/internal/incident"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/media"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

// deskFor serves a desk over a vault of seven cases, the way zapis-desk does, and gives the address that lets one browser
// in, the case with files, and a carry file with one more report. Three of the cases are linked.
func deskFor(t *testing.T) (enter func() string, withFiles, carried string) {
	t.Helper()
	h := vaulttest.New(t, vaulttest.Options{})
	chat := "[12.11.2026, 18:04] +375 29 000-00-00: We know where your mother lives.\n[12.11.2026, 18:05] +375 29 000-00-00: Stop talking."
	with := h.Report([]vaulttest.File{{Name: "photo.jpg", Content: string(samplePhoto(t))}, {Name: "chat.txt", Content: chat}},
		"narrative", "A man whom I do not know has waited at the door three evenings in a row. He asked the neighbours for my brother by name, and then he photographed the letter box.",
		"danger_now", "yes", "deadline", "2027-01-05", "deadline_what", "hearing", "language", "en", "method", "T1", "method", "D3", "country_event", "PL", "basis", "present")
	h.FollowUp(with, incident.ActFollowUp, nil, "narrative", "He came back today with a second man.")
	h.Report(nil, "narrative", "Паліцыя прыйшла да маці ў Менску і пыталася, дзе я жыву.", "danger_now", "unsure", "language", "be", "method", "P1", "country_event", "BY")
	h.Report(nil, "narrative", "Консульство отказало в паспорте и потребовало вернуться.", "danger_now", "no", "language", "ru", "method", "M1", "country_event", "LT", "deadline", "2026-12-20", "deadline_what", "the paper runs out")
	h.Report(nil, "narrative", "My account was reported away by hundreds of strangers in one night.", "danger_now", "no", "language", "en", "method", "T13", "country_event", "DE")
	h.Report(nil, "narrative", "Bankas uždarė sąskaitą be paaiškinimo.", "danger_now", "no", "language", "lt", "method", "A1", "country_event", "LT")
	phone := h.Report(nil, "narrative", "Телефонний дзвінок: «ми знаємо, де вчиться твоя донька».", "danger_now", "no", "language", "uk", "method", "T1", "country_event", "CZ")
	letter := h.Report(nil, "narrative", "Anonimowe pismo z groźbami przyszło na adres pracy.", "danger_now", "no", "language", "pl", "method", "T1", "country_event", "PL")
	key := vaulttest.Key(vaulttest.Identity(t, "anna"))
	options := vault.Options{Create: true, Now: h.Now, Tool: "zapis-desk test", Warn: t.Logf, Wait: patience}
	dir := filepath.Join(t.TempDir(), "vault")
	open := func() (*casework.Trustee, error) {
		v, err := casework.Open(dir, options)
		if err == nil && !v.Empty() {
			err = v.Use(key)
		}
		return v, err
	}
	v, err := open()
	if err != nil {
		t.Fatal(err)
	}
	card := h.Card()
	if _, err := v.Import(t.Context(), bytes.NewReader(h.Carry(0)), vault.ImportOptions{Card: &card, Key: &key}); err != nil {
		t.Fatal(err)
	}
	h.Must(v.Use(key))
	_, err = v.Sort(t.Context(), func(int, int) {})
	h.Must(err)
	for _, other := range []string{phone.Case, letter.Case} {
		_, err = v.Decide(casework.Decision{Case: other, Kind: deskstate.KindLink, Payload: map[string]string{"type": "same-actor", "other": with.Case}, Why: "the same caller"})
		h.Must(err)
	}
	v.Close()
	h.Report(nil, "narrative", "They took my passport at the border.", "danger_now", "yes", "language", "en", "method", "M1", "country_event", "LT")
	carried = h.CarryFile(filepath.Join(t.TempDir(), "carry.tar"), 0)
	keeper := desk.NewKeeper(func(context.Context, string) (*casework.Trustee, error) { return open() }, 0)
	worker := media.NewClient(os.Args[0], media.Verb)
	pages, err := desk.New(keeper, desk.Options{Name: "anna", Quit: func() {}, Media: worker})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keeper.Lock(); worker.Close() })
	return func() string {
		s := httptest.NewUnstartedServer(nil)
		access := desk.NewAccess(s.Listener.Addr())
		s.Config.Handler = access.Guard(pages)
		s.Start()
		t.Cleanup(s.Close)
		return access.URL()
	}, with.Case, carried
}

// TestTheDeskInBrowsers walks from the queue to a redacted copy: in Chromium with scripts, where each page is read by axe in
// both schemes on two screens, and in Firefox without. Neither keeps in its profile what was read or typed. With -screenshots it writes the pictures of docs/screenshots/desk.
func TestTheDeskInBrowsers(t *testing.T) {
	t.Parallel()
	enter, id, carried := deskFor(t)
	l := newLooker(t, axeSource(t), onPages)
	at := enter()
	origin := at[:strings.Index(at, "/enter/")]
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chrome(l.ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	look := func(name, path string, before ...func()) { // before a picture is taken
		t.Helper()
		complain := func(screen, scheme string, found []string) {
			t.Helper()
			for _, f := range found {
				t.Errorf("%s, %s, %s: %s", name, screen, scheme, f)
			}
		}
		// A page is loaded once, and laid out again for each screen: folded for its width, then unfolded for axe. The elements
		// are the same on both screens and in both schemes; the colours are not.
		l.open(t, origin+path)
		each := func(do func(screen, scheme string)) {
			t.Helper()
			for _, screen := range []string{"phone", "desk"} {
				l.screen(t, screen)
				for _, scheme := range []string{"light", "dark"} {
					l.scheme(t, scheme)
					do(screen, scheme)
				}
			}
		}
		each(func(screen, scheme string) {
			if *screenshots != "" && name != "keys" {
				l.open(t, origin+path)
				for _, act := range before {
					act()
				}
				shoot(t, l.ctx, name+"-"+screen+"-"+scheme)
			}
			complain(screen, scheme, evaluate[[]string](t, l, `tooWide()`))
		})
		evaluate[any](t, l, `unfold()`)
		each(func(screen, scheme string) {
			rules := `{runOnly: ['color-contrast', 'link-in-text-block']}`
			switch {
			case scheme == "light" && screen == "phone":
				rules = `{rules: {'target-size': {enabled: true}}}`
			case scheme == "light":
				return
			}
			complain(screen, scheme, evaluate[[]string](t, l, `findings(`+rules+`)`))
		})
	}
	// A page that follows an act may come after the one before was read.
	has := func(selector, words string) {
		t.Helper()
		var got string
		var err error
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			if got, err = chromeRead(l.ctx, chromedp.Text(chromedp.CSS(selector))); err == nil && strings.Contains(got, words) {
				return
			}
		}
		t.Fatalf("%s: %q, %v, want %q", selector, got, err, words)
	}
	l.open(t, at)
	do(chromedp.SendKeys(chromedp.CSS("#passphrase"), "PassQzv81kwx"), chromedp.Submit(chromedp.CSS("#passphrase")), chromedp.WaitVisible(chromedp.CSS(".rows")))
	look("queue", "/")
	look("keys", "/keys")

	// A key that is pressed before the page's script runs is lost.
	ready := func() {
		t.Helper()
		l.enter(t)
		evaluate[any](t, l, `new Promise(r => document.readyState === 'complete' ? r() : addEventListener('load', () => r()))`)
	}

	// By keyboard: the first case, a move with its reason, and its undoing.
	l.open(t, origin+"/")
	do(chromedp.KeyEvent("j"), chromedp.KeyEvent("\r"), chromedp.WaitVisible(chromedp.CSS(".rail")))
	has("h1", "Case "+id)
	ready()
	do(chromedp.KeyEvent("e"), chromedp.WaitVisible(chromedp.CSS("#to")), chromedp.SetValue(chromedp.CSS("#to"), "triaged"), chromedp.SendKeys(chromedp.CSS("#why-state"), "read it with a lawyer"), chromedp.Submit(chromedp.CSS("#why-state")), chromedp.WaitVisible(chromedp.CSS(".undo")))
	has(".casehead", "triaged")
	ready()
	do(chromedp.KeyEvent("B"), chromedp.WaitVisible(chromedp.CSS(".undo")))
	has(".rail", "B: usually reliable")
	look("case", "/case/"+id)

	// A search leads to the hit. The page before has links to cases too, and none to a hit.
	const hit = `[data-open][href$="#hit"]`
	l.open(t, origin+"/")
	do(chromedp.SendKeys(chromedp.CSS("#words"), "neighbour"), chromedp.Submit(chromedp.CSS("#words")), chromedp.Click(chromedp.CSS(hit)), chromedp.WaitVisible(chromedp.CSS("#hit")))
	has("#hit", "neighbours")

	// An attachment is blurred first; a box is drawn with the mouse and burned in.
	look("attachment", "/case/"+id+"/file/A01")
	draw := func() {
		box := evaluate[[]float64](t, l, `(r => [r.left, r.top, r.width, r.height])(document.querySelector('.canvas img').getBoundingClientRect())`)
		drag(t, l.ctx, box[0]+box[2]*.25, box[1]+box[3]*.25, box[0]+box[2]*.5, box[1]+box[3]*.5)
	}
	look("redaction", "/case/"+id+"/file/A01?clear=1", draw)
	l.open(t, origin+"/case/"+id+"/file/A01?clear=1")
	draw()
	if got := evaluate[[]string](t, l, `[...document.querySelectorAll('[data-box]')[0].querySelectorAll('input')].map(i => i.value)`); got[0] != "80" || got[1] != "60" {
		t.Errorf("the box that was drawn: %v", got)
	}
	do(chromedp.SendKeys(chromedp.CSS("#reason"), "ReasonQzv83kwx"), chromedp.Submit(chromedp.CSS("#reason")), chromedp.WaitVisible(chromedp.CSS(".casehead")))
	has(".notice", "is the redacted copy of A01")

	// From the stick to the new report, what may go to a lawyer, and what others would see of it.
	look("stick", "/stick")
	l.open(t, origin+"/stick")
	do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{carried}), chromedp.Submit(chromedp.CSS("#file")), chromedp.WaitVisible(chromedp.CSS("#in ~ table")))
	has("#in ~ .notice", "Verified, and in the vault: 1 new entry, 1 report among them")
	look("stick-news", "/stick")
	do(chromedp.Click(chromedp.CSS("#in ~ table a")), chromedp.WaitVisible(chromedp.CSS(".rail")))
	has(".thread", "They took my passport at the border.")
	look("bundle", "/case/"+id+"/bundle?for=lawyer")
	l.open(t, origin+"/case/"+id+"/bundle?for=lawyer")
	do(chromedp.Submit(chromedp.CSS("#askedb")), chromedp.WaitVisible(chromedp.CSS("#ready")))
	has("section .notice", "zapis-verify's own code has checked it: everything fits.")
	look("quorum", "/quorum")
	look("campaign", "/links")
	has("caption", "Timeline")
	look("numbers", "/numbers")

	l.open(t, origin+"/case/"+id)
	do(chromedp.KeyEvent("n"), chromedp.SendKeys(chromedp.CSS("#note-text"), "DraftQzv86kwx")) // and is not sent
	if err := chromedp.Cancel(l.ctx); err != nil {
		t.Fatalf("Chromium did not end: %v", err)
	}
	nothingStays(t, l.profile, id, map[string]string{"passphrase": "PassQzv81kwx", "reason for a move": "read it with a lawyer", "reason for a redaction": "ReasonQzv83kwx",
		"draft of a note": "DraftQzv86kwx", "report": "photographed the letter box", "new report": "They took my passport"})

	withoutScripts(t, enter(), id)
}

// nothingStays is about what was read and sent. Firefox keeps what stands in a text field when it ends, whatever the page says,
// unless its window is a private one: docs/guides/trustee.md tells. nothingStays fails where a profile has one of the marks, or does not have the addresses of the desk: then it was not
// written, and lacks the marks for that reason.
func nothingStays(t *testing.T, profile, id string, marks map[string]string) {
	t.Helper()
	if inProfile(t, profile, []byte("/case/"+id)) == "" {
		t.Error("the browser has not written its profile")
	}
	absent(t, profile, marks)
}

// withoutScripts does in Firefox, which runs no script, what the test before it did by keyboard and mouse.
func withoutScripts(t *testing.T, at, id string) {
	f := newFirefox(t)
	origin := at[:strings.Index(at, "/enter/")]
	f.open(t, at)
	f.fill(t, "#words", "Менск")
	f.click(t, ".searchline button")
	if got := f.text(t, ".rows"); !strings.Contains(got, "Паліцыя") {
		t.Errorf("Firefox: the search found %q", got)
	}
	f.open(t, origin+"/case/"+id)
	f.click(t, ".thread > details:nth-of-type(2) summary")
	f.fill(t, "#note-text", "NoteQzv84kwx")
	f.click(t, "#note button")
	if got := f.text(t, ".thread"); !strings.Contains(got, "NoteQzv84kwx") {
		t.Errorf("Firefox: no note in %q", got)
	}
	f.open(t, origin+"/case/"+id+"/file/A02")
	f.click(t, "a.button.strong")
	if got := f.text(t, "pre"); !strings.Contains(got, "We know where your mother lives.") {
		t.Errorf("Firefox: the chat is %q", got)
	}
	f.open(t, origin+"/case/"+id+"/file/A01?clear=1")
	f.click(t, "#redact summary")
	for name, value := range map[string]string{"x": "10", "y": "20", "width": "30", "height": "40"} {
		f.fill(t, "[data-box] input[name="+name+"]", value)
	}
	f.fill(t, "#reason", "PlateQzv85kwx")
	f.click(t, "#redact form > button")
	if got := f.text(t, ".notice"); !strings.Contains(got, "is the redacted copy of A01") {
		t.Errorf("Firefox: the redaction: %q", got)
	}
	f.open(t, origin+"/stick")
	f.click(t, "#out ~ form button")
	if got := f.text(t, "main"); !strings.Contains(got, "The outbox takes along:") || !strings.Contains(got, "decisions at the desk") {
		t.Errorf("Firefox: the outbox: %q", got)
	}
	f.open(t, origin+"/case/"+id+"/bundle?for=lawyer")
	f.click(t, "#what ~ form > button") // the first form of the page is the one that locks the desk
	if got := f.text(t, "section .notice"); !strings.Contains(got, "everything fits") {
		t.Errorf("Firefox: the bundle: %q", got)
	}
	f.open(t, origin+"/numbers")
	f.click(t, "#make ~ form button")
	if got := f.text(t, ".notice"); !strings.Contains(got, "No half-year") {
		t.Errorf("Firefox: the numbers: %q", got)
	}
	f.leave(t)
	nothingStays(t, f.profile, id, map[string]string{"search": "Менск", "report": "Паліцыя", "note": "NoteQzv84kwx", "attachment": "your mother lives",
		"reason for a redaction": "PlateQzv85kwx"})
}

// drag draws with the mouse.
func drag(t *testing.T, ctx context.Context, x, y, u, v float64) {
	t.Helper()
	if err := chrome(ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)), chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, u, v, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, u, v, chromedp.ButtonLeft, chromedp.ClickCount(1))); err != nil {
		t.Fatal(err)
	}
}

// shoot writes what the browser shows into the folder of the desk's pictures.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	shot, err := chromeCall(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(*screenshots, "desk")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot.Data, 0o644); err != nil {
		t.Fatal(err)
	}
}
