package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A test that -short leaves out says what is not tested: package shorttest alone asks for the flag.
func TestOnePackageAsksForShort(t *testing.T) {
	const asks = "testing." + "Short()"
	found := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || filepath.Dir(path) == root && ignored(d)) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(src), asks) {
			return err
		}
		if found++; filepath.Base(filepath.Dir(path)) != "shorttest" {
			t.Errorf("%s asks for %s: call shorttest.Skip, which says what is not tested", path, asks)
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Fatalf("%d files ask for %s: %v", found, asks, err)
	}
}
