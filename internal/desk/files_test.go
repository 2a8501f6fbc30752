package desk

import (
	"fmt"
	"io"
	"testing"
)

// The desk keeps the files that were made last, of at most maxFiles and maxFilesSize.
func TestWhatIsKeptForTheBrowserIsBounded(t *testing.T) {
	var f files
	half := make([]byte, maxFilesSize/2+1) // never written to: it takes no memory
	first := f.put("1", "", half)
	second := f.put("2", "", half)
	if _, ok := f.get(first.Key); ok || len(f.all()) != 1 {
		t.Errorf("%d files, of more bytes than are kept", len(f.all()))
	}
	if _, ok := f.get(second.Key); !ok {
		t.Error("the newest file is not kept")
	}
	for i := range maxFiles + 1 {
		f.put(fmt.Sprint(i), "", nil)
	}
	if got := f.all(); len(got) != maxFiles || got[0].Name != "1" {
		t.Errorf("%d files, the oldest %q", len(got), got[0].Name)
	}

	var w limited
	if _, around := any(&w).(io.ReaderFrom); around {
		t.Error("a bundle can be copied past its bound")
	}
	if n, err := w.Write(half[:1]); n != 1 || err != nil {
		t.Errorf("the first byte: %d, %v", n, err)
	}
	if _, err := w.Write(make([]byte, maxBundle)); err == nil || err.Error() != "the bundle is larger than 512 MiB" {
		t.Errorf("a byte too many: %v", err)
	}
}
