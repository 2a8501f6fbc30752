//go:build unix

package ledgercopy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// A file that can't be synced ends an import, wherever it is; the files of segments were synced before.
func TestSyncEach(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{segmentsDir, partsDir} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, segmentsDir, segmentName(1, 0))); err != nil {
		t.Fatal(err)
	}
	if err := syncEach(dir); err != nil {
		t.Errorf("what was synced before is synced again: %v", err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, partsDir, "part")); err != nil {
		t.Fatal(err)
	}
	if err := syncEach(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that can't be synced: %v", err)
	}
	if err := syncEach(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}
