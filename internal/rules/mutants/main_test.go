package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Each mutant changes a line that is there. Whether the tests kill it is asked by `make mutants`.
func TestMutantsAreOfThisTree(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	if len(mutants) < 20 {
		t.Errorf("%d mutants", len(mutants))
	}
	for _, m := range mutants {
		changed, err := m.apply(root)
		if err != nil {
			t.Error(err)
			continue
		}
		if text, err := os.ReadFile(filepath.Join(root, m.file)); err != nil || bytes.Equal(text, changed) {
			t.Errorf("%s: %s changes nothing (%v)", m.file, m.old, err)
		}
	}
}
