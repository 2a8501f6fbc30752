package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// In an ordinary window a browser writes the bodies of POSTs, and the pages that answer them, into its session files.
// After a report, a refused one, files and the mailbox, nothing of what was typed is in the profile: not the narrative,
// not the name or the contact, and not the code.
func TestNothingStaysInABrowsersProfile(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T, profile string) (tab, func()){
		"Chromium": func(t *testing.T, profile string) (tab, func()) {
			ctx, quit := chromiumIn(t, profile)
			return chromiumTab{ctx}, quit
		},
		"Firefox": func(t *testing.T, profile string) (tab, func()) { f := firefoxIn(t, profile); return f, f.quit },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			srv := serveForm(t, h)
			profile := t.TempDir()
			b, quit := start(t, profile)
			defer quit()
			marks := map[string]string{"narrative": "NarrMark7f3a", "contact": "ContMark7f3a", "name": "NameMark7f3a"}

			b.open(t, srv.at+"/en/")
			b.click(t, "#more > summary")
			b.click(t, "#more fieldset.q:last-of-type details summary")
			for id, mark := range marks {
				b.fill(t, "#"+id, mark)
			}
			b.click(t, "#report button.big") // refused: the consent is missing
			b.text(t, "#errors")
			b.click(t, "input[name=consent][value=store]")
			b.click(t, "#report button.big")
			code := strings.Join(strings.Fields(b.text(t, "#code")), " ")
			if !codePattern.MatchString(code) {
				t.Fatalf("the code is %q", code)
			}
			b.click(t, "a.button.big")
			b.text(t, "#code-label")
			b.open(t, srv.at+"/en/mailbox")
			b.fill(t, "input#code", code)
			b.click(t, "main button.big")
			b.text(t, "#messages")
			marks["code"], marks["code's digits"], marks["code, as a form has it"] = code, strings.ReplaceAll(code, " ", ""), strings.ReplaceAll(code, " ", "+")

			// Browsers write their session files some seconds after each step: wait for the last address.
			look := func(what []byte) (where string) { return inProfile(t, profile, what) }
			written := false
			for end := time.Now().Add(40 * time.Second); !written && time.Now().Before(end); time.Sleep(time.Second) {
				written = look([]byte("/en/mailbox")) != "" || look(wide("/en/mailbox")) != ""
			}
			quit()
			if !written {
				t.Log("the browser wrote no session file in time: what it wrote on leaving is looked at")
			}
			absent(t, profile, marks)
		})
	}
}

func serveForm(t *testing.T, h house) *service {
	t.Helper()
	return start(t, nil, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0")
}

// absent fails where one of the marks, named by what it is, is in the profile.
func absent(t *testing.T, profile string, marks map[string]string) {
	t.Helper()
	for what, mark := range marks {
		for shape, bytes := range map[string][]byte{"UTF-8": []byte(mark), "UTF-16": wide(mark)} {
			if where := inProfile(t, profile, bytes); where != "" {
				t.Errorf("the %s is in the profile as %s: %s", what, shape, where)
			}
		}
	}
}

// wide is a text as UTF-16, little endian, which browsers use in some files.
func wide(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// inProfile finds bytes in the files of a folder, and returns the file's name; files that go away meanwhile do not count.
func inProfile(t *testing.T, dir string, what []byte) (where string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return nil
		}
		if content, err := os.ReadFile(path); err == nil && bytes.Contains(content, what) {
			where = fmt.Sprintf("%s (%d bytes)", strings.TrimPrefix(path, dir), len(content))
			return fs.SkipAll
		}
		return nil
	})
	return where
}
