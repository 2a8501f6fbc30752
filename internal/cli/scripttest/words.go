// Package scripttest holds the words that scripts over our programs have beside testscript's own. For tests only.
package scripttest

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// A Word is what a script may say: its arguments, and whether a ! stood before it.
type Word = func(ts *testscript.TestScript, neg bool, args []string)

// Prompt ends a program at once: under the race detector it sleeps for a second when it ends, unless told not to.
const Prompt = "GORACE=atexit_sleep_ms=0"

// Status runs a program that must end with this exit status: status N PROGRAM ARG…
func Status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARG…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit status %d, want %s\n%s", got, args[0], ts.ReadFile("stderr"))
	}
}

// Mode compares a file's permissions: mode FILE MODE.
func Mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode FILE MODE")
	}
	info, err := os.Lstat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}
