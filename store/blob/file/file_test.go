package file

import (
	"bytes"
	"os"
	"testing"

	"zapis/store/blob"
)

// A file that is cut after it was opened gives the bytes that are left, whose number and hash are then not the blob's.
func TestFileThatIsCut(t *testing.T) {
	s := New(t.TempDir())
	h := blob.Hash{1}
	path := s.Where(h)
	if err := os.MkdirAll(s.dir+"/01", 0o700); err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("content "), 100_000)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, left := range []int{len(content), 300_000, 0} {
		r, size, err := s.Open(t.Context(), h)
		if err != nil || size != 800_000 && left == len(content) {
			t.Fatal(size, err)
		}
		if err := os.Truncate(path, int64(left)); err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		n, err := r.(opened).WriteTo(&got)
		if err != nil || n != int64(left) || !bytes.Equal(got.Bytes(), content[:left]) {
			t.Errorf("%d bytes of %d, %v", n, left, err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
