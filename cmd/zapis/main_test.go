package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"zapis": main})
}

func TestScripts(t *testing.T) {
	scripts, err := os.ReadDir("testdata/script")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("there are no scripts to run: %v", err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}
