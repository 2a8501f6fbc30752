package carry_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"zapis/internal/carry"
)

// The error of a disk that fills up while a part is written is returned as it
// is, and the rest of the file is not read.
func TestWriterOfAPartFails(t *testing.T) {
	_, file := sample(t)
	r, err := carry.NewReader(bytes.NewReader(file))
	must(t, err)
	var it carry.Item
	for it.Kind != carry.Part {
		it, err = r.Next()
		must(t, err)
	}
	full := errors.New("no space left")
	if _, err := io.Copy(failingWriter{full}, it.Content); !errors.Is(err, full) {
		t.Errorf("copied: %v", err)
	}
	if _, err := r.Next(); !errors.Is(err, full) {
		t.Errorf("went on: %v", err)
	}
}

type failingWriter struct{ err error }

func (f failingWriter) Write([]byte) (int, error) { return 0, f.err }

// Read and WriteTo give the same bytes, in pieces of any size.
func TestPartReadsAndCopiesAlike(t *testing.T) {
	b, file := sample(t)
	r, err := carry.NewReader(bytes.NewReader(file))
	must(t, err)
	for n := 0; ; n++ {
		it, err := r.Next()
		if err == io.EOF {
			return
		}
		must(t, err)
		if it.Content == nil {
			continue
		}
		var got bytes.Buffer
		if n%2 == 0 {
			_, err = io.Copy(&got, it.Content)
		} else {
			_, err = io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{it.Content}, make([]byte, 7))
		}
		must(t, err)
		if !bytes.Equal(got.Bytes(), b.Files[it.Part.Hash]) {
			t.Errorf("%s: other bytes", it.Name)
		}
	}
}
