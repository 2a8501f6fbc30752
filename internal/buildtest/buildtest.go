// Package buildtest builds our programs for tests that start them.
package buildtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Programs builds programs of ours into a folder. Those of bin/ (make build) are put there first: go build links again only
// what differs from what it would write, so the flags are those of the Makefile.
func Programs(dir string, names ...string) error {
	root, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			return fmt.Errorf("no folder above this one has a go.mod")
		}
		root = filepath.Dir(root)
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-tags=nodynamic", "-ldflags=-w", "-o", dir + string(filepath.Separator)}
	for _, name := range names {
		args = append(args, "zapis/cmd/"+name)
		if built, err := os.ReadFile(filepath.Join(root, "bin", name)); err == nil {
			if err := os.WriteFile(filepath.Join(dir, name), built, 0o755); err != nil {
				return err
			}
		}
	}
	build := exec.Command("go", args...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
}
