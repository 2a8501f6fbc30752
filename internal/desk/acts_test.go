package desk_test

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"zapis/internal/shorttest"
	"zapis/internal/trustee/casework"
	"zapis/internal/trustee/deskstate"
	"zapis/internal/trustee/vault"
	"zapis/internal/trustee/vault/vaulttest"
)

func (b *browser) holds(page string, wants ...string) {
	b.t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			b.t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

// desk gives what the events say of a case.
func (b *browser) desk(id string) (c deskstate.Case) {
	b.t.Helper()
	err := b.keeper.With(func(v *casework.Trustee, _ *casework.Cases) error {
		log, err := v.Desk()
		if err == nil {
			c = log.Case(id)
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func TestActsOnACase(t *testing.T) {
	shorttest.Skip(t, "not tested: each act on a case")
	b := start(t)
	b.unlock()
	id := b.quiet
	act := func(pairs ...string) string {
		t.Helper()
		form := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			form.Add(pairs[i], pairs[i+1])
		}
		status, page := b.post("/case/"+id+"/act", form)
		if status != 200 {
			t.Errorf("%v: %d", pairs, status)
		}
		return page
	}
	page := act("kind", "state", "to", "triaged", "why", "read it")
	b.holds(page, "Moved to: triaged.", "read it", "received → triaged", `<button data-key="u">Undo</button>`)
	b.holds(act("kind", "state", "to", "assessed"), "state: no case goes from triaged to assessed")
	b.holds(act("kind", "set", "field", "reliability", "value", "B"), "B: usually reliable")
	b.holds(act("kind", "set", "field", "reliability", "value", "G"), "reliability is one of A, B, C, D, E, F")
	b.holds(act("kind", "set", "field", "corroboration", "value", "K2"), "waits for a second person", "It is yours: another trustee confirms it.")
	b.holds(act("kind", "set", "field", "deadline", "part.date", "2027-03-01", "part.what", "hearing <i>", "part.owner", "anna"), "hearing &lt;i&gt;", "Due 2027-03-01")
	b.holds(act("kind", "set", "field", "refusal"), "refusal: nothing is said")
	b.holds(act("kind", "note", "text", "Call\u202e her <script>alert(1)</script>"), `Call\u{202e} her &lt;script&gt;`, "Note by anna")
	b.holds(act("kind", "nonsense"), "there is no kind")
	b.holds(act("kind", "note", "text", strings.Repeat("😀", 16_000)), "note: it has 64000 bytes, and at most 40000 are allowed")
	_, page = b.post("/case/c000000/act", url.Values{"kind": {"note"}, "text": {"x"}})
	b.holds(page, "<h1>That did not work</h1>", "there is no case", "Back to the queue")

	c := b.desk(id)
	if c.State.Text != "triaged" || c.Fields["reliability"].Text != "B" || c.Fields["corroboration"].Text != "" || len(c.Pending) != 1 || len(c.Notes) != 1 {
		t.Errorf("the desk has %+v", c)
	}
	// The undo is one more event.
	before := len(c.History)
	_, page = b.post("/undo", url.Values{"event": {c.State.Heads[0].ID}, "back": {"/case/" + id}})
	b.holds(page, "Undone. The act and its undoing both stay in the history.")
	if c = b.desk(id); c.State.Text != "received" || len(c.History) != before+1 {
		t.Errorf("after the undo: %s, %d events", c.State.Text, len(c.History))
	}
	// Boris, who has not seen it, decided otherwise: both are shown, and a decision settles it.
	b.fromBoris(id, map[string]string{"field": "reliability", "value": "D", "why": "met him"})
	_, page = b.get("/case/" + id)
	b.holds(page, "Trustees contradict each other about: Source, A to F", "D: not usually reliable", "met him", "B: usually reliable")
	_, page = b.get("/?view=conflicts")
	b.holds(page, "/case/"+id, "conflict")
	act("kind", "set", "field", "reliability", "value", "C", "why", "we talked")
	if got := b.desk(id).Fields["reliability"]; got.Text != "C" || got.Conflict {
		t.Errorf("settled: %+v", got)
	}
	if _, page := b.get("/stick"); strings.Contains(page, "two decisions") {
		t.Error("one decision of each number is shown as two")
	}
	b.fromBoris(id, map[string]string{"field": "priority", "value": "low"})
	_, page = b.get("/stick")
	b.holds(page, "two decisions of boris have the number 1: a vault of that trustee was used on two machines, or restored from an old copy. Both count.")
}

// custody counts the events of Anna's custody log.
func (b *browser) custody() (n uint64) {
	b.t.Helper()
	b.with(func(v *casework.Trustee, _ *casework.Cases) error { n = v.Custody.Len(); return nil })
	return n
}

// fromBoris takes in an event that Boris made without having seen Anna's.
func (b *browser) fromBoris(id string, payload map[string]string) {
	b.t.Helper()
	e, err := deskstate.NewLog().Act("boris", b.house.Now(), id, deskstate.KindSet, payload)
	if err == nil {
		err = b.keeper.With(func(v *casework.Trustee, _ *casework.Cases) error {
			_, err := v.TakeEvents([]deskstate.Event{e})
			return err
		})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	// The finder learns of it as after an import: by a new opening.
	b.keeper.Lock()
	b.unlock()
}

func TestAnAnswerGoesToTheReporter(t *testing.T) {
	shorttest.Skip(t, "no answer goes to a reporter from the page")
	b := start(t)
	b.unlock()
	b.post("/case/"+b.quiet+"/act", url.Values{"kind": {"state"}, "to": {"triaged"}})
	_, page := b.post("/case/"+b.quiet+"/reply", url.Values{"text": {"Thank you."}, "ask": {"lawyer"}, "wait": {"1"}})
	b.holds(page, "Answered: answer 1 to "+b.quiet, "Answer to the reporter by anna", "Thank you.", "We would like to give what you sent us to a lawyer.")
	if got := b.desk(b.quiet).State.Text; got != "needs_info" {
		t.Errorf("the case is %s", got)
	}
	_, page = b.get("/?view=waiting")
	b.holds(page, "/case/"+b.quiet)
	_, page = b.post("/case/"+b.quiet+"/reply", url.Values{"text": {" "}})
	b.holds(page, "there is nothing in the answer")
}

var location = regexp.MustCompile(`find=[0-9a-f]{16}`)

func TestTheQueueFindsAndActsOnMany(t *testing.T) {
	shorttest.Skip(t, "no act on many cases")
	b := start(t)
	b.unlock()
	status, page := b.post("/find", url.Values{"words": {"lett"}, "view": {"all"}})
	if status != 200 || strings.Count(page, "/case/c") != 1 {
		t.Errorf("a search: %d %s", status, page)
	}
	b.holds(page, "/case/"+b.quiet+"?find=", "#hit", "A letter came &lt;b&gt;late")
	key := location.FindString(page)
	_, page = b.get("/case/" + b.quiet + "?" + key)
	b.holds(page, `<mark id="hit">letter</mark>`, `<mark id="hit-2">letter</mark>`, "2 hits.")
	if strings.Contains(key, "lett") {
		t.Error("the address tells what was searched")
	}
	_, page = b.post("/find", url.Values{"words": {"nothing of that"}})
	b.holds(page, "No case has all of that.")
	_, page = b.post("/find", url.Values{"c.danger": {"yes"}})
	b.holds(page, "They wait outside.")
	if strings.Contains(page, "/case/"+b.quiet) {
		t.Error("a filter lets another case through")
	}

	_, page = b.get("/")
	ids := regexp.MustCompile(`name="case" value="(c[0-9a-f]+)"`).FindAllStringSubmatch(page, -1)
	if len(ids) != 2 {
		t.Fatalf("%d rows:\n%s", len(ids), page)
	}
	before := b.custody()
	_, page = b.post("/bulk/choose", url.Values{"case": {ids[0][1], ids[1][1]}, "view": {"untriaged"}})
	if b.custody() != before+1 {
		t.Errorf("%d events of custody tell that the chosen cases were listed", b.custody()-before)
	}
	b.holds(page, "<h1>2 cases</h1>", ids[0][1], ids[1][1])
	chosen := regexp.MustCompile(`name="chosen" value="([0-9a-f]+)"`).FindStringSubmatch(page)[1]
	_, page = b.post("/bulk", url.Values{"chosen": {chosen}, "act": {"state:triaged"}, "why": {"all read"}})
	b.holds(page, "Move to: triaged: 2 cases.", "Each case has been triaged.")
	_, page = b.post("/bulk", url.Values{"chosen": {chosen}, "act": {"state:triaged"}})
	b.holds(page, "no case goes from triaged to triaged")
	first := b.desk(ids[0][1]).State.Heads[0]
	second := b.desk(ids[1][1]).State.Heads[0]
	_, page = b.post("/undo", url.Values{"event": {first.ID, second.ID}, "back": {"//evil.example"}})
	b.holds(page, "2 acts are undone.", "<h1>Queue</h1>")
	_, page = b.post("/bulk/choose", url.Values{})
	b.holds(page, "Tick 1 to 50 cases.")
	// Locking forgets what was searched.
	b.post("/lock", nil)
	b.unlock()
	if _, page = b.get("/?" + key); strings.Contains(page, "lett\"") {
		t.Error("the desk remembers a search after it was locked")
	}
	_, page = b.get("/keys")
	b.holds(page, "<kbd>g d</kbd>", "undo what the notice offers")
}

func picture(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 300, 200))
	for y := range 200 {
		for x := range 300 {
			m.Set(x, y, color.RGBA{uint8(x), uint8(y), 200, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// docxBomb is a Word file that says to hold a gigabyte of zeros.
func docxBomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("word/document.xml")
	if err == nil {
		_, err = w.Write(make([]byte, 8<<20))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hugePNG says that it has 60,000 by 60,000 pixels.
func hugePNG(t *testing.T) []byte {
	b := picture(t)
	copy(b[16:], []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60})
	// The checksum of the changed header.
	sum := crc32.ChecksumIEEE(b[12:29])
	copy(b[29:], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return b
}

func TestAttachmentsAreShownAndRedacted(t *testing.T) {
	shorttest.Skip(t, "no attachment is shown or redacted")
	b := startWith(t, time.Hour, []vaulttest.File{
		{Name: "photo.png", Content: string(picture(t))},
		{Name: "letter\u202egnp.txt", Content: "<script>alert(1)</script> \u202eevil " + strings.Repeat("😀", 16_000)},
		{Name: "drawing.svg", Content: `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>`},
		{Name: "bomb.docx", Content: string(docxBomb(t))},
		{Name: "huge.png", Content: string(hugePNG(t))},
	})
	b.unlock()
	file := func(name, query string) string {
		t.Helper()
		status, page := b.get("/case/" + b.quiet + "/file/" + name + query)
		if status != 200 {
			t.Errorf("%s: %d %s", name, status, page)
		}
		return page
	}
	page := file("A01", "")
	b.holds(page, "grey and blurred", "data:image/", "Show it", "SHA-256 of the original")
	if strings.Contains(page, "Make a redacted copy") {
		t.Error("what is blurred can be redacted")
	}
	b.holds(file("A01", "?clear=1"), "encoded again", "300 × 200 pixels", "Make a redacted copy")
	page = file("A02", "?clear=1")
	b.holds(page, "&lt;script&gt;alert(1)&lt;/script&gt;", `\u{202e}evil`, "😀")
	if strings.Contains(page, "\u202e") || strings.Contains(page, "<script>alert") {
		t.Error("hidden marks or markup of a text reach the page")
	}
	page = file("A03", "?clear=1")
	b.holds(page, "&lt;svg")
	if strings.Contains(page, "<svg") {
		t.Error("an SVG reaches the page")
	}
	b.holds(file("A04", "?clear=1"), "Files of this kind are not shown here.", "zapis extract")
	b.holds(file("A05", ""), "more pixels than are decoded here")

	redact := func(form url.Values) string {
		t.Helper()
		_, page := b.post("/case/"+b.quiet+"/file/A01/redact", form)
		return page
	}
	b.holds(redact(url.Values{"page": {"0"}, "x": {"10"}, "y": {"10"}, "width": {"50"}, "height": {"40"}}), "Say in one line why these places are covered.")
	b.holds(redact(url.Values{"page": {"0"}, "x": {"900"}, "y": {"10"}, "width": {"50"}, "height": {"40"}, "reason": {"a face"}}), "No box covers anything of the picture.")
	b.holds(redact(url.Values{"page": {"0"}, "x": {"10"}, "y": {"10"}, "width": {"50"}, "height": {"40"}, "reason": {"a face"}}),
		"A1001 is the redacted copy of A01.", "The original is untouched.")
	b.outboxIsCut()
	b.comesBack()
	_, page = b.get("/case/" + b.quiet)
	b.holds(page, "A trustee adds", "boxes burned in", "a face", "/file/A1001")
	b.holds(file("A1001", "?clear=1"), "300 × 200 pixels", "encoded again")
	if status, page := b.get("/case/" + b.quiet + "/file/A77"); status == 200 || !strings.Contains(page, "there is no exhibit") {
		t.Errorf("an exhibit that there is not: %d", status)
	}
	b.post("/lock", nil)
	if _, page := b.get("/case/" + b.quiet + "/file/A01"); !strings.Contains(page, "Passphrase of anna") {
		t.Error("a locked desk shows an attachment")
	}
}

// outboxIsCut saves an outbox whose exhibit can't be read: the browser gets an error and no short file, and the page says
// so until a whole one was saved.
func (b *browser) outboxIsCut() {
	b.t.Helper()
	b.post("/stick/outbox", nil)
	var parts []string
	b.with(func(v *casework.Trustee, _ *casework.Cases) (err error) {
		parts, err = filepath.Glob(filepath.Join(v.Dir(), "collected", "*"))
		return err
	})
	if len(parts) == 0 {
		b.t.Fatal("the redacted copy waits nowhere")
	}
	kept := make(map[string][]byte)
	for _, name := range parts {
		content, err := os.ReadFile(name)
		b.house.Must(err)
		kept[name] = content
		b.house.Must(os.Remove(name))
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.origin+"/stick/outbox.tar", nil)
	b.house.Must(err)
	resp, err := b.client.Do(r)
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		b.t.Error("a part of an outbox ends like a whole one")
	}
	_, page := b.get("/stick")
	b.holds(page, "What you saved last is not the whole outbox: do not hand it over.", "is missing: collected/")
	for name, content := range kept {
		b.house.Must(os.WriteFile(name, content, 0o600))
	}
	b.get("/stick/outbox.tar")
	if _, page := b.get("/stick"); strings.Contains(page, "not the whole outbox") {
		b.t.Errorf("after a whole outbox:\n%s", page)
	}
}

func (b *browser) with(use func(*casework.Trustee, *casework.Cases) error) {
	b.t.Helper()
	if err := b.keeper.With(use); err != nil {
		b.t.Fatal(err)
	}
}

// comesBack has the operator take Anna's outbox in, and a carry file bring the ledger back.
func (b *browser) comesBack() {
	b.t.Helper()
	err := b.keeper.With(func(v *casework.Trustee, _ *casework.Cases) error {
		b.house.MustAccept(b.house.Outbox(v))
		_, err := v.Import(b.t.Context(), bytes.NewReader(b.house.Carry(0)), importOptions(b))
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.keeper.Lock()
	b.unlock()
}

func importOptions(b *browser) vault.ImportOptions {
	key := vaulttest.Key(vaulttest.Identity(b.t, "anna"))
	return vault.ImportOptions{Key: &key}
}
