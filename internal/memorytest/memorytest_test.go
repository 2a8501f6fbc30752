package memorytest

import (
	"os"
	"strings"
	"testing"
)

func TestTempDirsKeepsAFolderThatWasChosen(t *testing.T) {
	chosen := t.TempDir()
	t.Setenv("TMPDIR", chosen)
	TempDirs()
	if os.TempDir() != chosen {
		t.Errorf("folders are made in %s, not in %s", os.TempDir(), chosen)
	}
}

func TestTempDirsUsesMemoryWhereThereIsRoom(t *testing.T) {
	t.Setenv("TMPDIR", "")
	t.Setenv("GOTMPDIR", "")
	want := folder()
	if want == "" {
		want = os.TempDir()
	}
	TempDirs()
	if !strings.HasPrefix(t.TempDir(), want) {
		t.Errorf("folders are made in %s, not in %s", os.TempDir(), want)
	}
}
