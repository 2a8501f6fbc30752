package main

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// pull [FLAGS] mirrors what is public at the address in the file url, into P.
func scriptPull(ts *testscript.TestScript, neg bool, args []string) {
	at := strings.TrimSpace(ts.ReadFile("url"))
	err := ts.Exec("zapisd", append([]string{"mirror", "--to", "P", "--url", at}, args...)...)
	if (err == nil) == neg {
		ts.Fatalf("zapisd mirror: %v", err)
	}
}
