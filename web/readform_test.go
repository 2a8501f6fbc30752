package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"zapis/internal/incident"
)

// FuzzURLEncoded compares with net/url, which reads the whole body into memory: what both take, both read alike.
func FuzzURLEncoded(f *testing.F) {
	for _, seed := range []string{"", "&", "a=b", "a=b&a=c&&=d&e", "narrative=%D0%AF+%26&consent=store", "%6eame=x%", "a=%zz", "a==b", "=", "x=%E2%82",
		"filler=....&a=b", strings.Repeat("n", 65) + "=x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		ours := newTestFields()
		err := ours.readURLEncoded(bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(body)), 16))
		var why refusal
		if err != nil && !errors.As(err, &why) {
			t.Fatalf("%q: an error that is no refusal: %v", body, err)
		}
		if strings.Contains(body, ";") { // net/url refuses it; browsers never send it bare
			return
		}
		theirs, theirErr := url.ParseQuery(body)
		if (err == nil) != (theirErr == nil) && why.code != refusalTooLarge.code {
			t.Fatalf("%q: %v, net/url: %v", body, err, theirErr)
		}
		if err != nil {
			return
		}
		delete(theirs, "filler")
		for name, values := range theirs {
			for i, v := range values {
				if len(v) > maxFieldBytes {
					return
				}
				values[i] = incident.CleanText(v)
			}
			if !slices.Equal(ours.form[name], values) {
				t.Fatalf("%q: %s is not what net/url reads", body, name)
			}
		}
		if len(ours.form) != len(theirs) {
			t.Fatalf("%q: %d names, net/url: %d", body, len(ours.form), len(theirs))
		}
	})
}

// newTestFields returns a form of which nothing was read yet, on a machine with room.
func newTestFields() *fields {
	return &fields{form: make(incident.Form), memory: newMemoryBudget(1<<20, 0).reserve(nil)}
}

// FuzzMultipart looks for a body that crashes the reading, or that is taken as whole though it ends before its end.
func FuzzMultipart(f *testing.F) {
	whole, _ := multipartBody(f, valid(upload("a.txt", "content"), field("filler", "..."))...)
	boundary := string(whole[2:bytes.IndexByte(whole, '\r')])
	f.Add(whole, len(whole))
	f.Add(whole, 90)
	f.Add(whole, len(whole)-3)
	f.Fuzz(func(t *testing.T, body []byte, cut int) {
		f := newTestFields()
		if cut >= 0 && cut < len(body) {
			body = body[:cut]
		}
		err := f.readMultipart(newMultipartSource(iotest.HalfReader(bytes.NewReader(body))), boundary,
			func(_ incident.Form, _ string, content io.Reader) error {
				_, err := io.Copy(io.Discard, content)
				return err
			})
		if err == nil && !bytes.Contains(body, []byte("--"+boundary+"--")) {
			t.Fatal("a body without its last boundary counts as whole")
		}
		held := 0
		for values := range maps.Values(f.form) {
			for _, v := range values {
				held += len(v)
			}
		}
		if held > maxHeldBytes {
			t.Fatalf("%d bytes are held", held)
		}
	})
}

func TestWholeRunes(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "я": "я", "я\xd1": "я", "a\xe2\x82": "a", "\xf0\x9f\x98": "", "😀": "😀", "\xff": "\xff", "a\x82\x82\x82\x82": "a\x82\x82\x82\x82",
	} {
		if got := string(trimPartialRune([]byte(in))); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// All fields together are held within bounds, however they are cut up, and what is cut stays whole characters.
func TestFieldsAreHeldWithinLimits(t *testing.T) {
	f := newTestFields()
	for _, name := range []string{"narrative", "contact", "name", "x", "y", "z"} {
		if err := f.add(name, strings.NewReader(strings.Repeat("я", 100_000))); err != nil {
			t.Fatal(err)
		}
	}
	held := 0
	for name, values := range f.form {
		held += len(values[0])
		if !utf8.ValidString(values[0]) {
			t.Errorf("%s was cut inside a character", name)
		}
	}
	if held > maxHeldBytes || len(f.form["narrative"][0]) != maxNarrativeBytes || len(f.form["name"][0]) != maxFieldBytes {
		t.Errorf("%d bytes are held", held)
	}
	if err := f.add("more", iotest.ErrReader(errors.New("gone"))); errorText(err) != "gone" {
		t.Errorf("a reader's error became %v", err)
	}
}

// What was read of a form is overwritten where it lay: in the form, in multipart's buffer, and in our own.
func TestFormBuffersAreZeroed(t *testing.T) {
	const word = "marker-5d2e"
	body, kind := multipartBody(t, field("narrative", strings.Repeat(word+" ", 800)+"\r\nend"), field("contact", word))
	_, params, _ := mime.ParseMediaType(kind)
	for _, wide := range []bool{false, true} {
		in := newMultipartSource(bytes.NewReader(body))
		if wide {
			in.enlarge()
		}
		f := newTestFields()
		if err := f.readMultipart(in, params["boundary"], nil); err != nil {
			t.Fatal(err)
		}
		narrative, words := f.form["narrative"][0], f.buffers
		if !strings.HasSuffix(narrative, word+" \nend") || f.form["contact"][0] != word {
			t.Fatalf("read as %.20q", narrative)
		}
		if wide {
			left, _ := in.large.Peek(in.large.Size())
			if len(left) != fileBufferSize || len(bytes.Trim(left, "\x00")) > 0 {
				t.Error("our own buffer was not overwritten")
			}
		}
		f.wipe()
		for _, w := range words {
			if len(bytes.Trim(w, "\x00")) > 0 {
				t.Errorf("%d bytes of a word are left", len(bytes.Trim(w, "\x00")))
			}
		}
		if strings.Contains(narrative, word) || f.form != nil {
			t.Error("the string outlived its bytes")
		}
	}
}

// multipart.Reader keeps what it read last in a private buffer. Reading zeros overwrites it.
func TestMultipartReadersBufferIsZeroed(t *testing.T) {
	seen := &bufferRecorder{r: strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"narrative\"\r\n\r\n" + strings.Repeat("marker ", 100) + "\r\n--b--\r\n")}
	in := newMultipartSource(seen)
	if err := newTestFields().readMultipart(in, "b", nil); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(seen.into, []byte("marker")) {
		t.Error("the buffer into which the body was read still holds it")
	}
}

// bufferRecorder keeps hold of the buffer that it was first read into, which only a test may do.
type bufferRecorder struct {
	r    io.Reader
	into []byte
}

func (m *bufferRecorder) Read(p []byte) (int, error) {
	if m.into == nil {
		m.into = p
	}
	return m.r.Read(p)
}
