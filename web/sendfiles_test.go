package web

import (
	"encoding/json"
	"html"
	"net/http"
	"strings"
	"testing"

	"zapis/internal/server/intake"
	"zapis/internal/shorttest"
)

// mistypeDigit changes one digit of a code, so that its check digits no longer fit.
func mistypeDigit(digits string) string {
	last := digits[len(digits)-1]
	return digits[:len(digits)-1] + string('0'+(last-'0'+1)%10)
}

// unknownCode is a valid code under which nothing was filed.
const unknownCode = "4827 1093 5560 2718 2818 2845 9045 2311"

func TestFiles(t *testing.T) {
	h := newTestServer(t, intake.Limits{}, Options{})
	digits := h.send(t)
	got := h.post("/en/files", []formPart{upload("photo.jpg", "one"), field("code", digits), upload("letter.pdf", "two"), field("files_identify", "yes")})
	if got.StatusCode != http.StatusOK || !strings.Contains(got.body, "2 files are locked and recorded") || !strings.Contains(got.body, "zapis/promise/v1") {
		t.Errorf("status %d", got.StatusCode)
	}
	if strings.Contains(got.body, `id="code"`) || !strings.Contains(got.body, `name="code" value="`+digits+`"`) {
		t.Error("the page shows the code again, or does not offer to send more")
	}
	if len(got.body) != pageSize {
		t.Errorf("the page has %d bytes", len(got.body))
	}
	// More files go on from there; the tick may come first, and the code as people write it.
	got = h.postJSON("/files", []formPart{field("files_identify", "yes"), field("code", strings.ReplaceAll(digits, " ", "-")), upload("a.txt", "three")})
	var taken struct{ Code, Promise string }
	h.must(json.Unmarshal([]byte(got.body), &taken))
	if got.StatusCode != http.StatusCreated || taken.Code != digits || !strings.Contains(taken.Promise, "\nattachment ") {
		t.Errorf("status %d, %s", got.StatusCode, got.body)
	}
	if h.store.Size() != 4 || h.partsOnDisk() != 3 {
		t.Errorf("%d entries, %d attachments", h.store.Size(), h.partsOnDisk())
	}
}

func TestFilesRefused(t *testing.T) {
	shorttest.Skip(t, "not tested: files that are refused")
	h := newTestServer(t, intake.Limits{File: 1 << 10}, Options{})
	digits := h.send(t)
	for _, c := range []struct {
		name   string
		pieces []formPart
		status int
		json   string
		says   string
	}{
		{"no code", []formPart{upload("a", "x")}, 422, `{"error":"invalid","fields":{"code":"required"}}`, "Please type your code."},
		{"half a code", []formPart{field("code", "1234"), upload("a", "x")}, 422, `{"error":"invalid","fields":{"code":"code_length"}}`, "The code has 32 digits."},
		{"a mistyped digit", []formPart{field("code", mistypeDigit(digits)), upload("a", "x")}, 422, `{"error":"invalid","fields":{"code":"code_digit"}}`, "A digit seems wrong."},
		{"an unknown code", []formPart{field("code", unknownCode), upload("a", "x")}, 422, `{"error":"invalid","fields":{"code":"code_unknown"}}`, "We know no report with this code."},
		{"two codes", []formPart{field("code", digits), field("code", unknownCode), upload("a", "x")}, 422, `{"error":"invalid","fields":{"code":"twice"}}`, "This was answered twice."},
		{"no file", []formPart{field("code", digits), upload("", "")}, 422, `{"error":"invalid","fields":{"file":"nothing"}}`, "Please choose a file first."},
		{"an empty file", []formPart{field("code", digits), upload("a", "")}, 422, `{"error":"invalid","fields":{"file":"file_empty"}}`, "One file is empty."},
		{"a file too large", []formPart{field("code", digits), upload("a", strings.Repeat("x", 1<<10+1))}, 413, `{"error":"large","fields":{}}`, "16 files, 1 KB for each"},
		{"a field nobody knows", []formPart{field("code", digits), upload("a", "x"), field("y", "z")}, 422, `{"error":"invalid","fields":{"y":"unknown_field"}}`, "something that we do not know"},
	} {
		got := h.postJSON("/files", c.pieces)
		if got.StatusCode != c.status || strings.TrimSpace(got.body) != c.json {
			t.Errorf("%s: status %d, %s", c.name, got.StatusCode, got.body)
		}
		page := h.post("/en/files", append(c.pieces, field("files_identify", "yes")))
		if page.StatusCode != c.status || !strings.Contains(html.UnescapeString(page.body), c.says) {
			t.Errorf("%s: status %d, and the page does not say %q", c.name, page.StatusCode, c.says)
		}
		if !strings.Contains(page.body, `action="/en/files"`) || c.name == "a file too large" && !strings.Contains(page.body, `name="code" value="`+digits+`"`) {
			t.Errorf("%s: the page is not the one to choose files again", c.name)
		}
		if c.status == 422 && !strings.Contains(page.body, `value="yes" aria-describedby="identify-hint" checked`) {
			t.Errorf("%s: the tick did not come back", c.name)
		}
		if h.store.Size() != 2 || h.partsOnDisk() != 0 {
			t.Fatalf("%s: half-stored: %d entries, %d attachments", c.name, h.store.Size(), h.partsOnDisk())
		}
	}
}
