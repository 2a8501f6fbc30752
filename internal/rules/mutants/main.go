// Command mutants breaks lines of the program one at a time, in a copy that only the compiler sees, and runs the
// tests that should notice. It prints each mutant and whether it was killed, and ends with 1 where one was not killed.
//
//	go run ./internal/rules/mutants [-only WORD] [-timeout 5m]
//
// The lines compare hashes, signatures, thresholds and consents: what is wrong there looks right from outside.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// mutant is one line that is changed.
type mutant struct {
	file     string // from the top of the tree
	old, new string // old stands in the file exactly once
	tests    string // the package's tests that should fail; a regular expression
}

func main() {
	only := flag.String("only", "", "run those whose file or line holds this word")
	limit := flag.Duration("timeout", 5*time.Minute, "for the tests of each")
	flag.Parse()
	survivors, err := run(context.Background(), *only, *limit)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if survivors > 0 {
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, limit time.Duration) (survivors int, err error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	n := 0
	sound := make(map[string]bool)
	for _, m := range mutants {
		if !strings.Contains(m.file+m.old, only) {
			continue
		}
		n++
		if key := filepath.Dir(m.file) + " " + m.tests; !sound[key] {
			// Tests that fail anyway would kill every mutant.
			if out, err := m.test(ctx, limit); err != nil {
				return survivors, fmt.Errorf("%s: its tests %s fail without a mutant: %w\n%s", m.file, m.tests, err, out)
			}
			sound[key] = true
		}
		what, err := m.judge(ctx, dir, limit)
		if err != nil {
			return survivors, err
		}
		if what != killed {
			survivors++
		}
		fmt.Printf("%-9s %s: %s\n", what, m.file, strings.TrimSpace(m.old))
	}
	fmt.Printf("%d mutants, %d not killed\n", n, survivors)
	return survivors, nil
}

const (
	killed   = "killed"
	survived = "SURVIVED"
	late     = "too slow" // neither passed nor failed in time: not killed
)

// judge runs the tests over the changed line. The tree stays as it is: the compiler is given another file in its place.
func (m mutant) judge(ctx context.Context, dir string, limit time.Duration) (string, error) {
	changed, err := m.apply(".")
	if err != nil {
		return "", err
	}
	other := filepath.Join(dir, "changed.go")
	if err := os.WriteFile(other, changed, 0o600); err != nil {
		return "", err
	}
	name, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {name: other}})
	if err != nil {
		return "", err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", err
	}
	out, err := m.test(ctx, limit, "-overlay", list)
	switch {
	case errors.Is(err, context.DeadlineExceeded), strings.Contains(string(out), "panic: test timed out"):
		return late, nil
	case strings.Contains(string(out), "[build failed]"):
		return "", fmt.Errorf("%s: %s does not compile:\n%s", m.file, m.new, out)
	case err != nil:
		return killed, nil
	case strings.Contains(string(out), "no tests to run"):
		return "", fmt.Errorf("%s: no test is called %s", m.file, m.tests)
	}
	return survived, nil
}

// test runs the tests, and returns what they print; the error is context.DeadlineExceeded where they did not end in time.
func (m mutant) test(ctx context.Context, limit time.Duration, flags ...string) (out []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*limit) // to compile as well: go test itself ends the tests after limit
	defer cancel()
	args := append([]string{"test", "-timeout", limit.String(), "-run", m.tests}, flags...)
	out, err = exec.CommandContext(ctx, "go", append(args, "./"+filepath.Dir(m.file))...).CombinedOutput()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return out, err
}

// apply gives the file with its line changed.
func (m mutant) apply(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return nil, fmt.Errorf("%s: %q stands there %d times, and must once", m.file, m.old, n)
	}
	return []byte(strings.Replace(string(text), m.old, m.new, 1)), nil
}
