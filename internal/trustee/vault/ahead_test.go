package vault

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"zapis/internal/shorttest"
)

func TestReadAhead(t *testing.T) {
	text := bytes.Repeat([]byte("a carry file "), 1<<18)
	for name, r := range map[string]io.Reader{
		"at once":      bytes.NewReader(text),
		"with its end": iotest.DataErrReader(bytes.NewReader(text)),
		"in halves":    iotest.HalfReader(bytes.NewReader(text)),
		"in three":     io.MultiReader(bytes.NewReader(text[:5]), bytes.NewReader(nil), bytes.NewReader(text[5:])),
	} {
		a := readAhead(r)
		got, err := io.ReadAll(a)
		if err != nil || !bytes.Equal(got, text) || a.hash() != sha256.Sum256(text) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(text), err)
		}
		a.close()
	}
}

// An error comes where it was, after what was read before it; who stops early waits for nothing.
func TestReadAheadFails(t *testing.T) {
	shorttest.Skip(t, "not tested: a disk that fails while files are read ahead")
	failed := errors.New("the stick is gone")
	a := readAhead(io.MultiReader(bytes.NewReader([]byte("half")), iotest.ErrReader(failed)))
	if got, err := io.ReadAll(a); string(got) != "half" || !errors.Is(err, failed) {
		t.Errorf("%q, %v", got, err)
	}
	a.close()
	a = readAhead(bytes.NewReader(make([]byte, 64<<20)))
	if _, err := io.ReadFull(a, make([]byte, 10)); err != nil {
		t.Error(err)
	}
	a.close()
}
