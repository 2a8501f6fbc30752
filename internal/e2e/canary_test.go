package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf16"
)

// canary is a word that occurs nowhere else. Finding it, in any of the encodings that a careless program would use,
// means finding plaintext.
type canary struct {
	word   string
	shapes map[string][]byte
}

func newCanary() canary {
	var b [18]byte
	rand.Read(b[:])
	c := canary{word: "canary" + hex.EncodeToString(b[:]), shapes: map[string][]byte{}}
	word := []byte(c.word)
	c.shapes["as it is"] = word
	c.shapes["in hex"] = []byte(hex.EncodeToString(word))
	wide := []byte{}
	for _, u := range utf16.Encode([]rune(c.word)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	c.shapes["in UTF-16"] = wide
	// Base64 depends on the preceding bytes: the middle of all three shifts.
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), word...))
		c.shapes["in base64, shift "+string(rune('0'+shift))] = []byte(text[4 : len(text)-4])
	}
	return c
}

// find returns every file below the folders that holds the canary, or is named by it.
func (c canary) find(t *testing.T, folders ...string) []string {
	t.Helper()
	var found []string
	files := 0
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) { // taken away while we look
				return nil
			}
			if err != nil {
				return err
			}
			if strings.Contains(d.Name(), c.word) {
				found = append(found, path+" is named by it")
			}
			if !d.Type().IsRegular() {
				return nil
			}
			content, err := os.ReadFile(path)
			if os.IsNotExist(err) {
				return nil
			}
			files++
			for shape, bytesOf := range c.shapes {
				if bytes.Contains(content, bytesOf) {
					found = append(found, path+" holds it "+shape)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("looked into %d files", files)
	return found
}

func TestCanaryIsFoundWhereItIs(t *testing.T) {
	c := newCanary()
	dir := t.TempDir()
	if found := c.find(t, dir); len(found) != 0 {
		t.Fatalf("found in an empty folder: %v", found)
	}
	writeFile(t, filepath.Join(dir, "a"), "some text with "+c.word+" in it")
	writeFile(t, filepath.Join(dir, "b"), hex.EncodeToString([]byte("x"+c.word)))
	for i := range 3 {
		writeFile(t, filepath.Join(dir, "c"+strings.Repeat("c", i)), base64.StdEncoding.EncodeToString([]byte("0123456789"[:6+i]+c.word+" and more")))
	}
	writeFile(t, filepath.Join(dir, c.word), "")
	if found := c.find(t, dir); len(found) != 6 {
		t.Errorf("%d of 6 hiding places were found: %v", len(found), found)
	}
}

// upload is a report that arrives as slowly as the test wants it to.
type upload struct {
	form *multipart.Writer
	pipe *io.PipeWriter
	done chan *http.Response

	expectCut atomic.Bool
}

func beginUpload(t *testing.T, where string) *upload {
	t.Helper()
	r, w := io.Pipe()
	u := &upload{form: multipart.NewWriter(w), pipe: w, done: make(chan *http.Response, 1)}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, where, r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", u.form.FormDataContentType())
	req.Header.Set("Accept", "application/json")
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			if !u.expectCut.Load() {
				t.Errorf("the upload: %v", err)
			}
			r.CloseWithError(err)
		}
		u.done <- resp
	}()
	return u
}

func (u *upload) field(t *testing.T, name, value string) {
	t.Helper()
	if err := u.form.WriteField(name, value); err != nil {
		t.Fatal(err)
	}
}

