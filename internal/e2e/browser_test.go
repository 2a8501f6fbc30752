package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// browser starts a Chromium of its own with scripts switched off, as Tor Browser's safest level has them.
func browser(t *testing.T) context.Context {
	t.Helper()
	ctx := chromium(t)
	if _, err := chromeCall(ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	return ctx
}

// chromium is a Chromium of its own, until the test ends.
func chromium(t *testing.T) context.Context {
	t.Helper()
	ctx, _ := chromiumIn(t, t.TempDir())
	return ctx
}

// chromiumIn starts a Chromium with a profile in this folder; quit ends it, as the end of the test does. It has no time of
// its own, which a slow machine would use up: each thing that it is asked has (chrome, chromeRead, chromeCall).
func chromiumIn(t *testing.T, profile string) (ctx context.Context, quit func()) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		// The first two are chromedp's own, the others pages of Chromium's address bar, which has a process for them from its start.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,WebUIOmniboxPopup,WebUIOmniboxAimPopup"),
		chromedp.Flag("lang", "en"),
		chromedp.WSURLReadTimeout(patience),
		chromedp.UserDataDir(profile),
	)
	ctx, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, leave := chromedp.NewContext(ctx)
	quit = func() { leave(); end() }
	t.Cleanup(quit)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	return ctx, quit
}

