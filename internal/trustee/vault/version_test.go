package vault

import (
	"os"
	"path/filepath"
	"testing"
)

// Where version 2 could not be written, the next import with segments writes it.
func TestVersionIsWrittenAgainAfterAFailure(t *testing.T) {
	v := &Vault{dir: t.TempDir()}
	name := filepath.Join(v.dir, versionFile)
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := v.mayBeSegmented(); err == nil {
		t.Fatal("a folder was replaced by a file")
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := v.mayBeSegmented(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != segmentedLine {
		t.Errorf("%q, %v", text, err)
	}
}
