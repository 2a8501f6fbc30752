// Package bundletest follows a bundle's VERIFY.txt with the stock tools that it names. For tests only.
package bundletest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Failed is a block of the page's commands that did not end well, and what it said.
type Failed struct{ Block, Said string }

func (f Failed) String() string { return f.Block + "--> " + f.Said }

// fewest is how many blocks of commands a page has at least: a page of none would hold whatever the bundle is.
const fewest = 10

// PlaceValidator puts the BagIt validator beside an unpacked bundle, where the page looks for it. It is taken from
// the source tree, whose top is two folders above that of the test.
func PlaceValidator(dir string) error {
	validator, err := os.ReadFile(filepath.Join("..", "..", "docs", "spec", "bagit_validate.py"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "..", "bagit_validate.py"), validator, 0o600)
}

// Follow runs the blocks of the page in the unpacked bundle dir, all of them or those that have one of these words in
// them, with env beside this process's own environment, and gives those that fail.
func Follow(dir string, env []string, with ...string) ([]Failed, error) {
	page, err := os.ReadFile(filepath.Join(dir, "VERIFY.txt"))
	if err != nil {
		return nil, err
	}
	found := Blocks(string(page))
	if len(found) < fewest {
		return nil, fmt.Errorf("VERIFY.txt has only %d blocks of commands", len(found))
	}
	var failed []Failed
	for _, b := range found {
		if len(with) > 0 && !slices.ContainsFunc(with, func(w string) bool { return strings.Contains(b, w) }) {
			continue
		}
		if out, err := Shell(dir, env, b); err != nil {
			failed = append(failed, Failed{b, out + err.Error() + "\n"})
		}
	}
	return failed, nil
}

// Shell runs commands in a folder, and gives all that they print.
func Shell(dir string, env []string, commands string) (string, error) {
	c := exec.Command("sh", "-c", commands)
	c.Dir = dir
	c.Env = append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	return string(out), err
}

// Blocks are the page's lines of commands, indented by four spaces; those that stand together are one.
func Blocks(page string) []string {
	var found []string
	open := false
	for line := range strings.Lines(page) {
		command, ok := strings.CutPrefix(line, "    ")
		switch {
		case !ok:
			open = false
		case open:
			found[len(found)-1] += command
		default:
			found, open = append(found, command), true
		}
	}
	return found
}
