package e2e

import (
	"bytes"
	"context"
	"flag"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// screenshots is where `make screenshots` has the pictures written; without it one is taken, and compared with nothing.
var screenshots = flag.String("screenshots", "", "write the pictures of docs/screenshots into this folder")

// picture is one page on one screen.
type picture struct {
	page, lang, screen, scheme string
}

func (p picture) file() string {
	name := p.page
	if p.screen == "page" { // README.md has it
		return name + ".png"
	}
	if p.lang != "en" {
		name += "-" + p.lang
	}
	return name + "-" + p.screen + "-" + p.scheme + ".png"
}

// screens are width and height in CSS pixels, and how many of the screen's each has.
var screens = map[string][3]float64{"phone": {390, 1100, 1.5}, "desk": {1100, 1000, 1}, "page": {880, 1240, 1}}

// pictures are those of docs/screenshots: four pages on two screens in two schemes, and two in other
// languages.
func pictures() (all []picture) {
	for _, name := range []string{"form", "errors", "sent", "mailbox"} {
		for _, screen := range []string{"phone", "desk"} {
			for _, scheme := range []string{"light", "dark"} {
				all = append(all, picture{name, "en", screen, scheme})
			}
		}
	}
	return append(all, picture{"form", "be", "phone", "light"}, picture{"mailbox", "lt", "phone", "dark"}, picture{"form", "en", "page", "light"})
}

func TestScreenshots(t *testing.T) {
	wanted := pictures()
	if *screenshots == "" {
		var names []string
		for _, p := range wanted {
			names = append(names, p.file())
		}
		there, err := filepath.Glob(filepath.Join("..", "..", "docs", "screenshots", "*.png"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range there {
			if i := slices.Index(names, filepath.Base(f)); i >= 0 {
				names = slices.Delete(names, i, i+1)
			} else {
				t.Errorf("%s is no picture that make screenshots takes", f)
			}
		}
		if len(names) > 0 {
			t.Errorf("make screenshots takes %v, and docs/screenshots has none", names)
		}
		wanted = wanted[:1]
	} else if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}

	h := newHouse(t, "--duty", filepath.Join(bin, trusteeNames[0]+".key.card")) // the guide's site file has times of duty
	site := regexp.MustCompile("(?s)### The site file.*?```\n(.*?)```").FindSubmatch(readFile(t, filepath.Join("..", "..", "docs", "guides", "operator.md")))
	if site == nil {
		t.Fatal("the operator's guide has no site file")
	}
	writeFile(t, h.path("site.conf"), string(site[1]))
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0", "--site", h.path("site.conf"))
	code := ""
	if len(wanted) > 1 {
		code = codeOn(t, ask(t, "sent", "en", srv.at+"/en/send", "narrative", sampleStory, "consent", "store", "language", "en"))
		answer(t, h, sampleReply)
	}
	ctx := browser(t)
	for _, p := range wanted {
		shown := takePicture(t, ctx, srv.at, code, p)
		m, err := png.Decode(bytes.NewReader(shown))
		if err != nil {
			t.Fatalf("%s: %v", p.file(), err)
		}
		if screen := screens[p.screen]; m.Bounds().Dx() != int(screen[0]*screen[2]) || len(shown) < 10_000 {
			t.Errorf("%s: %d bytes, %v", p.file(), len(shown), m.Bounds())
		}
		if *screenshots != "" {
			if err := os.WriteFile(filepath.Join(*screenshots, p.file()), shown, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// takePicture opens a page as a person would, and returns a screenshot.
func takePicture(t *testing.T, ctx context.Context, at, code string, p picture) []byte {
	t.Helper()
	screen := screens[p.screen]
	if _, err := chromeCall(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(screen[0]), Height: int64(screen[1]), DeviceScaleFactor: screen[2],
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromeCall(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: p.scheme}},
	}); err != nil {
		t.Fatal(err)
	}
	form := []chromedp.Action[chromedp.Void]{chromedp.Navigate(at + "/" + p.lang + "/")}
	send := []chromedp.Action[chromedp.Void]{chromedp.Click(chromedp.CSS("#report button.big"))}
	switch p.page {
	case "form":
		does(t, ctx, p.file(), form...)
	case "errors":
		does(t, ctx, p.file(), slices.Concat(form, []chromedp.Action[chromedp.Void]{
			chromedp.Click(chromedp.CSS("#more > summary")), chromedp.SendKeys(chromedp.CSS("#when"), "last Tuesday"),
		}, send, []chromedp.Action[chromedp.Void]{chromedp.WaitVisible(chromedp.CSS("#errors"))})...)
	case "sent":
		does(t, ctx, p.file(), slices.Concat(form, []chromedp.Action[chromedp.Void]{
			chromedp.SendKeys(chromedp.CSS("#narrative"), sampleStory), chromedp.Click(chromedp.CSS(`input[name=consent][value=store]`)),
		}, send, []chromedp.Action[chromedp.Void]{chromedp.WaitVisible(chromedp.CSS("#code"))})...)
	case "mailbox":
		does(t, ctx, p.file(), chromedp.Navigate(at+"/"+p.lang+"/mailbox"), chromedp.SendKeys(chromedp.CSS("input#code"), code),
			chromedp.Click(chromedp.CSS("main button.big")), chromedp.WaitVisible(chromedp.CSS("#messages")))
	}
	shown, err := chromeCall(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		t.Fatal(err)
	}
	return shown.Data
}
