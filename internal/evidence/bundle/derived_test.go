package bundle

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"zapis/internal/exit"
	"zapis/internal/shorttest"
)

func readable(text string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

func TestDerived(t *testing.T) {
	shorttest.Skip(t, "not tested: redacted copies")
	t.Parallel()
	h, in := testCase(t)
	in.Withhold = []Choice{{"A01", ReasonOthers}}
	in.Derived = []Derived{
		{"A01", "image/png", "faces blurred", readable("blurred")},
		{"report", "text/plain", "translated into English by anna", readable("They called me to the consulate.")},
		{"A01", "image/png", "cropped", readable("cropped")},
	}
	zip := write(t, in)
	r := check(t, zip, Options{})
	for _, want := range []string{
		"What data/derived/A01-1.png has to do with A01: it is a working copy that the signer made (faces blurred), and no original.",
		"What data/derived/A01-2.png has to do with A01: it is a working copy that the signer made (cropped), and no original.",
		"What data/derived/report-1.txt has to do with report: it is a working copy that the signer made (translated into English by anna), and no original.",
	} {
		if !slices.Contains(r.NotProved, want) {
			t.Errorf("not said: %s\n%q", want, r.NotProved)
		}
	}
	for _, tt := range []struct {
		name   string
		change func(map[string][]byte)
		want   string
	}{
		{"another copy", func(f map[string][]byte) { f["data/derived/A01-1.png"] = []byte("other") }, "data/derived/A01-1.png: is not the working copy ("},
		{"one that is not listed", func(f map[string][]byte) { f["data/derived/A01-3.png"] = []byte("x") }, "data/derived/A01-3.png: belongs to nothing in this bundle"},
		{"no list", func(f map[string][]byte) { delete(f, derivedPath) }, "data/derived/derived.txt: is missing"},
		{"a list that counts otherwise", func(f map[string][]byte) {
			f[derivedPath] = bytes.Replace(f[derivedPath], []byte("A01-1.png"), []byte("A01-7.png"), 1)
		}, "data/derived/derived.txt: line 2: not a working copy as they are named and numbered"},
		{"an empty list", func(f map[string][]byte) { f[derivedPath] = []byte(derivedHeader + "\n") }, "data/derived/derived.txt: it is not written the one way it may be"},
		{"in an original's place", func(f map[string][]byte) { f["data/attachments/A01.jpg"] = f["data/derived/A01-1.png"] }, "data/attachments/A01.jpg: belongs to nothing in this bundle"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := maps.Clone(files(t, zip))
			tt.change(f)
			if all := strings.Join(check(t, pack(t, resign(t, f, h.signers["anna"])), Options{}).Faults, "\n"); !strings.Contains(all, tt.want) {
				t.Errorf("faults:\n%s\nwant %s", all, tt.want)
			}
		})
	}
	for _, d := range []Derived{
		{"narrative", "text/plain", "x", readable("")},
		{"A1", "text/plain", "x", readable("")},
		{"A01", "text/plain", "", readable("")},
		{"A01", "text/plain", "two\nlines", readable("")},
		{"A01", "text plain", "x", readable("")},
	} {
		in.Derived = []Derived{d}
		if err := Write(io.Discard, in); exit.StatusOf(err) != exit.Usage || !strings.Contains(err.Error(), "a working copy is of an exhibit (A03) or of the report") {
			t.Errorf("%+v: %v", d, err)
		}
	}
}