func (u *upload) file(t *testing.T, name string) io.Writer {
	t.Helper()
	w, err := u.form.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (u *upload) end(t *testing.T) (code string) {
	t.Helper()
	if err := u.form.Close(); err != nil {
		t.Fatal(err)
	}
	u.pipe.Close()
	resp := <-u.done
	if resp == nil {
		t.FailNow()
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("the upload: %s, %v\n%s", resp.Status, err, answer)
	}
	var got struct{ Code, Promise string }
	if err := json.Unmarshal(answer, &got); err != nil || got.Promise == "" {
		t.Fatalf("the answer: %v\n%s", err, answer)
	}
	return got.Code
}

// cutOff ends the connection in the middle.
func (u *upload) cutOff(t *testing.T) {
	t.Helper()
	u.expectCut.Store(true)
	u.pipe.CloseWithError(errors.New("the train went into a tunnel"))
	if resp := <-u.done; resp != nil {
		t.Errorf("an upload that was cut off was answered with %s", resp.Status)
	}
}

func TestNoWordReachesTheDisk(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tmp := h.path("tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	srv := start(t, []string{"TMPDIR=" + tmp}, "serve", "--dir", h.ledger, "--listen", "127.0.0.1:0", "--slot", "0")
	c := newCanary()
	nowhere := func(when string) {
		t.Helper()
		for _, found := range c.find(t, h.ledger, tmp) {
			t.Errorf("%s: %s", when, found)
		}
		if strings.Contains(srv.talk.String()+srv.out.String(), c.word) {
			t.Errorf("%s: the server said it:\n%s%s", when, srv.talk, srv.out)
		}
	}

	u := beginUpload(t, srv.at+"/send")
	for _, field := range []string{"narrative", "deadline_what", "contact", "contact_when", "name"} {
		u.field(t, field, "here is "+c.word+" in "+field)
	}
	u.field(t, "consent", "store")
	u.field(t, "form", strings.Repeat("0", 32))
	pour(t, u.file(t, c.word+".txt"), c, 3<<20)
	nowhere("in the middle of an upload")
	pour(t, u.file(t, "another "+c.word), c, 100)
	u.field(t, "files_identify", "yes")
	code := u.end(t)
	nowhere("after a report")

	later := beginUpload(t, srv.at+"/files")
	later.field(t, "code", code)
	pour(t, later.file(t, c.word), c, 200_000)
	later.end(t)
	nowhere("after more files")

	// What is refused, and what is cut off, leaves as little.
	cut := beginUpload(t, srv.at+"/send")
	cut.field(t, "narrative", c.word)
	pour(t, cut.file(t, "cut.txt"), c, 1<<20)
	nowhere("in the middle of an upload that will be cut off")
	cut.cutOff(t)
	nowhere("after it was cut off")
	refused := beginUpload(t, srv.at+"/send")
	refused.field(t, "narrative", c.word)
	pour(t, refused.file(t, "refused.txt"), c, 1<<20)
	if err := refused.form.Close(); err != nil {
		t.Fatal(err)
	}
	refused.pipe.Close()
	if resp := <-refused.done; resp == nil || resp.StatusCode/100 != 4 {
		t.Errorf("a report without consent was answered with %v", resp)
	}
	nowhere("after a refused report")

	must(t, h.dir, "zapisd", "export", "--dir", h.ledger, "--out", "carry.tar")
	if content := readFile(t, h.path("carry.tar")); bytes.Contains(content, []byte(c.word)) {
		t.Error("the carry file holds it")
	}
	srv.stop(t)
	nowhere("after the end")

	// It was there all the same: a trustee reads it.
	must(t, h.dir, append([]string{"zapis", "import", "--vault", "vault", "carry.tar"}, h.as("boris")...)...)
	cases := list(t, h, "boris")
	if len(cases) != 1 {
		t.Fatalf("%d cases, want 1", len(cases))
	}
	shown := must(t, h.dir, append([]string{"zapis", "show", "--vault", "vault", cases[0].Case, "--json"}, h.as("boris")...)...)
	if !strings.Contains(shown, c.word+" in narrative") || strings.Contains(shown, c.word+" in contact") {
		t.Errorf("one trustee should read the words, and not the contact:\n%s", shown)
	}
	if found := c.find(t, h.path("vault")); len(found) > 0 {
		t.Errorf("the vault: %v", found)
	}
}

// pour writes n bytes of canaries.
func pour(t *testing.T, w io.Writer, c canary, n int) {
	t.Helper()
	if _, err := w.Write(bytes.Repeat([]byte(c.word+"\n"), n/(len(c.word)+1)+1)); err != nil {
		t.Fatal(err)
	}
}
