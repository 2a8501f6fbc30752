package file

import (
	"os"
	"path/filepath"
	"testing"

	"zapis/store/blob/blobtest"
)

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	spools := filepath.Join(dir, Incoming)
	if err := os.Mkdir(spools, 0o700); err != nil {
		t.Fatal(err)
	}
	blobtest.Run(t, New(dir), spools)
}
