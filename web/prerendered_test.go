package web

import (
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"zapis/internal/server/intake"

	"zapis/internal/incident"
	"zapis/internal/shorttest"
)

// BenchmarkFormPage makes the page that everybody asks for first.
func BenchmarkFormPage(b *testing.B) {
	h := newTestServer(b, intake.Limits{}, Options{})
	for b.Loop() {
		w := httptest.NewRecorder()
		h.pages.ServeHTTP(w, httptest.NewRequest("GET", "/be/", nil))
		_, _ = io.Copy(io.Discard, w.Body)
	}
}

// The page that was made beforehand is the page that would be made now.
func TestPrerenderedPagesEqualRenderedOnes(t *testing.T) {
	shorttest.Skip(t, "prerendered pages are not compared with rendered ones")
	all := locales(t)
	for _, lang := range languages {
		loc, err := newLocalizer(all[lang], testSite(), all, incident.Newest())
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		loc.sendPrerendered(w, loc.emptyForm)
		got, _, _ := strings.Cut(w.Body.String(), padOpening)
		nonce := regexp.MustCompile(`name="form" value="([0-9a-f]{32})"`).FindStringSubmatch(got)
		fill := regexp.MustCompile(`name="filler" value="(\.*)"`).FindStringSubmatch(got)
		if nonce == nil || fill == nil || w.Body.Len() != pageSize {
			t.Fatalf("%s: no hidden field, no filler, or %d bytes", lang, w.Body.Len())
		}
		p := loc.form(nil, nonce[1], nil, false)
		p.Filler = fill[1]
		want, err := loc.render("form", p)
		if err != nil || got != string(want) {
			t.Errorf("%s: not the same page", lang)
		}

		w = httptest.NewRecorder()
		loc.sendPrerendered(w, loc.emptyAsk)
		got, _, _ = strings.Cut(w.Body.String(), padOpening)
		ask := loc.ask(nil, nil)
		ask.Filler = regexp.MustCompile(`name="filler" value="(\.*)"`).FindStringSubmatch(got)[1]
		if want, err = loc.render("ask", ask); err != nil || got != string(want) || w.Body.Len() != pageSize {
			t.Errorf("%s: not the page that asks for the code", lang)
		}
	}
}
