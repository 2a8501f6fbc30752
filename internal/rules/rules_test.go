// Package rules holds no code, only the tests of the source tree: allowed imports, the place of functions, and a
// reason for every dependency. A failing test prints the reason of the rule.
package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// pkg is what `go list -json` tells of one package. Test files are left out on purpose: a test may
// look behind a wall that the product must not.
type pkg struct {
	ImportPath string
	Name       string
	Dir        string
	Standard   bool
	GoFiles    []string
	Imports    []string // direct
	Deps       []string // transitive
}

const module = "zapis"

// root is the top of the source tree, seen from this package's folder, where tests run.
var root = filepath.Join("..", "..")

var load = sync.OnceValues(func() (map[string]*pkg, error) {
	// go list runs in another process, whose reads go test's cache does not see. Walking the tree here
	// makes this test run again when any of it has changed.
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		return err
	}); err != nil {
		return nil, err
	}

	list := exec.Command("go", "list", "-deps", "-json=ImportPath,Name,Dir,Standard,GoFiles,Imports,Deps", "./...")
	list.Dir = root
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		return nil, errors.New("go list: " + err.Error() + "\n" + stderr.String())
	}
	all := make(map[string]*pkg)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(pkg)
		err := dec.Decode(p)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p
	}
})

// packages returns every package that the module's own packages need, by import path.
func packages(t *testing.T) map[string]*pkg {
	t.Helper()
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(ours(all)) == 0 {
		t.Fatal("go list named no package of ours: this test would pass whatever is imported")
	}
	return all
}

// ours picks the module's own packages.
func ours(all map[string]*pkg) map[string]*pkg {
	own := make(map[string]*pkg)
	for path, p := range all {
		if !p.Standard && within(path, module) {
			own[path] = p
		}
	}
	return own
}

// within reports whether path is tree or lies below it.
func within(path, tree string) bool {
	return path == tree || strings.HasPrefix(path, tree+"/")
}
