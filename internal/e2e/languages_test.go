package e2e

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// text returns an element's text, on one line.
func text(t *testing.T, ctx context.Context, selector string) string {
	t.Helper()
	got, err := chromeRead(ctx, chromedp.TextContent(chromedp.CSS(selector)))
	if err != nil {
		t.Fatalf("%s: %v", selector, err)
	}
	return strings.Join(strings.Fields(got), " ")
}

// attribute returns one of an element's.
func attribute(t *testing.T, ctx context.Context, selector, name string) string {
	t.Helper()
	got, err := chromeRead(ctx, chromedp.Attributes(chromedp.CSS(selector)))
	if err != nil {
		t.Fatalf("%s: %v", selector, err)
	}
	return got[name]
}

// does takes steps in the browser.
func does(t *testing.T, ctx context.Context, what string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chrome(ctx, steps...); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// In each language, without a script: a report that is refused first and goes through then, files after it, and the mailbox with
// the code mistyped, then right, then with more in it. One browser takes all the way in all languages.
func TestAReportInEachLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0")
	photo, letter := h.path("photo from the phone.jpg"), h.path("лист.pdf")
	writeFile(t, photo, string(samplePhoto(t)))
	writeFile(t, letter, samplePDF)
	ctx := browser(t)

	headings := make(map[string]string) // what pages say, by what they say it about: no two languages say the same
	for _, lang := range languages {
		in := func(page string) {
			t.Helper()
			if got := attribute(t, ctx, "html", "lang"); got != lang {
				t.Errorf("%s: %s is in %q", lang, page, got)
			}
			heading := page + ": " + text(t, ctx, "#main h1")
			if other, found := headings[heading]; found {
				t.Errorf("%s and %s both say %q", lang, other, heading)
			}
			headings[heading] = lang
		}
		story := "Яны прыйшлі ўначы. " + lang + " ęėįšųūž ßäöü"

		// Sent without a required field: the page shows everything that was typed, and what is wrong.
		does(t, ctx, lang+": the form",
			chromedp.Navigate(srv.at+"/"+lang+"/"),
			write("#narrative", story),
			chromedp.Click(chromedp.CSS("#more > summary")),
			chromedp.Click(chromedp.CSS(`input[name=danger_now][value=unsure]`)),
			write("#when", "the day before yesterday"))
		in("the form")
		does(t, ctx, lang+": sending", chromedp.Click(chromedp.CSS("#report button.big")), chromedp.WaitVisible(chromedp.CSS("#errors")))
		in("the refused form")
		if got := text(t, ctx, "#narrative"); got != story {
			t.Errorf("%s: the story came back as %q", lang, got)
		}
		for _, id := range []string{"when", "consent"} {
			link, beside := text(t, ctx, `#errors a[href^="#`+id+`"]`), text(t, ctx, "#"+id+"-wrong")
			if link == "" || beside == "" {
				t.Errorf("%s: the error of %s is %q above, %q beside it", lang, id, link, beside)
			}
		}
		if got := attribute(t, ctx, "#when", "aria-invalid"); got != "true" {
			t.Errorf("%s: the wrong field says aria-invalid %q", lang, got)
		}

		does(t, ctx, lang+": mending it",
			chromedp.Clear(chromedp.CSS("#when")), write("#when", "17.5.2026"),
			chromedp.Click(chromedp.CSS(`input[name=when_precision][value=year]`)),
			chromedp.Click(chromedp.CSS(`input[name=consent][value=store]`)),
			chromedp.Click(chromedp.CSS("#report button.big")),
			chromedp.WaitVisible(chromedp.CSS("#code")))
		in("the code")
		code := text(t, ctx, "#code")
		if !codePattern.MatchString(code) {
			t.Fatalf("%s: the page shows %q as the code", lang, code)
		}

		does(t, ctx, lang+": the files", addFiles(code, photo, letter)...)
		in("after the files")
		if got := text(t, ctx, "#main h1"); !strings.Contains(got, "2") {
			t.Errorf("%s: after two files the page says %q", lang, got)
		}

		slip := code[:len(code)-1] + string('0'+(code[len(code)-1]-'0'+1)%10)
		does(t, ctx, lang+": the mailbox",
			chromedp.Navigate(srv.at+"/"+lang+"/mailbox"),
			write("input#code", slip),
			chromedp.Click(chromedp.CSS("main button.big")),
			chromedp.WaitVisible(chromedp.CSS("#code-wrong")))
		in("a slip of the pen")
		does(t, ctx, lang+": the mailbox again", // the code came back in its groups: only the last is wrong
			chromedp.Clear(chromedp.CSS("input#code-8")), write("input#code-8", code[len(code)-4:]),
			chromedp.Click(chromedp.CSS("main button.big")),
			chromedp.WaitVisible(chromedp.CSS("#messages")))
		in("the mailbox")
		does(t, ctx, lang+": a follow-up",
			write("#narrative", "and again "+lang),
			chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{letter}),
			chromedp.Click(chromedp.CSS("#report button:not(.vh)")),
			chromedp.WaitNotPresent(chromedp.CSS("#messages")), chromedp.WaitVisible(chromedp.CSS("button.plain")))
		in("after a follow-up")
	}

	// All of it arrived, each in one case.
	must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", "carry.tar")
	srv.stop(t)
	must(t, h.dir, append([]string{"zapis", "import", "--vault", "vault", "--ledger", h.card, "carry.tar"}, h.as("anna")...)...)
	cases := list(t, h, "anna")
	if len(cases) != len(languages) {
		t.Fatalf("%d cases, want %d", len(cases), len(languages))
	}
	for _, c := range cases {
		if c.Attachments != 3 || c.DangerNow != "unsure" {
			t.Errorf("a case has %+v", c)
		}
	}
}

// Without a language in the address the page is in the browser's language.
func TestTheBrowsersLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	srv := start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0")
	for asks, want := range map[string]string{"lt,en;q=0.5": "lt", "be-BY": "be", "uk;q=0.1, de;q=0.9": "de", "fr": "en", "": "en"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.at+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Language", asks)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Content-Language"); got != want {
			t.Errorf("%q is answered in %s, want %s", asks, got, want)
		}
	}
	// Each page names each language in that language.
	page := get(t, srv.at+"/de/", 200)
	for _, lang := range languages {
		if !regexp.MustCompile(`<(a|b)[^>]* lang="` + lang + `"`).MatchString(page) {
			t.Errorf("the page has no way to %s", lang)
		}
	}
}
