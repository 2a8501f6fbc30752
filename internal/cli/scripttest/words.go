// Package scripttest holds the commands of our test scripts beside testscript's own. Only tests import it.
package scripttest

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// A Word is a command of a script; neg is set where a ! precedes it.
type Word = func(ts *testscript.TestScript, neg bool, args []string)

// Prompt makes a program end without delay: the race detector sleeps for a second at exit by default.
const Prompt = "GORACE=atexit_sleep_ms=0"

// Status runs a program, which must end with this exit status: status N PROGRAM ARG…
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
