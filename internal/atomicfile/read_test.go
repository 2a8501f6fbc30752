package atomicfile_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"zapis/internal/atomicfile"
	"zapis/internal/exit"
)

func TestReadSmallReadsNoMoreThanItMay(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	for size, want := range map[int64]exit.Status{0: exit.Done, 4: exit.Done, 5: exit.Mismatch, 8 << 40: exit.Mismatch} {
		if err := os.WriteFile(name, []byte("abcd")[:min(size, 4)], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, size); err != nil { // 8 TiB are a hole: to read them ends the test's memory
			t.Fatal(err)
		}
		text, err := atomicfile.ReadSmall(name, 4)
		if got := exit.StatusOf(err); got != want {
			t.Errorf("%d bytes: status %d, want %d: %v", size, got, want, err)
		}
		if err == nil && !bytes.Equal(text, []byte("abcd")[:size]) {
			t.Errorf("%d bytes: read %q", size, text)
		}
	}
}
