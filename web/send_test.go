package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"zapis/crypto/code"
	"zapis/internal/intake"
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
	if _, err := code.Parse(digits); err != nil {
		t.Fatalf("the page shows a code that is none: %v", err)
	}
	return digits
}

func TestSend(t *testing.T) {
	h := newHouse(t, intake.Limits{}, Options{})
	before := h.store.Size()
	got := h.post("/en/send", valid(field("danger_now", "unsure"), field("method", "D5"), field("method", "T10"),
		field("when", "17.5.2026"), field("country_event", "PL"), field("contact", "by letter"), field("filler", strings.Repeat(".", 9000))))
	if got.StatusCode != http.StatusOK {
		t.Fatalf("status %d\n%s", got.StatusCode, got.body[:600])
	}
	codeOn(t, got.body)
	for _, want := range []string{"We have it", "Write it on paper now", "zapis/promise/v1", "data:application/octet-stream;base64,",
		`name="files_identify"`, `type="file"`, "help@example.org"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if h.store.Size() != before+1 {
		t.Errorf("the ledger grew from %d to %d entries, not by one", before, h.store.Size())
	}
}
