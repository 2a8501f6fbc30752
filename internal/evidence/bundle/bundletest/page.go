// Package bundletest follows a bundle's VERIFY.txt with the stock tools that it names. For tests only.
package bundletest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"zapis/internal/pythontest"
)

// Failed is a block of the page's commands that failed, and its output.
type Failed struct{ Block, Message string }

func (f Failed) String() string { return f.Block + "--> " + f.Message }

// fewest is the least number of blocks of commands in a page: an empty page would pass for any bundle.
const fewest = 10

// PlaceValidator copies the BagIt validator of docs/spec beside an unpacked bundle, where VERIFY.txt expects it.
func PlaceValidator(dir string) error {
	top, err := moduleRoot()
	if err != nil {
		return err
	}
	validator, err := os.ReadFile(filepath.Join(top, "docs", "spec", "bagit_validate.py"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "..", "bagit_validate.py"), validator, 0o600)
}

// moduleRoot returns the nearest folder above the working folder that holds go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no folder above this test holds go.mod")
		}
		dir = parent
	}
	return "", err
}

// missed reports whether a block of commands found a fault or failed.
func missed(out string, err error) bool {
	return err != nil || !strings.Contains(out, "PASS: ") && !strings.Contains(out, "SKIPPED: ") || strings.Contains(out, "DOES NOT FIT: ")
}

// Follow runs the blocks of the page in the unpacked bundle dir, all of them or those that contain one of these words,
// with env beside this process's environment, and returns those that fail.
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
		if out, err := Shell(dir, env, b); missed(out, err) {
			failed = append(failed, Failed{b, fmt.Sprintf("%s%v\n", out, err)})
		}
	}
	return failed, nil
}

// Shell runs commands in a folder, and returns all their output.
func Shell(dir string, env []string, commands string) (string, error) {
	pythontest.Direct()
	c := exec.Command("sh", "-c", commands)
	c.Dir = dir
	c.Env = append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	return string(out), err
}

// Blocks returns the page's lines of commands, indented by four spaces; adjacent lines are one block.
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
