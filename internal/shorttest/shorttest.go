// Package shorttest leaves tests out of a run with -short, and says what is not tested. Every other test runs there
// (docs/contributing.md).
package shorttest

import (
	"flag"
	"fmt"
	"testing"
)

// Skip skips the test in a run with -short. Untested is what that run does not test.
func Skip(t testing.TB, untested string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: " + untested)
	}
}

// Count is how many cases of one kind a test tries: all of them, or few in a run with -short.
func Count(all, few int) int {
	if testing.Short() {
		return few
	}
	return all
}

// None, in a run with -short, runs no test of a package whose tests all need the same costly thing, and returns the exit
// status and true: go test prints "no tests to run" beside the package.
func None(m *testing.M, untested string) (status int, short bool) {
	flag.Parse()
	if !testing.Short() {
		return 0, false
	}
	fmt.Println("-short: " + untested)
	for name, value := range map[string]string{"test.run": "^$", "test.bench": "", "test.fuzz": ""} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	return m.Run(), true
}