// chrome does the steps, one after the other.
func chrome(ctx context.Context, steps ...chromedp.Action[chromedp.Void]) error {
	for _, step := range steps {
		if _, err := chromeRead(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// chromeRead does one action, and returns what it reads.
func chromeRead[T any](ctx context.Context, a chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, a)
}

// chromeCall is a command of Chromium's protocol.
func chromeCall[P, R any](ctx context.Context, cmd cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return chromedp.Call(ctx, cmd, params)
}

// write enters a text into a field by one event, as a paste does, where chromedp.SendKeys sends three for each key. It is for
// pages without scripts, which see no keys.
func write(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.QueryAfter(chromedp.CSS(selector), func(ctx context.Context, t *chromedp.Target, nodes []*chromedp.Node) (none chromedp.Void, err error) {
		if _, err = cdp.Call(ctx, t, dom.Focus, dom.FocusParams{NodeID: nodes[0].NodeID}); err == nil {
			_, err = cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
		}
		return none, err
	}, chromedp.NodeVisible)
}

// samplePhoto is a JPEG such as a phone makes.
func samplePhoto(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			m.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x ^ y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const samplePDF = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

var codePattern = regexp.MustCompile(`^(\d{4} ){7}\d{4}$`)

func TestFromTheFormToTheCourt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0")
	photo, letter := h.path("photo from the phone.jpg"), h.path("лист.pdf")
	writeFile(t, photo, string(samplePhoto(t)))
	writeFile(t, letter, samplePDF)

	const story = "Two men waited at the door. They asked for my brother.\nI don't know who sent them."
	code := fillForm(t, browser(t), srv.at, story, photo, letter)
	if !codePattern.MatchString(code) {
		t.Fatalf("the page shows %q as the code", code)
	}

	must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", "carry.tar")
	srv.stop(t)
	must(t, h.dir, append([]string{"zapis", "import", "--vault", "vault", "--ledger", h.card, "carry.tar"}, h.as("anna")...)...)
	id := onlyCase(t, h)
	compareCase(t, h, id, story)

	must(t, h.dir, append([]string{"zapis", "extract", "--vault", "vault", id, "--out", "files"}, h.as("anna")...)...)
	sameFiles(t, filepath.Join(h.dir, "files"), map[string]string{"A01.jpg": photo, "A02.pdf": letter})

	must(t, h.dir, append([]string{"zapis", "bundle", "--vault", "vault", id, "--out", "bundle.zip"}, h.as("anna")...)...)
	told := must(t, h.dir, "zapis-verify", "bundle.zip", "--trust", h.card)
	if strings.Contains(told, "was NOT proved") {
		t.Errorf("the checker does not trust the card it was given:\n%s", told)
	}
	stockTools(t, h, map[string]string{"A01.jpg": photo, "A02.pdf": letter})
}

// fillForm sends a report as a person does, then the two files, and returns the code.
func fillForm(t *testing.T, ctx context.Context, at, story, photo, letter string) string {
	t.Helper()
	if err := chrome(ctx,
		chromedp.Navigate(at+"/en/"),
		write("#narrative", story),
		chromedp.Click(chromedp.CSS("#more > summary")),
		chromedp.Click(chromedp.CSS(`input[name=danger_now][value=unsure]`)),
		chromedp.Click(chromedp.CSS(`input[name=consent][value=store]`)),
		chromedp.Click(chromedp.CSS(`input[name=consent][value=lawyer]`)),
		chromedp.Click(chromedp.CSS(`input[name=person_agrees][value=self]`)),
		chromedp.Click(chromedp.CSS("#report button.big")),
		chromedp.WaitVisible(chromedp.CSS("#code")),
	); err != nil {
		t.Fatalf("the form: %v", err)
	}
	code, err := chromeRead(ctx, chromedp.TextContent(chromedp.CSS("#code")))
	if err != nil {
		t.Fatal(err)
	}
	code = strings.Join(strings.Fields(code), " ")
	if err := chrome(ctx, addFiles(code, photo, letter)...); err != nil {
		t.Fatalf("the files: %v", err)
	}
	heading, err := chromeRead(ctx, chromedp.TextContent(chromedp.CSS("#main h1")))
	if err != nil || heading != "2 files are locked and recorded" {
		t.Errorf("after the files the page says %q, %v", heading, err)
	}
	return code
}

// addFiles goes on from the page with the code, types it, and sends files.
func addFiles(code string, files ...string) []chromedp.Action[chromedp.Void] {
	return []chromedp.Action[chromedp.Void]{
		chromedp.Click(chromedp.CSS("a.button.big")),
		chromedp.WaitVisible(chromedp.CSS("#code-2")),
		write("#code", code),
		chromedp.SetUploadFiles(chromedp.CSS("#file"), files),
		chromedp.Click(chromedp.CSS("#files button:not(.vh)")),
		chromedp.WaitNotPresent(chromedp.CSS("#code-2")),
		chromedp.WaitVisible(chromedp.CSS("button.plain")),
	}
}

type listed struct {
	Case        string   `json:"case"`
	Index       *int     `json:"index"`
	DangerNow   string   `json:"danger_now"`
	Consent     []string `json:"consent"`
	Attachments int      `json:"attachments"`
}

func onlyCase(t *testing.T, h house) string {
	t.Helper()
	cases := list(t, h, "anna")
	if len(cases) != 1 || cases[0].Index == nil || cases[0].DangerNow != "unsure" || cases[0].Attachments != 2 ||
		strings.Join(cases[0].Consent, " ") != "store lawyer" {
		t.Fatalf("listed: %+v", cases)
	}
	return cases[0].Case
}

// list returns the cases of the vault, as a trustee sees them.
func list(t *testing.T, h house, trustee string) (cases []listed) {
	t.Helper()
	text := must(t, h.dir, append([]string{"zapis", "list", "--vault", "vault", "--json"}, h.as(trustee)...)...)
	if err := json.Unmarshal([]byte(text), &cases); err != nil {
		t.Fatalf("list --json: %v\n%s", err, text)
	}
	return cases
}

func compareCase(t *testing.T, h house, id, story string) {
	t.Helper()
	var shown struct {
		Answers     map[string]any `json:"answers"`
		Identity    any            `json:"identity"`
		Attachments []struct {
			Exhibit   string `json:"exhibit"`
			Name      string `json:"name"`
			MediaType string `json:"media_type"`
		} `json:"attachments"`
		CommitmentsOK bool `json:"commitments_ok"`
	}
	text := must(t, h.dir, append([]string{"zapis", "show", "--vault", "vault", id, "--json"}, h.as("anna")...)...)
	if err := json.Unmarshal([]byte(text), &shown); err != nil {
		t.Fatalf("show --json: %v\n%s", err, text)
	}
	if shown.Answers["narrative"] != story || shown.Identity != nil || !shown.CommitmentsOK || len(shown.Attachments) != 2 {
		t.Fatalf("shown: %s", text)
	}
	for i, want := range []string{"A01 photo from the phone.jpg image/jpeg", "A02 лист.pdf application/pdf"} {
		a := shown.Attachments[i]
		if got := a.Exhibit + " " + a.Name + " " + a.MediaType; got != want {
			t.Errorf("attachment %d is %s, want %s", i+1, got, want)
		}
	}
}

// sameFiles compares each file of a folder with what was sent, and expects no other.
func sameFiles(t *testing.T, dir string, sent map[string]string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && sent[d.Name()] == "" {
			t.Errorf("%s is there, and nobody sent it", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, original := range sent {
		if !bytes.Equal(readFile(t, filepath.Join(dir, name)), readFile(t, original)) {
			t.Errorf("%s is not what was sent", name)
		}
	}
}

// stockTools verifies the bundle as a lawyer's IT person does.
func stockTools(t *testing.T, h house, sent map[string]string) {
	t.Helper()
	must(t, h.dir, "unzip", "-q", "bundle.zip", "-d", "unzipped")
	bag := filepath.Join(h.dir, "unzipped", "zapis-bundle")
	sameFiles(t, filepath.Join(bag, "data", "attachments"), sent)
	for _, manifest := range []string{"manifest-sha256.txt", "tagmanifest-sha256.txt"} {
		must(t, bag, "sha256sum", "-c", "--strict", "--quiet", manifest)
	}

	sign := func() outcome {
		return command(t, bag, "sh", "-c", "ssh-keygen -Y verify -f trust/allowed_signers -I anna -n zapis-bundle "+
			"-s signatures/tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt")
	}
	if o := sign(); o.status != 0 || !strings.Contains(o.out, `Good "zapis-bundle" signature for anna`) {
		t.Errorf("ssh-keygen: status %d\n%s%s", o.status, o.out, o.err)
	}

	// And each fails when something was changed.
	exhibit := filepath.Join(bag, "data", "attachments", "A01.jpg")
	flip(t, exhibit, 100)
	if o := command(t, bag, "sha256sum", "-c", "--strict", "--quiet", "manifest-sha256.txt"); o.status == 0 {
		t.Error("sha256sum does not see a changed exhibit")
	}
	flip(t, filepath.Join(bag, "tagmanifest-sha256.txt"), 3)
	if o := sign(); o.status == 0 {
		t.Error("ssh-keygen does not see a changed tag manifest")
	}
	flip(t, h.path("bundle.zip"), 3000)
	if o := command(t, h.dir, "zapis-verify", "bundle.zip", "--trust", h.card); o.status != 3 {
		t.Errorf("zapis-verify on a changed bundle: status %d\n%s%s", o.status, o.out, o.err)
	}
}

// flip changes one bit of a file.
func flip(t *testing.T, name string, at int) {
	t.Helper()
	if err := os.Chmod(name, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	content := readFile(t, name)
	content[at] ^= 1
	writeFile(t, name, string(content))
}
